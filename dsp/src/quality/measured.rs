use rustfft::num_complex::Complex32;

use super::clipping::Clipped;
use crate::estimators::drift::Drift;
use crate::estimators::envelope::Envelope;
use crate::estimators::impulses::Impulses;
use crate::estimators::noise::Noise;
use crate::format::SampleFormat;

/// The measurements of a chunk. Its samples were multiplied by the square root of 1 /
/// `power_scale`.
pub(crate) struct Measured<'a> {
    pub samples: &'a [Complex32],
    pub format: SampleFormat,
    pub power_scale: f64,
    pub envelope: &'a Envelope,
    /// The envelope without clicks. The spectrum and the noise are without them too.
    pub without_impulses: &'a Envelope,
    pub impulses: Impulses,
    pub clipped: Clipped,
    /// In the transform's order, without padding.
    pub spectrum: &'a [Complex32],
    pub noise: &'a Noise,
    /// Whether the line at 0 Hz is strong enough for a carrier.
    pub has_strong_zero_hz: bool,
    /// The drift of the line at 0 Hz, which is in the spectrum.
    pub drift: Option<Drift>,
}
