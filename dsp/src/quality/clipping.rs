//! The ends of the scale.

use pulp::Simd;
use rustfft::num_complex::Complex32;

use crate::estimators::envelope::ClippingLevels;
use crate::estimators::peak_range::PeakRange;
use crate::format::SampleFormat;
use crate::simd::dispatch;
use crate::simd::registers::bits;

/// Where the end of the scale is unknown, components within 0.1 % of the extremes count as clipped
/// if there are many of them compared with those within 1 % and with those within 10 %. Even the
/// coarse steps of a former 8-bit recording have components within 10 %. A sine wave has the
/// sharpest peaks of all signals without clipping: 0.46 and 0.11 times as many components are at
/// the extremes. For Gaussian noise of which 0.01 % is clipped the factors are 6 and 0.28. If the
/// steps are so coarse that none is within 1 %, the next lower step is compared: a sine wave has at
/// most 1 / (sqrt(2) - 1) = 2.4 times as many at the last step.
const RAIL: f32 = 0.999;
const NEAR: f32 = 0.99;
const AROUND: f32 = 0.9;
const OVER_NEAR: f64 = 4.0;
const OVER_AROUND: f64 = 0.25;
pub(super) const FEWEST_CLIPPED: usize = 16;

/// Clipping levels of a chunk with these peaks: the ends of the format if the peaks reach them,
/// otherwise levels close to the peaks.
pub(crate) fn levels(format: SampleFormat, peaks: PeakRange) -> ClippingLevels {
    let PeakRange { low, high } = peaks;
    match ends_reached(format, peaks) {
        Some((low, high)) => ClippingLevels {
            low,
            high,
            certain: true,
        },
        // Silence does not clip.
        None => ClippingLevels {
            low: if low < 0.0 { RAIL * low } else { f32::NEG_INFINITY },
            high: if high > 0.0 { RAIL * high } else { f32::INFINITY },
            certain: false,
        },
    }
}

/// The ends of the format, if the peaks reach one of them.
fn ends_reached(format: SampleFormat, peaks: PeakRange) -> Option<(f32, f32)> {
    let (low, high) = format.ends()?;
    (peaks.low <= low || peaks.high >= high).then_some((low, high))
}

/// Whether the levels are ends of the scale: the histogram has a spike at both of them. So many
/// components are `at_clipping_levels`.
pub(super) fn is_spike(samples: &[Complex32], clipping: ClippingLevels, at_clipping_levels: usize) -> bool {
    let components: &[f32] = bytemuck::cast_slice(samples);
    let smaller = clipping.high.min(-clipping.low) / RAIL;
    let below = |level: f32| count_outside(components, level).saturating_sub(at_clipping_levels) as f64;
    at_clipping_levels as f64 > OVER_NEAR * below(NEAR * smaller)
        && at_clipping_levels as f64 > OVER_AROUND * below(AROUND * smaller)
        && at_clipping_levels as f64 > OVER_NEAR * below(next_below(components, RAIL * smaller))
        && components.iter().any(|component| *component >= clipping.high)
        && components.iter().any(|component| *component <= clipping.low)
}

/// The largest magnitude of a component below this level.
fn next_below(components: &[f32], level: f32) -> f32 {
    let sizes = components.iter().map(|component| component.abs());
    sizes.filter(|size| *size < level).fold(0.0, f32::max)
}

/// Components whose magnitude is at least `level`.
fn count_outside(components: &[f32], level: f32) -> usize {
    dispatch!(simd => count_outside_in_lanes(components: &'a [f32], level: f32) -> usize)
}

#[inline(always)]
fn count_outside_in_lanes<S: Simd>(simd: S, components: &[f32], level: f32) -> usize {
    let levels = simd.splat_f32s(level);
    let (rows, rest) = S::as_simd_f32s(components);
    let mut count = rest.iter().filter(|component| component.abs() >= level).count();
    for row in rows {
        let outside = simd.greater_than_or_equal_f32s(simd.abs_f32s(*row), levels);
        count += bits(simd, outside).count_ones() as usize;
    }
    count
}
