//! `KiwiSDR`'s time stamps: a `kiwi` chunk before each `data` chunk says when its first sample was taken.
//!
//! Ten bytes, little-endian, written by the server (`rx_sound.cpp` in jks-prv/Beagle_SDR_GPS) and saved by kiwirecorder:
//! u8 seconds since the last GPS position (254: that or more, 255: never had one), u8 unused, u32 second of the GPS week, u32
//! nanosecond. The server keeps a channel's last stamp from its earlier use, so that the first stamp, and with buffers in between the
//! second, may be minutes or days old; the readers (kiwiclient, hcab14/TDoA) skip these, and so does this one.
//!
//! From the stamps come:
//!
//! - the sample rate, since the header's is rounded to whole Hz: samples over time of the first eight intervals between stamps that
//!   agree with the header to 0.1 %. It has to be known before the first chunk is cut, so samples are held back until then, up to 64 KiB.
//!   Stamps scatter by some parts in a million, so this is within 0.1 Hz of the rate over the whole file, which is told too.
//! - losses: where a stamp is later than the one before and the rate let expect, by 50 samples or more (4 ms; in sound files the
//!   difference is under 0.01 samples). Blocks of 512 are lost together, so nothing real is below that; the largest difference is told.
//! - the time of the first sample. The week's number is in no stamp.

use std::borrow::Cow;
use std::collections::VecDeque;

use super::bytes::u32_at;
use crate::container::payload::Payload;
use crate::recording_info::{Anomaly, GpsStamps, RecordingInfo};

/// Size of a stamp.
pub(super) const STAMP_BYTES: usize = 10;

/// Samples held back at most until the rate is known: 32 blocks, three times the time that it should take.
const MAX_HELD_BYTES: usize = 64 * 1024;
/// Stamps held back at most: with blocks as they are, the bytes come to their limit first.
const MAX_HELD_STAMPS: usize = 64;
/// Intervals that settle the rate, and those that have to do where a recording has no more.
const INTERVALS: u64 = 8;
const FEWEST_INTERVALS: u64 = 2;
/// How far an interval may be off the header's rate: less than one lost sample in a block of 512.
const RATE_TOLERANCE: f64 = 1e-3;
/// Stamps at the start that may be stale.
const MAX_STALE: u64 = 2;
/// Difference from which on samples were lost, or the clock was set.
const GAP_SAMPLES: f64 = 50.0;

const NS_PER_S: i64 = 1_000_000_000;
const WEEK_NS: i64 = 7 * 86_400 * NS_PER_S;

/// A good-looking stamp.
#[derive(Debug, Clone, Copy)]
struct Mark {
    /// Samples of the object before it.
    at_sample: u64,
    time_ns: i64,
    solution_age_s: u8,
}

/// Samples over time.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    intervals: u64,
    samples: u64,
    time_ns: i64,
}

/// All stamps of a file, and the samples that wait for the rate.
#[derive(Debug)]
pub(super) struct Stamps {
    header_rate_hz: f64,
    sample_bytes: usize,
    phase: Phase,
    ready: VecDeque<Payload<'static>>,
    seen: u64,
    /// Stamps compared with one before.
    judged: u64,
    stale: u64,
    previous: Option<Mark>,
    first_sample_ns: Option<i64>,
    regular: Sum,
    largest_deviation_samples: f64,
    oldest_solution_s: u8,
}

#[derive(Debug)]
enum Phase {
    /// The rate is not known yet.
    Settling { held: Vec<u8>, marks: Vec<Mark> },
    /// The rate is known.
    Settled { sample_rate_hz: f64 },
    /// No rate can be had: stamps are counted and mean nothing.
    Lost,
}

impl Sum {
    fn add(&mut self, samples: u64, time_ns: i64) {
        self.intervals += 1;
        self.samples += samples;
        self.time_ns += time_ns;
    }

    fn rate_hz(self) -> Option<f64> {
        (self.time_ns > 0).then(|| self.samples as f64 * NS_PER_S as f64 / self.time_ns as f64)
    }
}

impl Mark {
    /// Samples and time since another; the week may have ended in between.
    fn since(self, other: Self) -> (u64, i64) {
        let time_ns = self.time_ns - other.time_ns;
        let time_ns = if time_ns < -WEEK_NS / 2 {
            time_ns + WEEK_NS
        } else {
            time_ns
        };
        (self.at_sample - other.at_sample, time_ns)
    }
}

impl Stamps {
    /// For samples of so many bytes each, at about this rate.
    pub(super) fn new(header_rate_hz: f64, sample_bytes: usize) -> Self {
        Self {
            header_rate_hz,
            sample_bytes,
            phase: Phase::Settling {
                held: Vec::new(),
                marks: Vec::new(),
            },
            ready: VecDeque::new(),
            seen: 0,
            judged: 0,
            stale: 0,
            previous: None,
            first_sample_ns: None,
            regular: Sum::default(),
            largest_deviation_samples: 0.0,
            oldest_solution_s: 0,
        }
    }

    /// Takes a stamp that stands before this sample.
    pub(super) fn add(&mut self, body: &[u8], at_sample: u64, info: &mut RecordingInfo) {
        self.seen += 1;
        let (second, nanosecond) = (i64::from(u32_at(body, 2)), i64::from(u32_at(body, 6)));
        let time_ns = second * NS_PER_S + nanosecond;
        if nanosecond >= NS_PER_S || time_ns >= WEEK_NS {
            return;
        }
        let mark = Mark {
            at_sample,
            time_ns,
            solution_age_s: body[0],
        };
        match &mut self.phase {
            Phase::Settling { marks, .. } => {
                marks.push(mark);
                let is_full = marks.len() == MAX_HELD_STAMPS;
                if is_full || self.agreeing().intervals >= INTERVALS {
                    self.settle(info);
                }
            }
            Phase::Settled { sample_rate_hz } => {
                let rate = *sample_rate_hz;
                if let Some(lost) = self.check(mark, rate, info) {
                    self.ready.push_back(Payload::Lost(lost));
                }
            }
            Phase::Lost => {}
        }
    }

    /// Bytes that have to be held back before any can come out; `None` once the rate is settled.
    pub(super) fn room(&self) -> Option<u64> {
        match &self.phase {
            Phase::Settling { held, .. } => Some((MAX_HELD_BYTES - held.len()) as u64),
            _ => None,
        }
    }

    /// Holds bytes back, no more than there is room for.
    pub(super) fn hold(&mut self, bytes: &[u8], info: &mut RecordingInfo) {
        if let Phase::Settling { held, .. } = &mut self.phase {
            held.extend_from_slice(bytes);
            if held.len() >= MAX_HELD_BYTES {
                self.settle(info);
            }
        }
    }

    /// No more bytes come.
    pub(super) fn end(&mut self, info: &mut RecordingInfo) {
        self.settle(info);
    }

    /// What was held back, piece by piece.
    pub(super) fn next_payload(&mut self) -> Option<Payload<'static>> {
        self.ready.pop_front()
    }

    /// The rate, if it is known.
    pub(super) fn sample_rate_hz(&self) -> Option<f64> {
        match self.phase {
            Phase::Settled { sample_rate_hz } => Some(sample_rate_hz),
            _ => None,
        }
    }

    pub(super) fn summary(&self) -> GpsStamps {
        GpsStamps {
            stamps: self.seen,
            stale_stamps: self.stale,
            first_sample_gps_week_s: self
                .first_sample_ns
                .map(|time_ns| time_ns.rem_euclid(WEEK_NS) as f64 / NS_PER_S as f64),
            measured_sample_rate_hz: self.regular.rate_hz(),
            largest_deviation_samples: self.largest_deviation_samples,
            oldest_solution_s: self.oldest_solution_s,
        }
    }

    /// The intervals so far that agree with the header's rate.
    fn agreeing(&self) -> Sum {
        let mut sum = Sum::default();
        let Phase::Settling { marks, .. } = &self.phase else {
            return sum;
        };
        for pair in marks.windows(2) {
            let (samples, time_ns) = pair[1].since(pair[0]);
            let expected_ns = samples as f64 * NS_PER_S as f64 / self.header_rate_hz;
            if samples > 0 && (time_ns as f64 - expected_ns).abs() < RATE_TOLERANCE * expected_ns {
                sum.add(samples, time_ns);
            }
        }
        sum
    }

    /// Settles the rate by the stamps so far, and lets go of what was held back.
    fn settle(&mut self, info: &mut RecordingInfo) {
        let sum = self.agreeing();
        let Phase::Settling { held, marks } = &mut self.phase else {
            return;
        };
        let (held, marks) = (std::mem::take(held), std::mem::take(marks));
        let rate = sum.rate_hz().filter(|_| sum.intervals >= FEWEST_INTERVALS);
        let mut out = 0;
        if let Some(sample_rate_hz) = rate {
            self.phase = Phase::Settled { sample_rate_hz };
            for mark in marks {
                if let Some(lost) = self.check(mark, sample_rate_hz, info) {
                    // Held from the object's first sample on.
                    let at = usize::try_from(mark.at_sample).unwrap_or(usize::MAX) * self.sample_bytes;
                    self.ready
                        .push_back(Payload::Samples(Cow::Owned(held[out..at].to_vec())));
                    self.ready.push_back(Payload::Lost(lost));
                    out = at;
                }
            }
        } else {
            self.phase = Phase::Lost;
            info.add_anomaly(Anomaly::NoRateFromStamps { stamps: self.seen });
        }
        if out < held.len() {
            self.ready.push_back(Payload::Samples(Cow::Owned(held[out..].to_vec())));
        }
    }

    /// Compares a stamp with the one before; returns how many samples were lost between them.
    fn check(&mut self, mark: Mark, sample_rate_hz: f64, info: &mut RecordingInfo) -> Option<u64> {
        let Some(previous) = self.previous.replace(mark) else {
            self.begin(mark, sample_rate_hz);
            return None;
        };
        self.judged += 1;
        let (samples, time_ns) = mark.since(previous);
        let late = time_ns as f64 * sample_rate_hz / NS_PER_S as f64 - samples as f64;
        if late.abs() < GAP_SAMPLES {
            self.regular.add(samples, time_ns);
            self.largest_deviation_samples = self.largest_deviation_samples.max(late.abs());
            self.oldest_solution_s = self.oldest_solution_s.max(mark.solution_age_s);
            return None;
        }
        if self.judged <= MAX_STALE {
            self.stale = self.judged;
            self.begin(mark, sample_rate_hz);
            return None;
        }
        self.oldest_solution_s = self.oldest_solution_s.max(mark.solution_age_s);
        if late > 0.0 {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "positive, and a week at 25 MHz at most"
            )]
            return Some(late.round() as u64);
        }
        info.add_anomaly(Anomaly::ClockJump {
            at_sample: mark.at_sample,
            by_s: late / sample_rate_hz,
        });
        None
    }

    /// Takes a stamp for the first good one.
    fn begin(&mut self, mark: Mark, sample_rate_hz: f64) {
        #[expect(clippy::cast_possible_truncation, reason = "few samples come before it")]
        let before_ns = (mark.at_sample as f64 / sample_rate_hz * NS_PER_S as f64).round() as i64;
        self.first_sample_ns = Some(mark.time_ns - before_ns);
        self.regular = Sum::default();
        self.largest_deviation_samples = 0.0;
        self.oldest_solution_s = mark.solution_age_s;
    }
}
