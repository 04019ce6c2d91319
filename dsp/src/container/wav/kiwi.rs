//! The time stamps of `KiwiSDR` files: a `kiwi` chunk before each `data` chunk has the time of its
//! first sample.
//!
//! A stamp has ten bytes, little-endian, which the server writes (`rx_sound.cpp` in
//! jks-prv/Beagle_SDR_GPS) and kiwirecorder saves: u8 seconds since the last GPS position (254:
//! that or more, 255: there was none), u8 unused, u32 second of the GPS week, u32 nanosecond. The
//! server keeps the last stamp of a channel's earlier use. So the first stamp, and with buffers
//! also the second, may be minutes or days old. Other readers (kiwiclient, hcab14/TDoA) skip these,
//! and so does this one.
//!
//! The stamps give:
//!
//! - the sample rate, since that of the header is rounded to whole Hz: samples over time of the
//!   first eight intervals that agree with the header to 0.1 %. The rate must be known before the
//!   first chunk begins, so up to 64 KiB of samples are held back. Stamps scatter by some parts in
//!   a million, so this is within 0.1 Hz of the rate over the whole file, which is reported too.
//! - losses: where a stamp is 50 samples (4 ms) or more later than the stamp before it and the rate
//!   predict. In files without losses the difference is below 0.01 samples. Blocks of 512 samples
//!   are lost together, so no real loss is smaller. The largest difference is reported.
//! - the time of the first sample. No stamp has the number of the week.

use std::borrow::Cow;
use std::collections::VecDeque;

use super::gps_stamp::{GpsStamp, Intervals, NS_PER_S, WEEK_NS};
use crate::container::payload::Payload;
use crate::recording_info::{Anomaly, GpsStamps, RecordingInfo};

/// Most samples that are held back until the rate is known: 32 blocks, three times what is needed.
const MAX_HELD_BYTES: usize = 64 * 1024;
/// Most stamps that are held back. With blocks of the usual size, the bytes reach their limit
/// first.
const MAX_HELD_STAMPS: usize = 64;
/// Intervals that the rate is computed from, and the fewest where a recording has no more.
const INTERVALS: u64 = 8;
const MIN_INTERVALS: u64 = 2;
/// Largest deviation of an interval from the rate of the header: less than one sample in a block of
/// 512.
const RATE_TOLERANCE: f64 = 1e-3;
/// Most stamps at the start that may be stale.
const MAX_STALE: u64 = 2;
/// Smallest difference that means lost samples or a clock that was set.
const GAP_SAMPLES: f64 = 50.0;

/// Evaluates the stamps of a file, and holds samples back until the rate is known.
#[derive(Debug)]
pub(super) struct Stamps {
    header_rate_hz: f64,
    sample_bytes: usize,
    phase: Phase,
    /// Payloads that are no longer held back.
    ready: VecDeque<Payload<'static>>,
    /// Stamps so far.
    count: u64,
    /// Stamps that were compared with the one before.
    compared: u64,
    stale: u64,
    previous: Option<GpsStamp>,
    first_sample_ns: Option<i64>,
    /// The intervals without a loss.
    regular: Intervals,
    largest_deviation_samples: f64,
    oldest_solution_s: u8,
}

#[derive(Debug)]
enum Phase {
    /// The rate is not known yet.
    Settling { held: Vec<u8>, stamps: Vec<GpsStamp> },
    /// The rate is known.
    Settled { sample_rate_hz: f64 },
    /// The stamps give no rate. They are only counted.
    Unusable,
}

impl Stamps {
    pub(super) fn new(header_rate_hz: f64, sample_bytes: usize) -> Self {
        Self {
            header_rate_hz,
            sample_bytes,
            phase: Phase::Settling {
                held: Vec::new(),
                stamps: Vec::new(),
            },
            ready: VecDeque::new(),
            count: 0,
            compared: 0,
            stale: 0,
            previous: None,
            first_sample_ns: None,
            regular: Intervals::default(),
            largest_deviation_samples: 0.0,
            oldest_solution_s: 0,
        }
    }

    /// Takes the stamp before this sample.
    pub(super) fn add(&mut self, body: &[u8], at_sample: u64, info: &mut RecordingInfo) {
        self.count += 1;
        let Some(stamp) = GpsStamp::parse(body, at_sample) else {
            return;
        };
        match &mut self.phase {
            Phase::Settling { stamps, .. } => {
                stamps.push(stamp);
                let is_full = stamps.len() == MAX_HELD_STAMPS;
                if is_full || self.agreeing().count >= INTERVALS {
                    self.settle(info);
                }
            }
            Phase::Settled { sample_rate_hz } => {
                let rate = *sample_rate_hz;
                if let Some(lost) = self.compare(stamp, rate, info) {
                    self.ready.push_back(Payload::Lost(lost));
                }
            }
            Phase::Unusable => {}
        }
    }

    /// Bytes that can still be held back. `None` once the rate is settled.
    pub(super) fn room(&self) -> Option<u64> {
        match &self.phase {
            Phase::Settling { held, .. } => Some((MAX_HELD_BYTES - held.len()) as u64),
            _ => None,
        }
    }

    /// Holds bytes back, at most [`Self::room`].
    pub(super) fn hold(&mut self, bytes: &[u8], info: &mut RecordingInfo) {
        if let Phase::Settling { held, .. } = &mut self.phase {
            held.extend_from_slice(bytes);
            if held.len() >= MAX_HELD_BYTES {
                self.settle(info);
            }
        }
    }

    /// The next payload that is no longer held back.
    pub(super) fn next_payload(&mut self) -> Option<Payload<'static>> {
        self.ready.pop_front()
    }

    /// The rate from the stamps, if it is known.
    pub(super) fn sample_rate_hz(&self) -> Option<f64> {
        match self.phase {
            Phase::Settled { sample_rate_hz } => Some(sample_rate_hz),
            _ => None,
        }
    }

    pub(super) fn summary(&self) -> GpsStamps {
        GpsStamps {
            stamps: self.count,
            stale_stamps: self.stale,
            first_sample_gps_week_s: self
                .first_sample_ns
                .map(|time_ns| time_ns.rem_euclid(WEEK_NS) as f64 / NS_PER_S as f64),
            measured_sample_rate_hz: self.regular.rate_hz(),
            largest_deviation_samples: self.largest_deviation_samples,
            oldest_solution_s: self.oldest_solution_s,
        }
    }

    /// The intervals so far that agree with the rate of the header.
    fn agreeing(&self) -> Intervals {
        let mut agreeing = Intervals::default();
        let Phase::Settling { stamps, .. } = &self.phase else {
            return agreeing;
        };
        for pair in stamps.windows(2) {
            let (samples, time_ns) = pair[1].since(pair[0]);
            let expected_ns = samples as f64 * NS_PER_S as f64 / self.header_rate_hz;
            if samples > 0 && (time_ns as f64 - expected_ns).abs() < RATE_TOLERANCE * expected_ns {
                agreeing.add(samples, time_ns);
            }
        }
        agreeing
    }

    /// Settles the rate from the stamps so far, and releases what was held back.
    pub(super) fn settle(&mut self, info: &mut RecordingInfo) {
        let agreeing = self.agreeing();
        let Phase::Settling { held, stamps } = &mut self.phase else {
            return;
        };
        let (held, stamps) = (std::mem::take(held), std::mem::take(stamps));
        let rate = agreeing.rate_hz().filter(|_| agreeing.count >= MIN_INTERVALS);
        let mut released = 0;
        if let Some(sample_rate_hz) = rate {
            self.phase = Phase::Settled { sample_rate_hz };
            for stamp in stamps {
                if let Some(lost) = self.compare(stamp, sample_rate_hz, info) {
                    // The bytes that are held begin with the first sample of the object.
                    let at = usize::try_from(stamp.at_sample).unwrap_or(usize::MAX) * self.sample_bytes;
                    self.release(&held[released..at]);
                    self.ready.push_back(Payload::Lost(lost));
                    released = at;
                }
            }
        } else {
            self.phase = Phase::Unusable;
            info.add_anomaly(Anomaly::NoRateFromStamps { stamps: self.count });
        }
        if released < held.len() {
            self.release(&held[released..]);
        }
    }

    fn release(&mut self, bytes: &[u8]) {
        self.ready.push_back(Payload::Samples(Cow::Owned(bytes.to_vec())));
    }

    /// Compares a stamp with the one before. Returns the number of samples lost between them.
    fn compare(&mut self, stamp: GpsStamp, sample_rate_hz: f64, info: &mut RecordingInfo) -> Option<u64> {
        let Some(previous) = self.previous.replace(stamp) else {
            self.begin(stamp, sample_rate_hz);
            return None;
        };
        self.compared += 1;
        let (samples, time_ns) = stamp.since(previous);
        let late = time_ns as f64 * sample_rate_hz / NS_PER_S as f64 - samples as f64;
        if late.abs() < GAP_SAMPLES {
            self.regular.add(samples, time_ns);
            self.largest_deviation_samples = self.largest_deviation_samples.max(late.abs());
            self.oldest_solution_s = self.oldest_solution_s.max(stamp.solution_age_s);
            return None;
        }
        if self.compared <= MAX_STALE {
            self.stale = self.compared;
            self.begin(stamp, sample_rate_hz);
            return None;
        }
        self.oldest_solution_s = self.oldest_solution_s.max(stamp.solution_age_s);
        if late > 0.0 {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "positive, and a week at 25 MHz at most"
            )]
            return Some(late.round() as u64);
        }
        info.add_anomaly(Anomaly::ClockJump {
            at_sample: stamp.at_sample,
            by_s: late / sample_rate_hz,
        });
        None
    }

    /// Starts again with this stamp as the first good one.
    fn begin(&mut self, stamp: GpsStamp, sample_rate_hz: f64) {
        #[expect(clippy::cast_possible_truncation, reason = "few samples come before it")]
        let before_ns = (stamp.at_sample as f64 / sample_rate_hz * NS_PER_S as f64).round() as i64;
        self.first_sample_ns = Some(stamp.time_ns - before_ns);
        self.regular = Intervals::default();
        self.largest_deviation_samples = 0.0;
        self.oldest_solution_s = stamp.solution_age_s;
    }
}
