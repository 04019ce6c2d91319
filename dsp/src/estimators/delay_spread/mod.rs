//! The width of the autocorrelation, which the training data calls the multipath delay spread.

mod lag_sums;

#[cfg(target_arch = "x86_64")]
use pulp::Arch;
use pulp::Simd;
#[cfg(target_arch = "x86_64")]
use pulp::x86::{V3, V4};

use crate::fft::real::RealPart;
#[cfg(target_arch = "x86_64")]
use crate::fft::symmetric::Symmetric;
#[cfg(target_arch = "x86_64")]
use crate::fft::symmetric::bins::{Bins, SCALE};
#[cfg(target_arch = "x86_64")]
use crate::simd::instruction_set::arch;
#[cfg(target_arch = "x86_64")]
use crate::simd::lanes::Lanes;
use crate::simd::{MAX_LANES, dispatch, lane_numbers};
use lag_sums::{DelaySpread, LagSums, Levels};

/// Plan and buffers for one length.
pub(crate) struct DelaySpreadEstimator(Kind);

enum Kind {
    #[cfg(target_arch = "x86_64")]
    Avx512(Box<Symmetric<V4>>),
    #[cfg(target_arch = "x86_64")]
    Avx2(Box<Symmetric<V3>>),
    Any(RealPart),
}

impl DelaySpreadEstimator {
    /// Plans for `n` powers.
    pub(crate) fn new(n: usize) -> Self {
        #[cfg(target_arch = "x86_64")]
        let own = match arch() {
            Arch::V4(simd) => Symmetric::new(simd, n).map(|plan| Kind::Avx512(Box::new(plan))),
            Arch::V3(simd) => Symmetric::new(simd, n).map(|plan| Kind::Avx2(Box::new(plan))),
            _ => None,
        };
        #[cfg(not(target_arch = "x86_64"))]
        let own = None;
        Self(own.unwrap_or_else(|| Kind::Any(RealPart::new(n))))
    }

    /// The spread of the lags of the circular autocorrelation, which is the real part of the
    /// transform of the power spectrum. `total` is the sum of `power`: lag 0, the largest. A lag
    /// counts if its square exceeds a tenth of the largest square; the square is its weight.
    /// `scale` converts a lag to the units of the training data, which adds its epsilon to the
    /// largest square. `None` if `power` does not have the planned length.
    pub(crate) fn estimate(&mut self, power: &[f32], total: f64, scale: f64) -> Option<DelaySpread> {
        match &mut self.0 {
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512(plan) => estimate_with(plan, power, total, scale),
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2(plan) => estimate_with(plan, power, total, scale),
            Kind::Any(plan) => plan.of(power).map(|lags| of_lags(lags, scale)),
        }
    }
}

#[cfg(target_arch = "x86_64")]
fn estimate_with<S: Lanes>(plan: &mut Symmetric<S>, power: &[f32], total: f64, scale: f64) -> Option<DelaySpread> {
    if plan.len() != power.len() {
        return None;
    }
    let levels = Levels::new(total, scale);
    let mut sums = LagSums::new(plan.simd(), levels, 1.0 / (SCALE * total));
    if total > 0.0 {
        plan.process(power, total, &mut sums);
    }
    Some(sums.finish(plan.simd()))
}

#[cfg(target_arch = "x86_64")]
impl<S: Lanes> Bins<S> for LagSums<S> {
    #[inline(always)]
    fn may_matter(&self, simd: S, bounds: S::f32s) -> bool {
        // The bound itself is rounded.
        let level = self.levels.clearly_below / self.factor;
        simd.reduce_max_f32s(bounds) > 0.99 * level * level
    }

    #[inline(always)]
    fn add(&mut self, simd: S, bins: [S::f32s; 2], numbers: [S::f32s; 2]) {
        self.add_lags(simd, bins, numbers);
    }
}

/// The spread from `correlation`: lags 0 to half the chunk's length.
fn of_lags(correlation: &[f32], scale: f64) -> DelaySpread {
    dispatch!(simd => of_lags_in_lanes(correlation: &'a [f32], scale: f64) -> DelaySpread)
}

#[inline(always)]
fn of_lags_in_lanes<S: Simd>(simd: S, correlation: &[f32], scale: f64) -> DelaySpread {
    let zero_lag = f64::from(correlation[0]);
    let mut sums = LagSums::new(simd, Levels::new(zero_lag, scale), 1.0 / zero_lag);
    if zero_lag > 0.0 {
        let zero = simd.splat_f32s(0.0);
        let mut number = lane_numbers::<S>();
        let (rows, rest) = S::as_simd_f32s(correlation);
        let mut last = [0.0; MAX_LANES];
        last[..rest.len()].copy_from_slice(rest);
        for row in rows.iter().chain(S::as_simd_f32s(&last[..S::F32_LANES]).0) {
            sums.add_lags(simd, [*row, zero], [number, zero]);
            number = simd.add_f32s(number, simd.splat_f32s(S::F32_LANES as f32));
        }
    }
    sums.finish(simd)
}

/// Confidence in the delay spread for an SNR: 1 above 15 dB, below it three linear pieces down to 0
/// at 0 dB.
pub(crate) fn delay_confidence(snr_db: f64) -> f64 {
    if snr_db > 15.0 {
        1.0
    } else if snr_db > 10.0 {
        0.5 + (snr_db - 10.0) / 10.0
    } else if snr_db > 5.0 {
        0.3 + (snr_db - 5.0) / 10.0
    } else {
        (snr_db / 15.0).max(0.0)
    }
}

#[cfg(test)]
mod tests;
