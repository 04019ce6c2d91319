use crate::estimators::envelope::Envelope;
use crate::estimators::noise::Noise;
use crate::estimators::occupied_bandwidth::Emission;
use crate::estimators::spectrum::Block;

/// The estimates of a chunk that determine its extended features.
pub(crate) struct ChunkEstimates<'a> {
    pub envelope: &'a Envelope,
    /// Mean power without clicks. All that follows is without them too.
    pub mean_power: f64,
    /// Variance of `mean_power`.
    pub power_variance: f64,
    /// Mean powers of the frames.
    pub frames: &'a [f64],
    pub blocks: &'a [Block],
    pub noise: &'a Noise,
    pub emission: Option<Emission>,
    /// Power at 0 Hz that is not a signal's, as a mean over the samples.
    pub offset_power: f64,
    /// Factor that restores the powers of the samples.
    pub power_scale: f64,
    pub sample_rate_hz: f64,
}
