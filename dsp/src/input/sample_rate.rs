//! Sample rates that are read, and the one where nothing says otherwise.

/// Samples per second where nothing says otherwise: what the acquisition service records with.
pub const DEFAULT_SAMPLE_RATE_HZ: f64 = 200_000.0;

/// Below this a chunk has so few samples that none of the numbers means anything.
pub const MIN_SAMPLE_RATE_HZ: f64 = 1_000.0;

/// Above this one chunk would take more than 40 MB of memory.
pub const MAX_SAMPLE_RATE_HZ: f64 = 25_000_000.0;

/// The source of what nobody said.
pub(crate) const DEFAULT: &str = "default";
