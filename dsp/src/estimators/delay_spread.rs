//! The width of the autocorrelation, which the training data calls the multipath delay spread.

#[cfg(target_arch = "x86_64")]
use pulp::Arch;
use pulp::Simd;
#[cfg(target_arch = "x86_64")]
use pulp::x86::{V3, V4};

use crate::decibel::EPSILON;
use crate::fft::real::RealPart;
#[cfg(target_arch = "x86_64")]
use crate::fft::symmetric::{Bins, SCALE, Symmetric};
#[cfg(target_arch = "x86_64")]
use crate::simd::instruction_set::arch;
#[cfg(target_arch = "x86_64")]
use crate::simd::lanes::Lanes;
use crate::simd::registers::total;
use crate::simd::{MAX_LANES, SUM_BLOCK, dispatch, lane_numbers, narrow};

/// Largest accepted relative error of the spread from lags of which it is uncertain whether they
/// count: most of the tolerance of 1e-4.
const TOLERANCE: f64 = 8e-5;

/// Bound on the error of each lag, from the single-precision transform and from the division by
/// lag 0, relative to lag 0.
const LAG_ERROR: f64 = 1.1e-6;

/// The lags that count, and how they scatter.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DelaySpread {
    /// How many lags count.
    pub lags: usize,
    /// Weighted standard deviation of their lag, in samples.
    pub std: f64,
    /// Whether each lag clearly counts or clearly does not, or the uncertain ones make no
    /// difference.
    pub certain: bool,
}

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

/// Levels relative to lag 0: up to the first a lag clearly does not count, above the second it
/// counts, from the third on it clearly counts.
#[derive(Clone, Copy)]
struct Levels {
    clearly_below: f32,
    threshold: f32,
    clearly_above: f32,
}

impl Levels {
    fn new(zero_lag: f64, scale: f64) -> Self {
        let epsilon = EPSILON / (scale * zero_lag).powi(2);
        let threshold = (0.1 * (1.0 + epsilon)).sqrt();
        Self {
            clearly_below: narrow(threshold - LAG_ERROR),
            threshold: narrow(threshold),
            clearly_above: narrow(threshold + LAG_ERROR),
        }
    }
}

/// Sums over lags: their number, their weights, and the weights times the lag and its square.
#[derive(Default)]
struct Moments {
    lags: f64,
    weight: f64,
    first: f64,
    second: f64,
}

/// Sums over the lags that count, and over the uncertain ones, each of these with weight 1.
struct LagSums<S: Simd> {
    levels: Levels,
    /// Makes a lag relative to lag 0.
    factor: f32,
    /// Sums of the latest lags, lane by lane: as in [`Moments`].
    latest: [S::f32s; 4],
    /// Registers in `latest`.
    registers: usize,
    all: Moments,
    uncertain: Moments,
}

impl<S: Simd> LagSums<S> {
    #[inline(always)]
    fn new(simd: S, levels: Levels, factor: f64) -> Self {
        Self {
            levels,
            factor: narrow(factor),
            latest: [simd.splat_f32s(0.0); 4],
            registers: 0,
            all: Moments::default(),
            uncertain: Moments::default(),
        }
    }

    /// Adds two registers of lags with these numbers. Lanes without a lag contain zero.
    #[inline(always)]
    fn add_lags(&mut self, simd: S, lags: [S::f32s; 2], numbers: [S::f32s; 2]) {
        let factor = simd.splat_f32s(self.factor);
        let levels = [
            simd.mul_f32s(simd.abs_f32s(lags[0]), factor),
            simd.mul_f32s(simd.abs_f32s(lags[1]), factor),
        ];
        if simd.reduce_max_f32s(simd.max_f32s(levels[0], levels[1])) > self.levels.clearly_below {
            self.add_levels(simd, levels[0], numbers[0]);
            self.add_levels(simd, levels[1], numbers[1]);
        }
    }

    #[inline(always)]
    fn add_levels(&mut self, simd: S, level: S::f32s, number: S::f32s) {
        let splat = |value: f32| simd.splat_f32s(value);
        let (zero, one) = (splat(0.0), splat(1.0));
        let counts = simd.greater_than_f32s(level, splat(self.levels.threshold));
        let square = simd.select_f32s(counts, simd.mul_f32s(level, level), zero);
        let first = simd.mul_f32s(square, number);
        let second = simd.mul_f32s(first, number);
        let terms = [simd.select_f32s(counts, one, zero), square, first, second];
        for (sum, term) in self.latest.iter_mut().zip(terms) {
            *sum = simd.add_f32s(*sum, term);
        }
        self.registers += 1;
        if self.registers == SUM_BLOCK {
            self.add_latest(simd);
        }
        let is_above = simd.greater_than_f32s(level, splat(self.levels.clearly_below));
        let below = simd.select_f32s(simd.less_than_f32s(level, splat(self.levels.clearly_above)), one, zero);
        let uncertain = simd.select_f32s(is_above, below, zero);
        if simd.reduce_max_f32s(uncertain) > 0.0 {
            let first = simd.mul_f32s(uncertain, number);
            let second = simd.mul_f32s(first, number);
            self.uncertain.add(simd, [uncertain, uncertain, first, second]);
        }
    }

    #[inline(always)]
    fn add_latest(&mut self, simd: S) {
        self.all.add(simd, self.latest);
        self.latest = [simd.splat_f32s(0.0); 4];
        self.registers = 0;
    }

    #[inline(always)]
    fn finish(mut self, simd: S) -> DelaySpread {
        self.all.add(simd, self.latest);
        spread(&self.all, &self.uncertain, self.levels)
    }
}

impl Moments {
    #[inline(always)]
    fn add<S: Simd>(&mut self, simd: S, sums: [S::f32s; 4]) {
        self.lags += total(simd, sums[0]);
        self.weight += total(simd, sums[1]);
        self.first += total(simd, sums[2]);
        self.second += total(simd, sums[3]);
    }
}

fn spread(all: &Moments, uncertain: &Moments, levels: Levels) -> DelaySpread {
    if all.lags == 0.0 {
        return DelaySpread {
            lags: 0,
            std: 0.0,
            certain: uncertain.lags == 0.0,
        };
    }
    // The difference of squares loses digits if a few lags far from 0 are close together. Lag 0
    // counts, so they are not.
    let mean = all.first / all.weight;
    let variance = (all.second / all.weight - mean * mean).max(0.0);
    // A lag at the threshold changes the variance by the share of its weight times the difference
    // of its squared distance from the mean and the variance.
    let distances = uncertain.second - 2.0 * mean * uncertain.first + mean * mean * uncertain.weight;
    let weight = f64::from(levels.clearly_above).powi(2) / all.weight;
    let change = weight * (distances + uncertain.lags * variance);
    let makes_no_difference = all.lags - uncertain.lags > 1.0 && change < 2.0 * TOLERANCE * variance;
    DelaySpread {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a count, below 2^53"
        )]
        lags: all.lags as usize,
        std: variance.sqrt(),
        certain: uncertain.lags == 0.0 || makes_no_difference,
    }
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
mod tests {
    use super::*;

    #[test]
    fn two_equal_lags_have_half_their_distance_as_deviation() {
        let mut correlation = vec![0.1_f32; 500];
        correlation[0] = 1.0;
        correlation[300] = -1.0;
        let found = of_lags(&correlation, 1e6);
        assert_eq!(found.lags, 2);
        assert!(found.certain && (found.std - 150.0).abs() < 1e-9);
    }

    #[test]
    fn a_lag_at_the_threshold_is_uncertain() {
        let mut correlation = vec![0.0_f32; 500];
        correlation[0] = 1.0;
        correlation[77] = 0.1_f32.sqrt();
        assert!(!of_lags(&correlation, 1e6).certain);
    }

    #[test]
    fn one_lag_at_the_threshold_among_thousands_makes_no_difference() {
        let mut correlation: Vec<f32> = (0..20_001).map(|lag| (lag as f32 * 0.7).cos()).collect();
        let clear = of_lags(&correlation, 1e6);
        assert!(clear.certain);
        let outside = correlation.iter().position(|lag| lag.abs() < 0.3).unwrap();
        correlation[outside] = 0.1_f32.sqrt();
        let unclear = of_lags(&correlation, 1e6);
        assert!(unclear.certain && (unclear.std / clear.std - 1.0).abs() < TOLERANCE);
        // Many such lags, or one among few others, make a difference.
        let many: Vec<f32> = (0..20_001)
            .map(|lag| if lag % 9 == 4 { 0.1_f32.sqrt() } else { 1.0 })
            .collect();
        assert!(!of_lags(&many, 1e6).certain);
        let mut few = vec![0.0_f32; 20_001];
        few[..300].fill(1.0);
        few[15_000] = 0.1_f32.sqrt();
        assert!(!of_lags(&few, 1e6).certain);
    }

    #[test]
    fn the_spread_of_silence_is_zero() {
        let found = of_lags(&[0.0; 100], 1.0);
        assert_eq!(found.lags, 0);
        assert_eq!(found.std, 0.0);
    }
}
