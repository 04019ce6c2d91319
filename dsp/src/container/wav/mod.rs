//! Sound files with IQ in them: RIFF/WAVE, its 64-bit forms RF64 and BW64 (EBU Tech 3306, ITU-R BS.2088), and
//! `KiwiSDR`'s, whose `data` chunks stand between time stamps. Two channels, left is I and right is Q.
//!
//! Read as it comes, since the extractor is pushed bytes and holds a bounded number of them. The crates for this
//! (`hound`, `wav`, `symphonia`) pull from something seekable that is there as a whole, stop at the first `data`
//! chunk and believe its length; none of them knows `auxi` or `kiwi`.
//!
//! What the lengths say is not believed against the bytes: programs that were interrupted, or never came back to the
//! header, leave 0 or 2^32 - 1 there, and what exceeds 4 GiB is written modulo that. The samples that are there are
//! used, and a [`Anomaly::DataLength`] tells both numbers:
//!
//! - without a length, all that follows is samples;
//! - behind a `data` chunk another chunk is accepted if its name is a known one, or any name of printable characters
//!   where the RIFF header says that the file goes on; else the samples go on;
//! - an object that ends early has the samples that came.
//!
//! Integers are read as x / 2^(bits - 1), which for `KiwiSDR` is twice what its own reader makes of them (it divides by
//! 65,535), and bytes as (x - 127.5) / 127.5 like all of ours.

mod auxi;
mod bytes;
mod kiwi;
mod layout;
mod lengths;

use std::borrow::Cow;

use super::payload::Payload;
use crate::error::Error;
use crate::input::{Hint, Hints, Interpretation};
use crate::recording_info::{Anomaly, RecordingInfo};
use bytes::u32_at;
use kiwi::{STAMP_BYTES, Stamps};
use layout::Layout;
use lengths::Lengths;

/// Bytes of the RIFF header: name, length, form.
const RIFF_BYTES: usize = 12;
/// Bytes of a chunk's header: name, length.
const CHUNK_BYTES: usize = 8;
/// As much of `ds64` as is of interest: lengths of file and data.
const DS64_BYTES: usize = 16;
/// A WAV file being peeled.
#[derive(Debug)]
pub(crate) struct Wav {
    name: &'static str,
    state: State,
    /// A header as far as it has come.
    gathered: Vec<u8>,
    /// Bytes of the object so far.
    taken: u64,
    lengths: Lengths,
    layout: Option<Layout>,
    stamps: Option<Stamps>,
    /// What is left over at the end of a `data` chunk and makes no sample.
    odd_bytes: Vec<u8>,
    info: RecordingInfo,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// In the RIFF header.
    Riff,
    /// In a chunk's header, before which a byte of padding may stand.
    Chunk { padding: bool },
    /// In a chunk whose first `wanted` bytes are of interest, and which has `rest` more.
    Body { kind: Kind, wanted: usize, rest: u64 },
    /// In a chunk of no interest, or behind what is of interest in it.
    Skip { left: u64, padding: bool },
    /// In a `data` chunk; the last `odd` bytes of it make no sample.
    Data { left: u64, odd: u64, padding: bool },
    /// In samples up to the end of the object.
    Open,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Layout,
    Ds64,
    Auxi,
    Stamp,
}

impl Wav {
    /// If the object is one.
    pub(crate) fn sniff(head: &[u8]) -> Option<Self> {
        let name = match head.get(..4)? {
            b"RIFF" => "wav",
            b"RF64" => "rf64",
            b"BW64" => "bw64",
            _ => return None,
        };
        (head.get(8..RIFF_BYTES)? == b"WAVE").then(|| Self {
            name,
            state: State::Riff,
            gathered: Vec::new(),
            taken: 0,
            layout: None,
            stamps: None,
            lengths: Lengths::default(),
            odd_bytes: Vec::new(),
            info: RecordingInfo::default(),
        })
    }

    /// See [`super::Container::decode`].
    pub(crate) fn decode<'a>(&mut self, input: &mut &'a [u8]) -> Result<Option<Payload<'a>>, Error> {
        loop {
            if let Some(payload) = self.stamps.as_mut().and_then(Stamps::next_payload) {
                return Ok(Some(payload));
            }
            match self.state {
                State::Riff => {
                    let Some(header) = self.gather(input, RIFF_BYTES) else {
                        return Ok(None);
                    };
                    self.lengths.read_riff(&header);
                    self.state = State::Chunk { padding: false };
                }
                State::Chunk { padding } => {
                    let padded = padding && self.gathered.first().or(input.first()) == Some(&0);
                    let Some(header) = self.gather(input, CHUNK_BYTES + usize::from(padded)) else {
                        return Ok(None);
                    };
                    if let Some(samples) = self.enter(header, padded)? {
                        return Ok(Some(samples));
                    }
                }
                State::Body { kind, wanted, rest } => {
                    let Some(body) = self.gather(input, wanted) else {
                        return Ok(None);
                    };
                    self.read(kind, &body)?;
                    self.state = State::Skip {
                        left: rest,
                        padding: !(wanted as u64 + rest).is_multiple_of(2),
                    };
                }
                State::Skip { left: 0, padding } | State::Data { left: 0, padding, .. } => {
                    self.state = State::Chunk { padding }
                }
                State::Skip { left, padding } => {
                    let skipped = self.take(input, left).len() as u64;
                    if skipped == 0 {
                        return Ok(None);
                    }
                    self.state = State::Skip {
                        left: left - skipped,
                        padding,
                    };
                }
                State::Data { left, odd, padding } => {
                    let is_whole = left > odd;
                    let settling = self.stamps.as_ref().and_then(Stamps::room);
                    let wanted = if is_whole { left - odd } else { left };
                    let payload = self.take(input, wanted.min(settling.unwrap_or(u64::MAX)));
                    if payload.is_empty() {
                        return Ok(None);
                    }
                    self.state = State::Data {
                        left: left - payload.len() as u64,
                        odd,
                        padding,
                    };
                    if !is_whole {
                        self.odd_bytes.extend_from_slice(payload);
                    } else if let Some(payload) = self.deliver(payload) {
                        return Ok(Some(payload));
                    }
                }
                State::Open => {
                    let settling = self.stamps.as_ref().and_then(Stamps::room);
                    let payload = self.take(input, settling.unwrap_or(u64::MAX));
                    if payload.is_empty() {
                        return Ok(None);
                    }
                    if let Some(payload) = self.deliver(payload) {
                        return Ok(Some(payload));
                    }
                }
            }
        }
    }

    /// Up to so many bytes from the front of the input.
    fn take<'a>(&mut self, input: &mut &'a [u8], most: u64) -> &'a [u8] {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let (now, later) = input.split_at(most.min(input.len()));
        *input = later;
        self.taken += now.len() as u64;
        now
    }

    /// So many bytes, once they have all come.
    fn gather(&mut self, input: &mut &[u8], wanted: usize) -> Option<Vec<u8>> {
        let piece = self.take(input, (wanted - self.gathered.len()) as u64);
        self.gathered.extend_from_slice(piece);
        (self.gathered.len() == wanted).then(|| std::mem::take(&mut self.gathered))
    }

    /// Counts bytes of samples and hands them on, unless they have to wait for the sample rate.
    fn deliver<'a>(&mut self, payload: &'a [u8]) -> Option<Payload<'a>> {
        self.lengths.actual += payload.len() as u64;
        match &mut self.stamps {
            Some(stamps) if stamps.room().is_some() => {
                stamps.hold(payload, &mut self.info);
                None
            }
            _ => Some(Payload::Samples(Cow::Borrowed(payload))),
        }
    }

    /// Goes into the chunk with this header. If it is none, but samples that go on, these come back.
    fn enter(&mut self, header: Vec<u8>, padded: bool) -> Result<Option<Payload<'static>>, Error> {
        let chunk = &header[usize::from(padded)..];
        let id = [chunk[0], chunk[1], chunk[2], chunk[3]];
        let length = u32_at(chunk, 4);
        if self.lengths.has_data() && !self.lengths.is_chunk(id, self.taken) {
            return Ok(self.go_on(header));
        }
        self.lengths.leave_out(&mut self.odd_bytes, &mut self.info);
        let body = |kind, most: usize| {
            let wanted = usize::try_from(length).unwrap_or(usize::MAX).min(most);
            State::Body {
                kind,
                wanted,
                rest: u64::from(length) - wanted as u64,
            }
        };
        self.state = match &id {
            b"fmt " => body(Kind::Layout, layout::MAX_BYTES),
            b"ds64" => body(Kind::Ds64, DS64_BYTES),
            b"auxi" => body(Kind::Auxi, auxi::BYTES),
            b"kiwi" if length as usize == STAMP_BYTES && (!self.lengths.has_data() || self.stamps.is_some()) => {
                body(Kind::Stamp, STAMP_BYTES)
            }
            b"data" => self.enter_data(length)?,
            _ => State::Skip {
                left: u64::from(length),
                padding: !length.is_multiple_of(2),
            },
        };
        Ok(None)
    }

    /// What was taken for the header of a chunk was samples, and so is the rest.
    fn go_on(&mut self, header: Vec<u8>) -> Option<Payload<'static>> {
        self.state = State::Open;
        let mut samples = std::mem::take(&mut self.odd_bytes);
        samples.extend(header);
        self.deliver(&samples)
            .is_some()
            .then_some(Payload::Samples(Cow::Owned(samples)))
    }

    fn enter_data(&mut self, length: u32) -> Result<State, Error> {
        let Some(layout) = self.layout else {
            return Err(self.bad("the data chunk comes before the fmt chunk"));
        };
        let Some(bytes) = self.lengths.announce(length, self.taken, self.stamps.is_some()) else {
            return Ok(State::Open);
        };
        Ok(State::Data {
            left: bytes,
            odd: bytes % layout.format.sample_bytes() as u64,
            padding: !bytes.is_multiple_of(2),
        })
    }

    fn read(&mut self, kind: Kind, body: &[u8]) -> Result<(), Error> {
        match kind {
            Kind::Layout => {
                let layout = Layout::parse(body).map_err(|problem| self.bad(&problem))?;
                if self.lengths.has_data() && self.layout.is_some_and(|before| before != layout) {
                    return Err(self.bad("another format begins behind the samples"));
                }
                self.layout = Some(layout);
            }
            Kind::Ds64 if body.len() == DS64_BYTES => {
                self.lengths.read_ds64(body);
            }
            Kind::Ds64 => {}
            Kind::Auxi => auxi::read(body, &mut self.info),
            Kind::Stamp => {
                let Some(layout) = self.layout else {
                    return Err(self.bad("a kiwi chunk comes before the fmt chunk"));
                };
                let samples = self.lengths.actual / layout.format.sample_bytes() as u64;
                let stamps = self
                    .stamps
                    .get_or_insert_with(|| Stamps::new(layout.sample_rate_hz, layout.format.sample_bytes()));
                stamps.add(body, samples, &mut self.info);
            }
        }
        Ok(())
    }

    /// What the header says, once the first samples are there.
    pub(crate) fn interpret(&self, hints: &Hints) -> Result<Interpretation, Error> {
        let Some(layout) = self.layout else {
            return Err(self.bad("the object has no fmt chunk"));
        };
        let format = Hint {
            value: layout.format,
            source: "wav header",
        };
        let header = (layout.sample_rate_hz > 0.0).then_some(Hint {
            value: layout.sample_rate_hz,
            source: "wav header",
        });
        let stamps = self.stamps.as_ref();
        let measured = stamps.and_then(Stamps::sample_rate_hz).map(|value| Hint {
            value,
            source: "kiwi stamps",
        });
        let name = if stamps.is_some() { "kiwi wav" } else { self.name };
        Interpretation::settle(name, Some(format), measured.or(header), hints)
    }

    /// See [`super::Container::end`].
    pub(crate) fn end(&mut self) -> Result<(), Error> {
        if self.layout.is_none() || (!self.lengths.has_data() && self.stamps.is_none() && self.state != State::Open) {
            return Err(self.bad(&format!("no samples in the object's {} bytes", self.taken)));
        }
        self.lengths.leave_out(&mut self.odd_bytes, &mut self.info);
        self.lengths.end(&mut self.info);
        // What may be padding is nothing to speak of.
        if matches!(self.state, State::Chunk { .. }) && !matches!(self.gathered[..], [] | [0]) {
            self.info.add_anomaly(Anomaly::TrailingBytes {
                bytes: self.gathered.len() as u64,
            });
        }
        if let Some(stamps) = &mut self.stamps {
            stamps.end(&mut self.info);
        }
        Ok(())
    }

    /// See [`super::Container::fill`].
    pub(crate) fn fill(self, info: &mut RecordingInfo) {
        info.start_time = self.info.start_time;
        info.stop_time = self.info.stop_time;
        info.centre_frequency_hz = self.info.centre_frequency_hz;
        info.gps_stamps = self.stamps.map(|stamps| stamps.summary());
        for anomaly in self.info.anomalies {
            info.add_anomaly(anomaly);
        }
    }

    fn bad(&self, problem: &str) -> Error {
        Error::Header {
            container: self.name,
            problem: problem.to_owned(),
        }
    }
}
