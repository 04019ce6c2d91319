use rustfft::num_complex::Complex32;

use crate::estimators::envelope::{ClippingLevels, Envelope};
use crate::estimators::noise::Noise;
use crate::format::SampleFormat;

/// The measurements of a chunk. Its samples were multiplied by the square root of 1 /
/// `power_scale`.
pub(crate) struct Measured<'a> {
    pub samples: &'a [Complex32],
    pub format: SampleFormat,
    pub power_scale: f64,
    pub envelope: &'a Envelope,
    pub clipping: ClippingLevels,
    /// In the transform's order, without padding.
    pub spectrum: &'a [Complex32],
    pub noise: &'a Noise,
    /// Whether the line at 0 Hz is strong enough for a carrier.
    pub has_strong_zero_hz: bool,
}
