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

/// Largest window (dictionary) of xz and zstd that is read: that of `xz -9`. `zstd -19` has 8 MiB.
pub(crate) const MAX_WINDOW_BYTES: u32 = 64 << 20;

/// Most bytes that come out at a time.
const PIECE_BYTES: usize = 64 * 1024;

/// Fewer bytes may be samples that equal a signature by accident.
const MIN_BYTES: usize = 16;

/// A compression of whole files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// `.gz` (RFC 1952).
    Gzip,
    /// `.xz` (The .xz File Format, version 1.2.1).
    Xz,
    /// `.bz2`.
    Bzip2,
    /// `.zst` (RFC 8878).
    Zstd,
}

impl Compression {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Gzip, Self::Xz, Self::Bzip2, Self::Zstd];

    /// The name: `gzip`, `xz`, `bzip2` or `zstd`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Xz => "xz",
            Self::Bzip2 => "bzip2",
            Self::Zstd => "zstd",
        }
    }

    /// Extensions of file names, without the dot.
    const fn extensions(self) -> &'static [&'static str] {
        match self {
            Self::Gzip => &["gz", "gzip"],
            Self::Xz => &["xz"],
            Self::Bzip2 => &["bz2"],
            Self::Zstd => &["zst", "zstd"],
        }
    }

    /// Recognises the compression of an object by its first 16 bytes or more.
    #[must_use]
    pub fn recognise(head: &[u8]) -> Option<Self> {
        if head.len() < MIN_BYTES {
            return None;
        }
        match head {
            // The upper bits of the flags are reserved.
            [0x1f, 0x8b, 8, flags, ..] if flags & 0xe0 == 0 => Some(Self::Gzip),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Self::Xz),
            [b'B', b'Z', b'h', b'1'..=b'9', block @ ..] if bzip2::begins_block(block) => Some(Self::Bzip2),
            _ if zstd::begins_frame(head) => Some(Self::Zstd),
            _ => None,
        }
    }

    /// The compression that a Content-Encoding of HTTP names.
    #[must_use]
    pub fn of_content_encoding(name: &str) -> Option<Self> {
        let name = name.trim().to_ascii_lowercase();
        match name.as_str() {
            "gzip" | "x-gzip" => Some(Self::Gzip),
            "zstd" => Some(Self::Zstd),
            "xz" | "x-xz" => Some(Self::Xz),
            "bzip2" | "x-bzip2" => Some(Self::Bzip2),
            _ => None,
        }
    }

    /// Divides a file name into the name of what was compressed, and the compression that the
    /// extension names.
    #[must_use]
    pub fn split_file_name(file_name: &str) -> (&str, Option<Self>) {
        let Some((stem, extension)) = file_name.rsplit_once('.') else {
            return (file_name, None);
        };
        let is_named = |compression: &Self| {
            let mut extensions = compression.extensions().iter();
            extensions.any(|known| known.eq_ignore_ascii_case(extension))
        };
        match Self::ALL.into_iter().find(is_named) {
            Some(compression) => (stem, Some(compression)),
            None => (file_name, None),
        }
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

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
    /// once all of `input` is taken. The error says what is wrong with the bytes.
    pub(crate) fn decode(&mut self, input: &mut &[u8]) -> Result<Option<&[u8]>, String> {
        let count = self.decoder.decode(input, &mut self.output)?;
        self.bytes_out += count as u64;
        Ok((count > 0).then(|| &self.output[..count]))
    }

    /// Must be called after the last byte.
    pub(crate) fn end(&mut self) -> Result<(), String> {
        self.decoder.end()
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

/// What follows the end of the compressed data.
fn trailing(bytes: &[u8]) -> String {
    let begin: String = bytes.iter().take(8).map(|byte| format!(" {byte:02x}")).collect();
    format!("bytes that are no compressed data follow the end of the compressed data:{begin}")
}

#[cfg(test)]
mod tests;
