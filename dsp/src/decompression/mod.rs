//! Decompresses `.gz`, `.xz`, `.bz2` and `.zst` as the bytes arrive.
//!
//! Several members, streams or frames after one another give their contents one after another, as
//! with the usual programs. Data that end too early, bytes after the end and wrong checksums are
//! refused.
//!
//! The memory is bounded, whatever the bytes are: pieces of at most [`PIECE_BYTES`] come out, and
//! beside them there are the window of the compression (32 KiB for gzip, 4 MiB for bzip2, at most
//! [`MAX_WINDOW_BYTES`] for xz and zstd), a block of zstd (128 KiB), and 16 bytes for each block of
//! an xz stream.

mod bzip2;
mod gzip;
mod xz;
mod zstd;

use std::fmt;

use crate::compression::Compression;
use crate::error::Error;

/// Largest window (dictionary) of xz and zstd that is read: that of `xz -9`. `zstd -19` has 8 MiB.
pub(crate) const MAX_WINDOW_BYTES: u32 = 64 << 20;

/// Most bytes that come out at a time.
const PIECE_BYTES: usize = 64 * 1024;

/// A decoder of one compression.
trait Decoder: Send {
    /// Takes bytes from the front of `input`, and writes what comes out to the front of `output`.
    /// Returns how many bytes came out: 0 once all of `input` is taken and nothing is held back.
    /// The error says what is wrong with the bytes.
    fn decode(&mut self, input: &mut &[u8], output: &mut [u8]) -> Result<usize, String>;

    /// Must be called after the last byte. The error says what is missing.
    fn end(&mut self) -> Result<(), String>;
}

/// Decompresses an object as it arrives.
pub(crate) struct Decompressor {
    pub(crate) compression: Compression,
    /// Bytes that came out so far.
    pub(crate) bytes_out: u64,
    decoder: Box<dyn Decoder>,
    output: Vec<u8>,
}

impl Decompressor {
    pub(crate) fn new(compression: Compression) -> Self {
        let decoder: Box<dyn Decoder> = match compression {
            Compression::Gzip => Box::new(gzip::Gzip::new()),
            Compression::Xz => Box::new(xz::Xz::new()),
            Compression::Bzip2 => Box::new(bzip2::Bzip2::new()),
            Compression::Zstd => Box::new(zstd::Zstd::new()),
        };
        Self {
            compression,
            bytes_out: 0,
            decoder,
            output: vec![0; PIECE_BYTES],
        }
    }

    /// Takes bytes from the front of `input`. Returns the next piece of what comes out, or `None`
    /// once all of `input` is taken. More than `limit_bytes` in all are an error.
    pub(crate) fn decode(&mut self, input: &mut &[u8], limit_bytes: u64) -> Result<Option<&[u8]>, Error> {
        let result = self.decoder.decode(input, &mut self.output);
        let count = result.map_err(|problem| self.bad(problem))?;
        self.bytes_out += count as u64;
        if self.bytes_out > limit_bytes {
            return Err(Error::Expansion {
                compression: self.compression,
                limit_bytes,
            });
        }
        Ok((count > 0).then(|| &self.output[..count]))
    }

    fn bad(&self, problem: String) -> Error {
        Error::Compressed {
            compression: self.compression,
            problem,
            bytes_out: self.bytes_out,
        }
    }

    /// Must be called after the last byte.
    pub(crate) fn end(&mut self) -> Result<(), Error> {
        self.decoder.end().map_err(|problem| self.bad(problem))
    }
}

impl fmt::Debug for Decompressor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decompressor")
            .field("compression", &self.compression)
            .field("bytes_out", &self.bytes_out)
            .finish_non_exhaustive()
    }
}

/// Takes bytes from the front of `input` until `gathered` has `wanted` bytes. Returns whether it
/// has.
fn gather(gathered: &mut Vec<u8>, input: &mut &[u8], wanted: usize) -> bool {
    let missing = wanted.saturating_sub(gathered.len()).min(input.len());
    let (taken, rest) = input.split_at(missing);
    gathered.extend_from_slice(taken);
    *input = rest;
    gathered.len() >= wanted
}

/// The data end before their end.
fn truncated() -> String {
    "the compressed data end too early".to_owned()
}

/// Other bytes follow the end of the compressed data.
fn trailing() -> String {
    "bytes that are no compressed data follow the end of the compressed data".to_owned()
}

#[cfg(test)]
mod tests;
