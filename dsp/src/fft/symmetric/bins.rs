//! What receives the bins of the transform.

use crate::simd::lanes::Lanes;

/// The bins are this multiple of the transform's real part.
pub(crate) const SCALE: f64 = 4.0;

/// Receives the bins, times [`SCALE`].
pub(crate) trait Bins<S: Lanes> {
    /// Whether any number may matter whose square is at most the bound in its lane.
    fn may_matter(&self, simd: S, bounds: S::f32s) -> bool;

    /// Receives bins and their numbers. Each bin from 0 to half the length comes once, in no
    /// particular order. Lanes without a bin contain zero. Bins that cannot matter may be left out.
    fn add(&mut self, simd: S, bins: [S::f32s; 2], numbers: [S::f32s; 2]);
}
