//! The limits of sample rates, and the default.

/// Samples per second if no source names a rate: that of the acquisition service.
pub const DEFAULT_SAMPLE_RATE_HZ: f64 = 200_000.0;

/// Lowest rate. Below it a chunk has too few samples for meaningful numbers.
pub const MIN_SAMPLE_RATE_HZ: f64 = 1_000.0;

/// Highest rate: that of the widest receivers in use, 122.88 MS/s. A chunk then has
/// 24,576,000 samples, and takes 1.3 GB of memory (a tone) to 2.8 GB (noise).
pub const MAX_SAMPLE_RATE_HZ: f64 = 122_880_000.0;

/// The source of a default.
pub(crate) const DEFAULT: &str = "default";
