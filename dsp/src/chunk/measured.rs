use crate::features::{Extended, Features};

/// What one chunk gave.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MeasuredChunk {
    /// The 17 numbers.
    pub features: Features<f64>,
    /// The extended features.
    pub extended: Extended<f64>,
    /// Whether that says where in the band something stands out.
    pub is_located: bool,
    /// Whether the detector found a signal.
    pub signal_present: bool,
}
