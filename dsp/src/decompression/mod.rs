//! Decompresses `.gz`, `.xz`, `.bz2` and `.zst` as the bytes arrive.
//!
//! Several members, streams or frames after one another give their contents one after another, as
//! with the usual programs. Data that end too early, bytes after the end and wrong checksums are
//! refused.
//!
//! The memory is bounded, whatever the bytes are: pieces of at most [`PIECE_BYTES`] come out, and
//! beside them there are the window of the compression (32 KiB for gzip, 4 MiB for bzip2, at most
//! [`decoder::MAX_WINDOW_BYTES`] for xz and zstd), a block of zstd (128 KiB), and 16 bytes for each block of
//! an xz stream.

mod bzip2;
mod decoder;
mod gzip;
mod xz;
mod zstd;

use std::fmt;

use crate::compression::Compression;
use crate::error::Error;
use decoder::Decoder;

/// Most bytes that come out at a time.
const PIECE_BYTES: usize = 64 * 1024;

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

#[cfg(test)]
mod tests;
