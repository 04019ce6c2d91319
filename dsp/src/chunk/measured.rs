use crate::features::{Extended, Features};

/// The numbers of one chunk.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MeasuredChunk {
    /// The 17 numbers.
    pub features: Features<f64>,
    /// The extended features.
    pub extended: Extended<f64>,
    /// Whether they contain an emission's place in the band.
    pub is_located: bool,
    /// Whether the detector found a signal.
    pub signal_present: bool,
}
