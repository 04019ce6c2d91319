//! How chunks are framed: RIFF, or Sony's Wave64, whose chunks are named by GUIDs and have lengths
//! of 64 bits (Sony Pictures Digital, "Sony Wave64", 2006; `libsndfile`'s `w64.c`).

use super::bytes::{u32_at, u64_at};

/// The GUID of Wave64's first chunk, without the name `riff`.
const RIFF_TAIL: [u8; 12] = [0x2e, 0x91, 0xcf, 0x11, 0xa5, 0xd6, 0x28, 0xdb, 0x04, 0xc1, 0, 0];
/// The other GUIDs that begin with the name of the chunk, without it.
const CHUNK_TAIL: [u8; 12] = [0xf3, 0xac, 0xd3, 0x11, 0x8c, 0xd1, 0, 0xc0, 0x4f, 0x8e, 0xdb, 0x8a];
/// The GUID of a `LIST`, without the name.
const LIST_TAIL: [u8; 12] = [0x2f, 0x91, 0xcf, 0x11, 0xa5, 0xd6, 0x28, 0xdb, 0x04, 0xc1, 0, 0];
/// A GUID and a length.
const GUID_BYTES: usize = 16;
const HEADER_BYTES: usize = 24;

/// The name of a chunk whose GUID begins with none.
pub(super) const UNNAMED: [u8; 4] = *b"GUID";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    Riff,
    Wave64,
}

/// The header of a chunk.
#[derive(Debug, Clone, Copy)]
pub(super) struct ChunkHeader {
    /// Name of the chunk, or [`UNNAMED`].
    pub id: [u8; 4],
    /// Bytes of the body.
    pub length: u64,
}

impl Framing {
    /// Whether these are the first bytes of a Wave64 file.
    pub(super) fn is_wave64(head: &[u8]) -> bool {
        let is = |at: usize, name: &[u8], tail: &[u8]| {
            head.get(at..at + 4) == Some(name) && head.get(at + 4..at + GUID_BYTES) == Some(tail)
        };
        is(0, b"riff", &RIFF_TAIL) && is(HEADER_BYTES, b"wave", &CHUNK_TAIL)
    }

    /// Size of the header of the file: name, length, form.
    pub(super) const fn file_header_bytes(self) -> usize {
        match self {
            Self::Riff => 12,
            Self::Wave64 => HEADER_BYTES + GUID_BYTES,
        }
    }

    /// Size of the header of a chunk: name, length.
    pub(super) const fn chunk_header_bytes(self) -> usize {
        match self {
            Self::Riff => 8,
            Self::Wave64 => HEADER_BYTES,
        }
    }

    /// Bytes between the end of a body of `length` bytes and the next chunk.
    pub(super) const fn padding(self, length: u64) -> usize {
        match self {
            Self::Riff => (length % 2) as usize,
            Self::Wave64 => (length.wrapping_neg() % 8) as usize,
        }
    }

    /// Where the file ends according to its header. `None` if it has no length.
    pub(super) fn end(self, header: &[u8]) -> Option<u64> {
        match self {
            Self::Riff => {
                let length = u32_at(header, 4);
                (length != 0 && length != u32::MAX).then(|| u64::from(length) + 8)
            }
            Self::Wave64 => {
                let length = u64_at(header, GUID_BYTES);
                (length > HEADER_BYTES as u64 && length < 1 << 62).then_some(length)
            }
        }
    }

    /// Reads the header of a chunk.
    pub(super) fn chunk(self, header: &[u8]) -> ChunkHeader {
        let id = [header[0], header[1], header[2], header[3]];
        match self {
            Self::Riff => ChunkHeader {
                id,
                length: u64::from(u32_at(header, 4)),
            },
            Self::Wave64 => {
                let tail = &header[4..GUID_BYTES];
                let id = match &id {
                    b"list" if tail == LIST_TAIL => *b"LIST",
                    _ if tail == CHUNK_TAIL => id,
                    _ => UNNAMED,
                };
                // The length includes the header. A program that did not return to it leaves 0.
                let length = u64_at(header, GUID_BYTES).saturating_sub(HEADER_BYTES as u64);
                ChunkHeader { id, length }
            }
        }
    }

    /// Whether a length means that it is elsewhere or unknown. Wave64 has no other place for it.
    pub(super) const fn is_unknown(self, length: u64) -> bool {
        match self {
            Self::Riff => length == u32::MAX as u64,
            Self::Wave64 => length >= 1 << 62,
        }
    }
}
