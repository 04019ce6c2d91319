//! Compares the lengths in the headers with the bytes that arrive.

use super::bytes::u64_at;
use super::framing::{ChunkHeader, Framing, UNNAMED};
use crate::recording_info::{Anomaly, RecordingInfo};

/// The bytes of `ds64` that are read: lengths of file and data.
pub(super) const DS64_BYTES: usize = 16;

/// Chunks that programs write after the samples, even where the length in the RIFF header excludes
/// them.
const KNOWN: [&[u8; 4]; 20] = [
    b"LIST", b"fact", b"data", b"kiwi", b"auxi", b"fmt ", b"JUNK", b"junk", b"PAD ", b"FLLR", b"bext", b"iXML",
    b"axml", b"id3 ", b"ID3 ", b"cue ", b"smpl", b"inst", b"PEAK", b"DISP",
];

/// The lengths of a file.
#[derive(Debug, Default)]
pub(super) struct Lengths {
    /// End of the object according to the RIFF header. `None` if it has no length.
    riff_end: Option<u64>,
    /// Bytes of samples according to `ds64`.
    data_bytes_64: Option<u64>,
    /// Bytes of samples according to the headers of the `data` chunks.
    announced: u64,
    /// Bytes of whole samples so far.
    pub actual: u64,
    /// Bytes in `data` chunks that are no whole sample.
    odd: u64,
}

impl Lengths {
    /// Reads the header of the file.
    pub(super) fn read_riff(&mut self, header: &[u8], framing: Framing) {
        self.riff_end = framing.end(header);
    }

    /// Reads the first bytes of `ds64`: length of the file and of the data. An interrupted program
    /// leaves 0.
    pub(super) fn read_ds64(&mut self, body: &[u8]) {
        self.riff_end = Some(u64_at(body, 0).saturating_add(8));
        self.data_bytes_64 = Some(u64_at(body, 8));
    }

    /// Whether a header has announced samples.
    pub(super) fn has_data(&self) -> bool {
        self.announced > 0
    }

    /// Whether this header, which ends at byte `taken`, can follow samples. A chunk without a name
    /// must be inside the file as a whole.
    pub(super) fn is_chunk(&self, ChunkHeader { id, length }: ChunkHeader, taken: u64) -> bool {
        let ends = if id == UNNAMED {
            taken.saturating_add(length)
        } else {
            taken
        };
        let is_inside = self.riff_end.is_some_and(|end| end >= ends);
        KNOWN.contains(&&id) || (is_inside && id.iter().all(|byte| matches!(byte, b' '..=b'~')))
    }

    /// Bytes in a `data` chunk whose header ends at byte `taken`. `None` if the samples continue to
    /// the end of the object: the length is unknown, or it is 0 and neither stamps nor other chunks
    /// can follow.
    pub(super) fn announce(&mut self, length: u64, framing: Framing, taken: u64, has_stamps: bool) -> Option<u64> {
        let announced = match self.data_bytes_64 {
            Some(elsewhere) if framing.is_unknown(length) || length == 0 => elsewhere,
            _ => length,
        };
        self.announced = self.announced.saturating_add(announced);
        let is_unknown = framing.is_unknown(announced) || announced == u64::MAX;
        // No program writes a Wave64 file without samples on purpose.
        let may_be_empty = framing == Framing::Riff && self.riff_end.is_some_and(|end| end > taken);
        let goes_on = has_stamps || may_be_empty;
        (!is_unknown && (announced > 0 || goes_on)).then_some(announced)
    }

    /// Leaves out bytes that are no whole sample.
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

    /// Notes a difference between the announced and the actual length.
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
