//! The compressions of whole files that are read: their names, extensions and first bytes.

use std::fmt;

/// Bytes that are needed to recognise a compression. Fewer may be samples that equal a signature by
/// accident.
pub(crate) const MIN_BYTES: usize = 16;

/// The first bytes of a frame of zstd.
pub(crate) const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

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
            [b'B', b'Z', b'h', b'1'..=b'9', block @ ..] if begins_block(block) => Some(Self::Bzip2),
            _ if begins_frame(head) => Some(Self::Zstd),
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

/// Whether the bytes are those of a block of bzip2 (digits of pi), or of the end of a stream
/// without blocks (digits of its square root).
fn begins_block(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x31, 0x41, 0x59, 0x26, 0x53, 0x59]) || bytes.starts_with(&[0x17, 0x72, 0x45, 0x38, 0x50, 0x90])
}

/// Whether the bytes are those of a frame of zstd, or of one that is skipped.
fn begins_frame(bytes: &[u8]) -> bool {
    bytes.starts_with(&ZSTD_MAGIC) || is_skipped_frame(bytes)
}

/// Whether the bytes are those of a frame of zstd that is skipped.
pub(crate) fn is_skipped_frame(bytes: &[u8]) -> bool {
    matches!(bytes, [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_extensions_and_encodings_are_recognised() {
        for (name, found) in [
            ("x_200k.cf32.gz", ("x_200k.cf32", Some(Compression::Gzip))),
            ("x.sigmf.XZ", ("x.sigmf", Some(Compression::Xz))),
            ("a.b/x.bz2", ("a.b/x", Some(Compression::Bzip2))),
            ("x.cu8.zst", ("x.cu8", Some(Compression::Zstd))),
            ("x.cu8", ("x.cu8", None)),
            ("gz", ("gz", None)),
        ] {
            assert_eq!(Compression::split_file_name(name), found);
        }
        assert_eq!(Compression::of_content_encoding(" GZIP "), Some(Compression::Gzip));
        assert_eq!(Compression::of_content_encoding("zstd"), Some(Compression::Zstd));
        assert_eq!(Compression::of_content_encoding("aws-chunked"), None);
    }

    #[test]
    fn samples_that_begin_like_a_compression_are_samples() {
        for head in [
            &b"\x1f\x8b\x08\xff\0\0\0\0\0\0\0\0\0\0\0\0"[..],
            b"\x1f\x8b\x09\0\0\0\0\0\0\0\0\0\0\0\0\0",
            b"BZh9 is a text...",
            b"BZh0\x31\x41\x59\x26\x53\x59\0\0\0\0\0\0\0",
            b"\x28\xb5\x2f\xfc\0\0\0\0\0\0\0\0\0\0\0\0",
            b"\x1f\x8b\x08\0\0\0\0\0\0\0\0\0\0\0\0",
            b"",
        ] {
            assert_eq!(Compression::recognise(head), None, "{head:?}");
        }
    }
}
