//! Sums over the lags that count, as they arise.

use pulp::Simd;

use crate::decibel::EPSILON;
use crate::simd::registers::total;
use crate::simd::{SUM_BLOCK, narrow};

/// Largest accepted relative error of the spread from lags of which it is uncertain whether they
/// count: most of the tolerance of 1e-4.
pub(super) const TOLERANCE: f64 = 8e-5;

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

/// Levels relative to lag 0: up to the first a lag clearly does not count, above the second it
/// counts, from the third on it clearly counts.
#[derive(Clone, Copy)]
pub(super) struct Levels {
    pub(super) clearly_below: f32,
    threshold: f32,
    clearly_above: f32,
}

impl Levels {
    pub(super) fn new(zero_lag: f64, scale: f64) -> Self {
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
pub(super) struct Moments {
    lags: f64,
    weight: f64,
    first: f64,
    second: f64,
}

/// Sums over the lags that count, and over the uncertain ones, each of these with weight 1.
pub(super) struct LagSums<S: Simd> {
    pub(super) levels: Levels,
    /// Makes a lag relative to lag 0.
    pub(super) factor: f32,
    /// Sums of the latest lags, lane by lane: as in [`Moments`].
    latest: [S::f32s; 4],
    /// Registers in `latest`.
    registers: usize,
    all: Moments,
    uncertain: Moments,
}

impl<S: Simd> LagSums<S> {
    #[inline(always)]
    pub(super) fn new(simd: S, levels: Levels, factor: f64) -> Self {
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
    pub(super) fn add_lags(&mut self, simd: S, lags: [S::f32s; 2], numbers: [S::f32s; 2]) {
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
    pub(super) fn finish(mut self, simd: S) -> DelaySpread {
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
