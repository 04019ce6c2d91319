use crate::compression::Compression;
use crate::format::SampleFormat;
use crate::format::names::KNOWN_FORMATS;

/// Why a recording has no features. The row has the text.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// The bytes end inside a sample.
    #[error(
        "Invalid IQ data format: {left_over} bytes left over at the end, {format} samples are {sample_bytes} bytes each ({data_bytes} bytes of samples in all)"
    )]
    PartialSample {
        /// The format that the bytes were read in.
        format: SampleFormat,
        /// Bytes of one sample.
        sample_bytes: usize,
        /// Bytes after the last whole sample.
        left_over: usize,
        /// All bytes of samples, with those left over.
        data_bytes: u64,
    },
    /// A header is invalid, or states what is not supported.
    #[error("Invalid IQ data format: {container} header: {problem}")]
    Header {
        /// The container, as in `Interpretation::container`.
        container: &'static str,
        /// What is wrong with the header.
        problem: String,
    },
    /// Fewer bytes than the header announces.
    #[error(
        "Invalid IQ data format: {container} header announces {announced} bytes of samples, the object has {actual}"
    )]
    Length {
        /// The container, as in `Interpretation::container`.
        container: &'static str,
        /// Bytes according to the header.
        announced: u64,
        /// Bytes in the object.
        actual: u64,
    },
    /// More bytes than the header announces.
    #[error(
        "Invalid IQ data format: {container} header announces {announced} bytes of samples, the object has more bytes after them"
    )]
    TrailingBytes {
        /// The container, as in `Interpretation::container`.
        container: &'static str,
        /// Bytes according to the header.
        announced: u64,
    },
    /// Compressed data that are damaged, incomplete, followed by other bytes, or need too much
    /// memory.
    #[error("Invalid IQ data format: {compression}-compressed: {problem} ({bytes_out} bytes came out before)")]
    Compressed {
        /// The compression.
        compression: Compression,
        /// What is wrong with the data.
        problem: String,
        /// Bytes that came out before.
        bytes_out: u64,
    },
    /// A compressed object inside a compressed object.
    #[error(
        "Invalid IQ data format: the object is {outer}-compressed, and what comes out is {inner}-compressed again; one compression is read"
    )]
    CompressedTwice {
        /// The compression of the object.
        outer: Compression,
        /// The compression of what comes out.
        inner: Compression,
    },
    /// More comes out of a compressed object than [`crate::Recording::with_limit`] allows.
    #[error(
        "IQ file too large: more than {limit_bytes} bytes come out of its {compression} compression, which is the limit"
    )]
    Expansion {
        /// The compression.
        compression: Compression,
        /// The limit.
        limit_bytes: u64,
    },
    /// `SigMF` metadata that cannot be used.
    #[error("Invalid IQ data format: SigMF metadata: {problem}")]
    Metadata {
        /// What is wrong with the metadata.
        problem: String,
    },
    /// A `SigMF` archive that cannot be read.
    #[error("Invalid IQ data format: SigMF archive: {problem}")]
    Archive {
        /// What is wrong with the archive.
        problem: String,
    },
    /// A `SigMF` archive whose metadata follow the dataset. It can be read a second time: see
    /// [`crate::Hints::read_archive_tail`], and [`crate::CompressedTail`] if it is compressed.
    #[error("Invalid IQ data format: SigMF archive: the metadata follow the dataset, at byte {at}")]
    MetadataAfterSamples {
        /// Where the entry of the metadata begins, or may begin: byte of the archive without its
        /// compression.
        at: u64,
        /// The compression of the archive.
        compression: Option<Compression>,
    },
    /// A sample format that is known and not read.
    #[error(
        "Invalid IQ data format: sample format {name} ({source_of_format}) is not supported; supported are {}",
        KNOWN_FORMATS
    )]
    UnsupportedFormat {
        /// Its name.
        name: String,
        /// The source of the name.
        source_of_format: &'static str,
    },
    /// The object is no recording.
    #[error("Invalid IQ data format: the object is {looks_like}, not a recording in a known format")]
    NotARecording {
        /// What it is.
        looks_like: &'static str,
    },
    /// The samples are plausible only in another format.
    #[error("Invalid IQ data format: read as {read_as} ({source_of_format}), looks like {looks_like}")]
    Misread {
        /// The format that the bytes were read in.
        read_as: SampleFormat,
        /// The source of the format.
        source_of_format: &'static str,
        /// What the bytes look like.
        looks_like: &'static str,
    },
    /// Samples that are NaN or infinite.
    #[error("Invalid IQ data format: {count} of the {of} samples from sample {from} on are NaN or infinite, the first is sample {first}{}", explain(*looks_like))]
    NotFinite {
        /// Number of bad samples in the first chunk that has one.
        count: usize,
        /// Samples in that chunk.
        of: usize,
        /// Index of the first sample of the chunk in the recording.
        from: u64,
        /// Index of the first bad sample in the recording.
        first: u64,
        /// What the bytes look like, if that is known.
        looks_like: Option<&'static str>,
    },
    /// Samples too large for any receiver.
    #[error("Invalid IQ data format: values up to {value:.1e}, the first too large is sample {first}, no recording exceeds {limit:e}{}", explain(*looks_like))]
    TooLarge {
        /// Index of the first sample over the limit.
        first: u64,
        /// The largest component of the chunk that has this sample.
        value: f32,
        /// The limit.
        limit: f32,
        /// What the bytes look like, if that is known.
        looks_like: Option<&'static str>,
    },
    /// All samples too small for any receiver.
    #[error("Invalid IQ data format: none of the {samples} samples exceeds {largest:e}, every recording exceeds {limit:e}{}", explain(*looks_like))]
    TooSmall {
        /// Samples read.
        samples: u64,
        /// The largest component of any sample.
        largest: f32,
        /// The limit.
        limit: f32,
        /// What the bytes look like, if that is known.
        looks_like: Option<&'static str>,
    },
    /// All samples are zero.
    #[error("Invalid IQ data format: every one of the {samples} samples is zero")]
    AllZero {
        /// Samples read.
        samples: u64,
    },
    /// A sample rate outside the limits.
    #[error("Invalid IQ data format: sample rate {rate_hz} Hz ({source_of_rate}) is outside {min_hz} to {max_hz} Hz")]
    SampleRate {
        /// The rate.
        rate_hz: f64,
        /// The source of the rate.
        source_of_rate: &'static str,
        /// The smallest accepted.
        min_hz: f64,
        /// The largest accepted.
        max_hz: f64,
    },
    /// A division into chunks and segments that cannot be measured. Not that of rows.
    #[error("Invalid division at {rate_hz} Hz: {problem}")]
    Grid {
        /// What is wrong with it.
        problem: String,
        /// Samples per second.
        rate_hz: f64,
    },
    /// No whole chunk between the gaps.
    #[error(
        "Recording too short: {samples} samples with {gaps} gaps between them, none of the pieces has the {needed} that one chunk needs"
    )]
    TooBroken {
        /// Samples in the recording.
        samples: u64,
        /// Number of gaps.
        gaps: u64,
        /// Samples in a chunk.
        needed: usize,
    },
    /// Fewer samples than a chunk has.
    #[error("Recording too short: {samples} samples, one chunk needs {needed}")]
    TooShort {
        /// Samples in the recording.
        samples: u64,
        /// Samples in a chunk.
        needed: usize,
    },
}

fn explain(looks_like: Option<&'static str>) -> String {
    looks_like
        .map(|what| format!(": looks like {what}"))
        .unwrap_or_default()
}

impl Error {
    /// The word for `error_kind` columns and metrics: `too_short`, `too_large` or `invalid_format`.
    /// No row has `invalid_division`, since rows have the default [`crate::Grid`].
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::TooShort { .. } | Self::TooBroken { .. } => "too_short",
            Self::Expansion { .. } => "too_large",
            Self::Grid { .. } => "invalid_division",
            _ => "invalid_format",
        }
    }
}
