//! WAV files with IQ samples: RIFF/WAVE, its 64-bit forms RF64 and BW64 (EBU Tech 3306, ITU-R
//! BS.2088), Sony's Wave64, and `KiwiSDR` files, whose `data` chunks are separated by time stamps.
//! Two channels: left is I and right is Q.
//!
//! The extractor gets bytes in pieces and holds a bounded number of them. The crates for WAV
//! (`hound`, `wav`, `symphonia`) need a complete, seekable file, stop at the first `data` chunk and
//! trust its length. None of them reads `auxi` or `kiwi`.
//!
//! Lengths in headers do not count against the bytes. A program that was interrupted, or never
//! returned to the header, leaves 0 or 2^32 - 1 there, and what exceeds 4 GiB is written modulo
//! 2^32. All samples of the object are used, and an [`Anomaly::DataLength`] has both numbers:
//!
//! - without a length, all bytes that follow are samples;
//! - after a `data` chunk, another chunk is accepted if its name is a known one, or any printable
//!   name inside the length of the RIFF header; else the bytes are more samples;
//! - an object that ends early has the samples up to its end.
//!
//! Integers are read as x / 2^(bits - 1), and bytes as (x - 127.5) / 127.5. `KiwiSDR`'s own reader
//! divides by 65,535, so its values are half of these.

mod auxi;
mod bytes;
mod contents;
mod framing;
mod gps_stamp;
mod kiwi;
mod layout;
mod lengths;
mod reader;

use std::borrow::Cow;

use super::payload::Payload;
use crate::error::Error;
use crate::input::{Hints, Interpretation};
use crate::recording_info::{Anomaly, RecordingInfo};
use contents::{Contents, Kind, Samples};
use framing::{ChunkHeader, Framing};
use gps_stamp::STAMP_BYTES;
use kiwi::Stamps;
use reader::Reader;

/// Reads a WAV file as it arrives.
#[derive(Debug)]
pub(crate) struct Wav {
    state: State,
    framing: Framing,
    reader: Reader,
    contents: Contents,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// In the header of the file.
    Riff,
    /// In the header of a chunk, which may follow bytes of padding.
    Chunk { padding: usize },
    /// In a chunk whose first `wanted` bytes are read, and which has `rest` more.
    Body { kind: Kind, wanted: usize, rest: u64 },
    /// In bytes that are not read.
    Skip { left: u64, padding: usize },
    /// In a `data` chunk. Its last `odd` bytes are no whole sample.
    Data { left: u64, odd: u64, padding: usize },
    /// In samples up to the end of the object.
    Open,
}

impl Wav {
    /// Recognises a WAV file by its first bytes.
    pub(crate) fn sniff(head: &[u8]) -> Option<Self> {
        let (name, framing) = match head.get(..4)? {
            b"riff" if Framing::is_wave64(head) => ("wave64", Framing::Wave64),
            _ if head.get(8..12)? != b"WAVE" => return None,
            b"RIFF" => ("wav", Framing::Riff),
            b"RF64" => ("rf64", Framing::Riff),
            b"BW64" => ("bw64", Framing::Riff),
            _ => return None,
        };
        Some(Self {
            state: State::Riff,
            framing,
            reader: Reader::default(),
            contents: Contents::new(name),
        })
    }

    /// See [`super::Container::decode`].
    pub(crate) fn decode<'a>(&mut self, input: &mut &'a [u8]) -> Result<Option<Payload<'a>>, Error> {
        loop {
            if let Some(payload) = self.contents.stamps.as_mut().and_then(Stamps::next_payload) {
                return Ok(Some(payload));
            }
            match self.state {
                State::Riff => {
                    let Some(header) = self.reader.gather(input, self.framing.file_header_bytes()) else {
                        return Ok(None);
                    };
                    self.contents.lengths.read_riff(&header, self.framing);
                    self.state = State::Chunk { padding: 0 };
                }
                State::Chunk { padding } => {
                    // Some programs leave the padding out.
                    let padded = if self.reader.peek(input) == Some(0) { padding } else { 0 };
                    let wanted = self.framing.chunk_header_bytes() + padded;
                    let Some(header) = self.reader.gather(input, wanted) else {
                        return Ok(None);
                    };
                    if let Some(samples) = self.enter(header, padded)? {
                        return Ok(Some(samples));
                    }
                }
                State::Body { kind, wanted, rest } => {
                    let Some(body) = self.reader.gather(input, wanted) else {
                        return Ok(None);
                    };
                    self.contents.read(kind, &body)?;
                    self.state = State::Skip {
                        left: rest,
                        padding: self.framing.padding(wanted as u64 + rest),
                    };
                }
                State::Skip { left: 0, padding } | State::Data { left: 0, padding, .. } => {
                    self.state = State::Chunk { padding }
                }
                State::Skip { left, padding } => {
                    let skipped = self.reader.take(input, left).len() as u64;
                    if skipped == 0 {
                        return Ok(None);
                    }
                    self.state = State::Skip {
                        left: left - skipped,
                        padding,
                    };
                }
                State::Data { .. } | State::Open => match self.decode_samples(input) {
                    Samples::Ready(payload) => return Ok(Some(payload)),
                    Samples::HeldBack => {}
                    Samples::None => return Ok(None),
                },
            }
        }
    }

    /// Takes bytes of samples from the input.
    fn decode_samples<'a>(&mut self, input: &mut &'a [u8]) -> Samples<'a> {
        let room = self.contents.stamps.as_ref().and_then(Stamps::room).unwrap_or(u64::MAX);
        let State::Data { left, odd, padding } = self.state else {
            let bytes = self.reader.take(input, room);
            return self.contents.deliver(bytes);
        };
        let is_whole = left > odd;
        let wanted = if is_whole { left - odd } else { left };
        let bytes = self.reader.take(input, wanted.min(room));
        self.state = State::Data {
            left: left - bytes.len() as u64,
            odd,
            padding,
        };
        if is_whole || bytes.is_empty() {
            return self.contents.deliver(bytes);
        }
        self.contents.odd_bytes.extend_from_slice(bytes);
        Samples::HeldBack
    }

    /// Enters the chunk with this header. Returns its bytes if they are no header but more samples.
    fn enter(&mut self, header: Vec<u8>, padded: usize) -> Result<Option<Payload<'static>>, Error> {
        let chunk = self.framing.chunk(&header[padded..]);
        let ChunkHeader { id, length } = chunk;
        if self.contents.lengths.has_data() && !self.contents.lengths.is_chunk(chunk, self.reader.position) {
            return Ok(self.continue_samples(header));
        }
        self.contents
            .lengths
            .leave_out(&mut self.contents.odd_bytes, &mut self.contents.info);
        let body = |kind, most: usize| {
            let wanted = usize::try_from(length).unwrap_or(usize::MAX).min(most);
            State::Body {
                kind,
                wanted,
                rest: length - wanted as u64,
            }
        };
        self.state = match &id {
            b"fmt " => body(Kind::Layout, layout::MAX_BYTES),
            b"ds64" => body(Kind::Ds64, lengths::DS64_BYTES),
            b"auxi" => body(Kind::Auxi, auxi::BYTES),
            b"kiwi"
                if length == STAMP_BYTES as u64
                    && (!self.contents.lengths.has_data() || self.contents.stamps.is_some()) =>
            {
                body(Kind::Stamp, STAMP_BYTES)
            }
            b"data" => self.enter_data(length)?,
            _ => State::Skip {
                left: length,
                padding: self.framing.padding(length),
            },
        };
        Ok(None)
    }

    /// The supposed header and all that follows are samples.
    fn continue_samples(&mut self, header: Vec<u8>) -> Option<Payload<'static>> {
        self.state = State::Open;
        let mut samples = std::mem::take(&mut self.contents.odd_bytes);
        samples.extend(header);
        match self.contents.deliver(&samples) {
            Samples::Ready(_) => Some(Payload::Samples(Cow::Owned(samples))),
            Samples::HeldBack | Samples::None => None,
        }
    }

    fn enter_data(&mut self, length: u64) -> Result<State, Error> {
        let Some(layout) = self.contents.layout else {
            return Err(self.contents.bad("the data chunk comes before the fmt chunk"));
        };
        let (position, has_stamps) = (self.reader.position, self.contents.stamps.is_some());
        let lengths = &mut self.contents.lengths;
        let Some(bytes) = lengths.announce(length, self.framing, position, has_stamps) else {
            return Ok(State::Open);
        };
        Ok(State::Data {
            left: bytes,
            odd: bytes % layout.format.sample_bytes() as u64,
            padding: self.framing.padding(bytes),
        })
    }

    /// See [`super::Container::interpret`].
    pub(crate) fn interpret(&self, hints: &Hints) -> Result<Interpretation, Error> {
        self.contents.interpret(hints)
    }

    /// See [`super::Container::end`].
    pub(crate) fn end(&mut self) -> Result<(), Error> {
        if self.contents.layout.is_none()
            || (!self.contents.lengths.has_data() && self.contents.stamps.is_none() && self.state != State::Open)
        {
            return Err(self
                .contents
                .bad(&format!("no samples in the object's {} bytes", self.reader.position)));
        }
        self.contents
            .lengths
            .leave_out(&mut self.contents.odd_bytes, &mut self.contents.info);
        self.contents.lengths.end(&mut self.contents.info);
        // Zeros may be padding.
        let incomplete = self.reader.incomplete();
        let is_padding = incomplete.len() <= self.framing.padding(1) && incomplete.iter().all(|byte| *byte == 0);
        if matches!(self.state, State::Chunk { .. }) && !is_padding {
            self.contents.info.add_anomaly(Anomaly::TrailingBytes {
                bytes: incomplete.len() as u64,
            });
        }
        if let Some(stamps) = &mut self.contents.stamps {
            stamps.settle(&mut self.contents.info);
        }
        Ok(())
    }

    /// See [`super::Container::fill`].
    pub(crate) fn fill(self, info: &mut RecordingInfo) {
        self.contents.fill(info);
    }
}
