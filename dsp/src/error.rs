use crate::format::SampleFormat;

/// Why a recording has no features. The text is what the user sees in the row.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// The bytes end inside a sample.
    #[error(
        "Invalid IQ data format: {left_over} bytes left over at the end, {format} samples are {sample_bytes} bytes each ({data_bytes} bytes of samples in all)"
    )]
    PartialSample {
        /// The format the bytes were read as.
        format: SampleFormat,
        /// Bytes of one sample.
        sample_bytes: usize,
        /// Bytes after the last whole sample.
        left_over: usize,
        /// All bytes that hold samples, the rest included.
        data_bytes: u64,
    },
    /// A header says what cannot be, or what is not supported.
    #[error("Invalid IQ data format: {container} header: {problem}")]
    Header {
        /// The container, as in `Interpretation::container`.
        container: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// Fewer bytes than the header announced.
    #[error(
        "Invalid IQ data format: {container} header announces {announced} bytes of samples, the object has {actual}"
    )]
    Length {
        /// The container, as in `Interpretation::container`.
        container: &'static str,
        /// Bytes according to the header.
        announced: u64,
        /// Bytes that came.
        actual: u64,
    },
    /// More bytes than the header announced.
    #[error(
        "Invalid IQ data format: {container} header announces {announced} bytes of samples, the object goes on behind them"
    )]
    TrailingBytes {
        /// The container, as in `Interpretation::container`.
        container: &'static str,
        /// Bytes according to the header.
        announced: u64,
    },
    /// `SigMF` metadata that cannot be followed.
    #[error("Invalid IQ data format: SigMF metadata: {problem}")]
    Metadata {
        /// What is wrong with them.
        problem: String,
    },
    /// A `SigMF` archive that cannot be read.
    #[error("Invalid IQ data format: SigMF archive: {problem}")]
    Archive {
        /// What is wrong with it.
        problem: String,
    },
    /// Not an error yet: a `SigMF` archive with the dataset in front of its metadata. See [`crate::Hints::read_archive_tail`].
    #[error("Invalid IQ data format: SigMF archive: the metadata come behind the dataset, at byte {at}")]
    MetadataAfterSamples {
        /// Where the metadata's entry begins.
        at: u64,
    },
    /// A sample format that is known by its name and not read.
    #[error(
        "Invalid IQ data format: sample format {name} ({source_of_format}) is not supported; supported are cf32_le, cf64_le, ci16_le, ci24_le, ci32_le, ci8, cu8"
    )]
    UnsupportedFormat {
        /// Its name.
        name: String,
        /// Who named it.
        source_of_format: &'static str,
    },
    /// The object is something else altogether.
    #[error("Invalid IQ data format: the object is {looks_like}, not a recording in a known format")]
    NotARecording {
        /// What it is.
        looks_like: &'static str,
    },
    /// Plausible samples that were written in another format.
    #[error("Invalid IQ data format: read as {read_as} ({source_of_format}), looks like {looks_like}")]
    Misread {
        /// The format the bytes were read as.
        read_as: SampleFormat,
        /// Who named it.
        source_of_format: &'static str,
        /// What the bytes seem to be instead.
        looks_like: &'static str,
    },
    /// Samples that are NaN or infinite.
    #[error("Invalid IQ data format: {count} of the {of} samples from sample {from} on are NaN or infinite, the first is sample {first}{}", explain(*looks_like))]
    NotFinite {
        /// How many, in the chunk where the first one is.
        count: usize,
        /// Samples in that chunk.
        of: usize,
        /// Index of the chunk's first sample in the recording.
        from: u64,
        /// Index of the first bad sample in the recording.
        first: u64,
        /// What the bytes seem to be instead.
        looks_like: Option<&'static str>,
    },
    /// Samples too large for any receiver.
    #[error("Invalid IQ data format: values up to {value:.1e}, the first too large is sample {first}, no recording exceeds {limit:e}{}", explain(*looks_like))]
    TooLarge {
        /// Index of the first sample over the limit.
        first: u64,
        /// The largest component, in the chunk where the first one is.
        value: f32,
        /// The limit.
        limit: f32,
        /// What the bytes seem to be instead.
        looks_like: Option<&'static str>,
    },
    /// All samples too small for any receiver.
    #[error("Invalid IQ data format: none of the {samples} samples exceeds {largest:e}, every recording exceeds {limit:e}{}", explain(*looks_like))]
    TooSmall {
        /// Samples read.
        samples: u64,
        /// The largest component of any.
        largest: f32,
        /// The limit.
        limit: f32,
        /// What the bytes seem to be instead.
        looks_like: Option<&'static str>,
    },
    /// Nothing but zeros.
    #[error("Invalid IQ data format: every one of the {samples} samples is zero")]
    AllZero {
        /// Samples read.
        samples: u64,
    },
    /// A sample rate that no chunk can be cut with.
    #[error("Invalid IQ data format: sample rate {rate_hz} Hz ({source_of_rate}) is outside {min_hz} to {max_hz} Hz")]
    SampleRate {
        /// The rate.
        rate_hz: f64,
        /// Where it came from.
        source_of_rate: &'static str,
        /// The smallest accepted.
        min_hz: f64,
        /// The largest accepted.
        max_hz: f64,
    },
    /// Not one whole chunk between losses.
    #[error(
        "Recording too short: {samples} samples with {gaps} gaps between them, none of the pieces has the {needed} that one chunk needs"
    )]
    TooBroken {
        /// Samples in the recording.
        samples: u64,
        /// Places where samples were lost.
        gaps: u64,
        /// Samples in a chunk.
        needed: usize,
    },
    /// Not one whole chunk.
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
    /// A stable word for the kind of failure, for `error_kind` columns and metrics.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::TooShort { .. } | Self::TooBroken { .. } => "too_short",
            _ => "invalid_format",
        }
    }
}
