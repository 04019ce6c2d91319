use crate::estimators::noise::{BandShape, KurtosisDeficit};
use crate::features::{ChunkReading, Features};

/// The numbers of one chunk.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MeasuredChunk {
    /// The 17 numbers.
    pub features: Features<f64>,
    /// The extended features, without a line at 0 Hz.
    pub reading: ChunkReading,
    /// The same with the line at 0 Hz, if it is strong enough for a carrier.
    pub with_carrier: Option<ChunkReading>,
    pub shape: BandShape,
    /// Whether all of it may be the noise that a narrow filter passes.
    pub may_be_filtered: bool,
    /// The deficit of kurtosis, and the part of the power above the noise.
    pub deficit: (KurtosisDeficit, f64),
    /// Whether the detector found a signal, not counting a line at 0 Hz.
    pub signal_present: bool,
}
