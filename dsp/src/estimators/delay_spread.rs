//! The width of the autocorrelation, which the training data calls the multipath delay spread.

use pulp::Simd;

use crate::decibel::EPSILON;
use crate::simd::{dispatch, lane_numbers, narrow, total};

/// Lags in a block. A block in which no lag can count is skipped. Small, so that the numbers of the
/// lags within a block have few digits.
const BLOCK: usize = 256;

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

/// Computes the spread from `correlation`: lags 0 to half the chunk's length, of which lag 0 is the
/// largest. A lag counts if its square exceeds a tenth of the largest square; the square is its
/// weight. `scale` converts a lag to the units of the training data, which adds its epsilon to the
/// largest square.
pub(crate) fn estimate(correlation: &[f32], scale: f64) -> DelaySpread {
    dispatch!(simd => estimate_in_lanes(correlation: &'a [f32], scale: f64) -> DelaySpread)
}

#[inline(always)]
fn estimate_in_lanes<S: Simd>(simd: S, correlation: &[f32], scale: f64) -> DelaySpread {
    let zero_lag = f64::from(correlation[0]);
    let (mut all, mut uncertain) = (Moments::default(), Moments::default());
    let epsilon = EPSILON / (scale * zero_lag).powi(2);
    let threshold = (0.1 * (1.0 + epsilon)).sqrt();
    let levels = Levels {
        clearly_below: narrow(threshold - LAG_ERROR),
        threshold: narrow(threshold),
        clearly_above: narrow(threshold + LAG_ERROR),
    };
    if zero_lag > 0.0 {
        levels.add_lags(simd, correlation, zero_lag, [&mut all, &mut uncertain]);
    }
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

/// Sums over lags: their number, their weights, and the weights times the lag and its square.
#[derive(Default)]
struct Moments {
    lags: f64,
    weight: f64,
    first: f64,
    second: f64,
}

impl Moments {
    /// Adds sums in which the lags are numbered from `start` on.
    fn add(&mut self, start: f64, sums: &[f64; 4]) {
        let [lags, weight, first, second] = *sums;
        self.lags += lags;
        self.weight += weight;
        self.first += first + start * weight;
        self.second += second + 2.0 * start * first + start * start * weight;
    }
}

/// Levels relative to lag 0: up to the first a lag clearly does not count, above the second it
/// counts, from the third on it clearly counts.
struct Levels {
    clearly_below: f32,
    threshold: f32,
    clearly_above: f32,
}

impl Levels {
    /// Adds the lags that count to `all`, and those that are uncertain, each with weight 1, to
    /// `uncertain`.
    #[inline(always)]
    fn add_lags<S: Simd>(&self, simd: S, correlation: &[f32], zero_lag: f64, [all, uncertain]: [&mut Moments; 2]) {
        let lowest = f64::from(self.clearly_below) * zero_lag;
        for (index, block) in correlation.chunks(BLOCK).enumerate() {
            // Without the sign, floats have the order of the integers with the same bits.
            let size = |lag: &f32| lag.to_bits() & (u32::MAX >> 1);
            let highest = f32::from_bits(block.iter().map(size).fold(0, u32::max));
            if f64::from(highest) < lowest {
                continue;
            }
            let mut padded = [0.0; BLOCK];
            let block = if block.len() == BLOCK {
                block
            } else {
                padded[..block.len()].copy_from_slice(block);
                &padded
            };
            let start = (index * BLOCK) as f64;
            let (sums, uncertain_lags) = self.sum_block(simd, block, narrow(1.0 / zero_lag));
            all.add(start, &sums);
            if uncertain_lags > 0.0 {
                for (number, lag) in block.iter().enumerate() {
                    let level = f64::from(lag.abs()) / zero_lag;
                    if level > f64::from(self.clearly_below) && level < f64::from(self.clearly_above) {
                        let number = number as f64;
                        uncertain.add(start, &[1.0, 1.0, number, number * number]);
                    }
                }
            }
        }
    }

    /// Sums over the lags of a block that count, and the number of uncertain ones. `factor` makes a
    /// lag relative to lag 0.
    #[inline(always)]
    fn sum_block<S: Simd>(&self, simd: S, block: &[f32], factor: f32) -> ([f64; 4], f64) {
        let splat = |value: f32| simd.splat_f32s(value);
        let (zero, one, factor) = (splat(0.0), splat(1.0), splat(factor));
        let (clearly_below, threshold, clearly_above) = (
            splat(self.clearly_below),
            splat(self.threshold),
            splat(self.clearly_above),
        );
        let mut number = lane_numbers::<S>();
        let step = splat(S::F32_LANES as f32);
        let (mut lags, mut weights, mut firsts, mut seconds, mut uncertain) = (zero, zero, zero, zero, zero);
        for row in S::as_simd_f32s(block).0 {
            let level = simd.mul_f32s(simd.abs_f32s(*row), factor);
            let counts = simd.greater_than_f32s(level, threshold);
            let square = simd.select_f32s(counts, simd.mul_f32s(level, level), zero);
            let first = simd.mul_f32s(square, number);
            lags = simd.add_f32s(lags, simd.select_f32s(counts, one, zero));
            weights = simd.add_f32s(weights, square);
            firsts = simd.add_f32s(firsts, first);
            seconds = simd.add_f32s(seconds, simd.mul_f32s(first, number));
            let is_above = simd.greater_than_f32s(level, clearly_below);
            let below = simd.select_f32s(simd.less_than_f32s(level, clearly_above), one, zero);
            uncertain = simd.add_f32s(uncertain, simd.select_f32s(is_above, below, zero));
            number = simd.add_f32s(number, step);
        }
        let sums = [lags, weights, firsts, seconds].map(total::<S>);
        (sums, total::<S>(uncertain))
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
        let found = estimate(&correlation, 1e6);
        assert_eq!(found.lags, 2);
        assert!(found.certain && (found.std - 150.0).abs() < 1e-9);
    }

    #[test]
    fn a_lag_at_the_threshold_is_uncertain() {
        let mut correlation = vec![0.0_f32; 500];
        correlation[0] = 1.0;
        correlation[77] = 0.1_f32.sqrt();
        assert!(!estimate(&correlation, 1e6).certain);
    }

    #[test]
    fn one_lag_at_the_threshold_among_thousands_makes_no_difference() {
        let mut correlation: Vec<f32> = (0..20_001).map(|lag| (lag as f32 * 0.7).cos()).collect();
        let clear = estimate(&correlation, 1e6);
        assert!(clear.certain);
        let outside = correlation.iter().position(|lag| lag.abs() < 0.3).unwrap();
        correlation[outside] = 0.1_f32.sqrt();
        let unclear = estimate(&correlation, 1e6);
        assert!(unclear.certain && (unclear.std / clear.std - 1.0).abs() < TOLERANCE);
        // Many such lags, or one among few others, make a difference.
        let many: Vec<f32> = (0..20_001)
            .map(|lag| if lag % 9 == 4 { 0.1_f32.sqrt() } else { 1.0 })
            .collect();
        assert!(!estimate(&many, 1e6).certain);
        let mut few = vec![0.0_f32; 20_001];
        few[..300].fill(1.0);
        few[15_000] = 0.1_f32.sqrt();
        assert!(!estimate(&few, 1e6).certain);
    }

    #[test]
    fn the_spread_of_silence_is_zero() {
        let found = estimate(&[0.0; 100], 1.0);
        assert_eq!(found.lags, 0);
        assert_eq!(found.std, 0.0);
    }
}
