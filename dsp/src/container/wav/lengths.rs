//! What the headers say of lengths, against the bytes that come.

use super::bytes::{u32_at, u64_at};
use crate::recording_info::{Anomaly, RecordingInfo};

/// Stands for a length that is elsewhere or unknown.
const UNKNOWN: u32 = u32::MAX;

/// Chunks that programs write behind the samples, even where the RIFF header has not been told.
const KNOWN: [&[u8; 4]; 20] = [
    b"LIST", b"fact", b"data", b"kiwi", b"auxi", b"fmt ", b"JUNK", b"junk", b"PAD ", b"FLLR", b"bext", b"iXML",
    b"axml", b"id3 ", b"ID3 ", b"cue ", b"smpl", b"inst", b"PEAK", b"DISP",
];

/// All lengths of a file.
#[derive(Debug, Default)]
pub(super) struct Lengths {
    /// Where the object ends according to the RIFF header, if that says anything.
    riff_end: Option<u64>,
    /// Bytes of samples according to `ds64`.
    data_bytes_64: Option<u64>,
    /// Bytes of samples according to the chunks' headers.
    announced: u64,
    /// Bytes of samples that came, but for those that make no whole sample.
    pub actual: u64,
    /// Those.
    odd: u64,
}

impl Lengths {
    /// Reads the RIFF header.
    pub(super) fn read_riff(&mut self, header: &[u8]) {
        let length = u32_at(header, 4);
        self.riff_end = (length != 0 && length != UNKNOWN).then(|| u64::from(length) + 8);
    }

    /// Reads the first bytes of `ds64`: length of the file, length of the data; 0 if nobody came back to fill it in.
    pub(super) fn read_ds64(&mut self, body: &[u8]) {
        self.riff_end = Some(u64_at(body, 0).saturating_add(8));
        self.data_bytes_64 = Some(u64_at(body, 8));
    }

    /// Whether any samples have been announced.
    pub(super) fn has_data(&self) -> bool {
        self.announced > 0
    }

    /// Whether a chunk of this name can stand before byte `taken` and behind samples.
    pub(super) fn is_chunk(&self, id: [u8; 4], taken: u64) -> bool {
        let is_inside = self.riff_end.is_some_and(|end| end >= taken);
        KNOWN.contains(&&id) || (is_inside && id.iter().all(|byte| matches!(byte, b' '..=b'~')))
    }

    /// Bytes in a `data` chunk whose header ends before byte `taken`; `None` if they go on to the end of the object. An empty chunk is
    /// one if stamps or other chunks follow; else nobody came back to fill in the length.
    pub(super) fn announce(&mut self, length: u32, taken: u64, has_stamps: bool) -> Option<u64> {
        let announced = match length {
            UNKNOWN => self.data_bytes_64.unwrap_or(u64::from(length)),
            _ => u64::from(length),
        };
        self.announced = self.announced.saturating_add(announced);
        let is_unknown = announced == u64::from(UNKNOWN) || announced == u64::MAX;
        let goes_on = has_stamps || self.riff_end.is_some_and(|end| end > taken);
        (!is_unknown && (announced > 0 || goes_on)).then_some(announced)
    }

    /// Leaves bytes out that make no whole sample.
    pub(super) fn leave_out(&mut self, bytes: &mut Vec<u8>, info: &mut RecordingInfo) {
        if !bytes.is_empty() {
            info.add_anomaly(Anomaly::PartialSample {
                at_byte: self.actual,
                bytes: bytes.len() as u64,
            });
            self.odd += bytes.len() as u64;
            bytes.clear();
        }
    }

    /// Compares what was announced with what came.
    pub(super) fn end(&self, info: &mut RecordingInfo) {
        let actual = self.actual + self.odd;
        if actual != self.announced {
            info.add_anomaly(Anomaly::DataLength {
                announced: self.announced,
                actual,
            });
        }
    }
}
