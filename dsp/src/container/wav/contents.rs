//! What the chunks of a file contain.

use std::borrow::Cow;

use super::auxi;
use super::kiwi::Stamps;
use super::layout::Layout;
use super::lengths::{DS64_BYTES, Lengths};
use crate::container::payload::Payload;
use crate::error::Error;
use crate::input::{Hint, Hints, Interpretation};
use crate::recording_info::RecordingInfo;

/// Kinds of chunks that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Layout,
    Ds64,
    Auxi,
    Stamp,
}

/// Result of reading samples.
pub(super) enum Samples<'a> {
    Ready(Payload<'a>),
    HeldBack,
    /// The input has none.
    None,
}

/// The headers, and what they state.
#[derive(Debug)]
pub(super) struct Contents {
    /// `wav`, `rf64` or `bw64`.
    name: &'static str,
    pub(super) lengths: Lengths,
    pub(super) layout: Option<Layout>,
    pub(super) stamps: Option<Stamps>,
    /// Bytes at the end of a `data` chunk that are no whole sample.
    pub(super) odd_bytes: Vec<u8>,
    pub(super) info: RecordingInfo,
}

impl Contents {
    pub(super) fn new(name: &'static str) -> Self {
        Self {
            name,
            lengths: Lengths::default(),
            layout: None,
            stamps: None,
            odd_bytes: Vec::new(),
            info: RecordingInfo::default(),
        }
    }

    /// Counts bytes of samples and returns them, unless they are held back until the rate is known.
    pub(super) fn deliver<'a>(&mut self, bytes: &'a [u8]) -> Samples<'a> {
        if bytes.is_empty() {
            return Samples::None;
        }
        self.lengths.actual += bytes.len() as u64;
        match &mut self.stamps {
            Some(stamps) if stamps.room().is_some() => {
                stamps.hold(bytes, &mut self.info);
                Samples::HeldBack
            }
            _ => Samples::Ready(Payload::Samples(Cow::Borrowed(bytes))),
        }
    }

    /// Reads the body of a chunk.
    pub(super) fn read(&mut self, kind: Kind, body: &[u8]) -> Result<(), Error> {
        match kind {
            Kind::Layout => {
                let layout = Layout::parse(body).map_err(|problem| self.bad(&problem))?;
                if self.lengths.has_data() && self.layout.is_some_and(|before| before != layout) {
                    return Err(self.bad("another format begins after the samples"));
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

    /// See [`super::Container::interpret`].
    pub(super) fn interpret(&self, hints: &Hints) -> Result<Interpretation, Error> {
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

    /// See [`super::Container::fill`].
    pub(super) fn fill(self, info: &mut RecordingInfo) {
        info.start_time = self.info.start_time;
        info.stop_time = self.info.stop_time;
        info.centre_frequency_hz = self.info.centre_frequency_hz;
        info.gps_stamps = self.stamps.map(|stamps| stamps.summary());
        for anomaly in self.info.anomalies {
            info.add_anomaly(anomaly);
        }
    }

    pub(super) fn bad(&self, problem: &str) -> Error {
        Error::Header {
            container: self.name,
            problem: problem.to_owned(),
        }
    }
}
