//! The width of the autocorrelation, which the training data calls the multipath delay spread.

use pulp::Simd;

use crate::decibel::EPSILON;
use crate::simd::{MAX_LANES, total};

/// Lags looked at before it is decided that none of them counts: few enough that their places have few digits.
const BLOCK: usize = 256;

/// How much of itself the spread may be wrong by because of lags of which it is not clear whether they count: most of the
/// tolerance of 1e-4.
const TOLERANCE: f64 = 8e-5;

/// A bound on the error of each lag of the single-precision transform and of its quotient, as a part of lag 0.
const LAG_ERROR: f64 = 1.1e-6;

/// Lags that count, and how they scatter.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DelaySpread {
    /// How many lags count.
    pub lags: usize,
    /// Weighted standard deviation of their lag, in samples.
    pub std: f64,
    /// Whether every lag is clearly in or out, or those that are not make no difference.
    pub certain: bool,
}

/// Reads the spread off the `correlation`: lags 0 to half the chunk's length, lag 0 the
/// largest. A lag counts, with its square as weight, where that exceeds a tenth of the largest square.
/// `scale` turns a lag into the reference's units, in which its epsilon is added to the largest square.
pub(crate) fn estimate(correlation: &[f32], scale: f64) -> DelaySpread {
    struct Gather<'a>(&'a [f32], f64);
    impl pulp::WithSimd for Gather<'_> {
        type Output = DelaySpread;

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) -> DelaySpread {
            estimate_in_lanes(simd, self.0, self.1)
        }
    }
    pulp::Arch::new().dispatch(Gather(correlation, scale))
}

#[inline(always)]
fn estimate_in_lanes<S: Simd>(simd: S, correlation: &[f32], scale: f64) -> DelaySpread {
    let zero_lag = f64::from(correlation[0]);
    if zero_lag <= 0.0 {
        return DelaySpread {
            lags: 0,
            std: 0.0,
            certain: true,
        };
    }
    let epsilon = EPSILON / (scale * zero_lag).powi(2);
    let levels = Levels::new(&[-LAG_ERROR, 0.0, LAG_ERROR].map(|error| (0.1 * (1.0 + epsilon)).sqrt() + error));
    let mut all = Moments::default();
    let mut unclear = Moments::default();
    let clearly_out = f64::from(levels.clearly_out) * zero_lag;
    for (index, block) in correlation.chunks(BLOCK).enumerate() {
        // Without the sign, floats order like the integers that share their bits.
        let size = |lag: &f32| lag.to_bits() & (u32::MAX >> 1);
        let highest = f32::from_bits(block.iter().map(size).fold(0, u32::max));
        if f64::from(highest) < clearly_out {
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
        let (sums, in_doubt) = levels.gather(simd, block, narrow(1.0 / zero_lag));
        all.add(start, &sums);
        if in_doubt > 0.0 {
            for (place, lag) in block.iter().enumerate() {
                if levels.doubts(f64::from(lag.abs()) / zero_lag) {
                    let at = place as f64;
                    unclear.add(start, &[1.0, 1.0, at, at * at]);
                }
            }
        }
    }
    if all.lags == 0.0 {
        return DelaySpread {
            lags: 0,
            std: 0.0,
            certain: unclear.lags == 0.0,
        };
    }
    let mean = all.first / all.weight;
    let variance = (all.second / all.weight - mean * mean).max(0.0);
    // A lag on the threshold changes the variance by its weight's part of its squared distance less the variance.
    let distances = unclear.second - 2.0 * mean * unclear.first + mean * mean * unclear.weight;
    let weight = f64::from(levels.clearly_in).powi(2) / all.weight;
    let change = weight * (distances + unclear.lags * variance);
    let makes_no_difference = all.lags - unclear.lags > 1.0 && change < 2.0 * TOLERANCE * variance;
    // Squares of lags lose digits where a few large lags are close together; lag 0 counts, so they are not.
    DelaySpread {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a count, of fewer than 2^53"
        )]
        lags: all.lags as usize,
        std: variance.sqrt(),
        certain: unclear.lags == 0.0 || makes_no_difference,
    }
}

/// Sums over lags: how many, of their weights, and of these times the lag and its square.
#[derive(Default)]
struct Moments {
    lags: f64,
    weight: f64,
    first: f64,
    second: f64,
}

impl Moments {
    /// Adds sums over lags counted from `start` on.
    fn add(&mut self, start: f64, sums: &[f64; 4]) {
        let [lags, weight, first, second] = *sums;
        self.lags += lags;
        self.weight += weight;
        self.first += first + start * weight;
        self.second += second + 2.0 * start * first + start * start * weight;
    }
}

/// Where a lag, as a part of lag 0, is clearly out, counts, and is clearly in.
struct Levels {
    clearly_out: f32,
    threshold: f32,
    clearly_in: f32,
}

impl Levels {
    fn new(levels: &[f64; 3]) -> Self {
        let [clearly_out, threshold, clearly_in] = levels.map(narrow);
        Self {
            clearly_out,
            threshold,
            clearly_in,
        }
    }

    fn doubts(&self, lag: f64) -> bool {
        lag > f64::from(self.clearly_out) && lag < f64::from(self.clearly_in)
    }

    /// Sums over the lags of a block that count, and how many are in doubt. `relative` turns lags into parts of lag 0.
    #[inline(always)]
    fn gather<S: Simd>(&self, simd: S, block: &[f32], relative: f32) -> ([f64; 4], f64) {
        let splat = |value: f32| simd.splat_f32s(value);
        let (zero, one, relative) = (splat(0.0), splat(1.0), splat(relative));
        let (rows, _) = S::as_simd_f32s(block);
        let size = |row: &S::f32s| simd.mul_f32s(simd.abs_f32s(*row), relative);
        let (clearly_out, threshold, clearly_in) =
            (splat(self.clearly_out), splat(self.threshold), splat(self.clearly_in));
        let mut first_places = [0.0; MAX_LANES];
        for (lane, place) in first_places.iter_mut().enumerate() {
            *place = lane as f32;
        }
        let mut place = S::as_simd_f32s(&first_places[..S::F32_LANES]).0[0];
        let step = splat(S::F32_LANES as f32);
        let (mut lags, mut weights, mut firsts, mut seconds, mut in_doubt) = (zero, zero, zero, zero, zero);
        for row in rows {
            let value = size(row);
            let counts = simd.greater_than_f32s(value, threshold);
            let square = simd.select_f32s(counts, simd.mul_f32s(value, value), zero);
            let first = simd.mul_f32s(square, place);
            lags = simd.add_f32s(lags, simd.select_f32s(counts, one, zero));
            weights = simd.add_f32s(weights, square);
            firsts = simd.add_f32s(firsts, first);
            seconds = simd.add_f32s(seconds, simd.mul_f32s(first, place));
            let beyond = simd.greater_than_f32s(value, clearly_out);
            let below = simd.select_f32s(simd.less_than_f32s(value, clearly_in), one, zero);
            in_doubt = simd.add_f32s(in_doubt, simd.select_f32s(beyond, below, zero));
            place = simd.add_f32s(place, step);
        }
        let sums = [lags, weights, firsts, seconds].map(total::<S>);
        (sums, total::<S>(in_doubt))
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "its rounding is a part of the bound on errors"
)]
fn narrow(value: f64) -> f32 {
    value as f32
}

/// How far the delay spread is believed, given the SNR: 1 above 15 dB, then three pieces down to 0.
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
    fn two_equal_lags_scatter_by_half_their_distance() {
        let mut correlation = vec![0.1_f32; 500];
        correlation[0] = 1.0;
        correlation[300] = -1.0;
        let found = estimate(&correlation, 1e6);
        assert_eq!(found.lags, 2);
        assert!(found.certain && (found.std - 150.0).abs() < 1e-9);
    }

    #[test]
    fn a_lag_on_the_threshold_is_uncertain() {
        let mut correlation = vec![0.0_f32; 500];
        correlation[0] = 1.0;
        correlation[77] = 0.1_f32.sqrt();
        assert!(!estimate(&correlation, 1e6).certain);
    }

    #[test]
    fn among_thousands_a_lag_on_the_threshold_makes_no_difference() {
        let mut correlation: Vec<f32> = (0..20_001).map(|lag| (lag as f32 * 0.7).cos()).collect();
        let clear = estimate(&correlation, 1e6);
        assert!(clear.certain);
        let outside = correlation.iter().position(|lag| lag.abs() < 0.3).unwrap();
        correlation[outside] = 0.1_f32.sqrt();
        let unclear = estimate(&correlation, 1e6);
        assert!(unclear.certain && (unclear.std / clear.std - 1.0).abs() < TOLERANCE);
        // Of so many more, or where few others count, it does.
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
    fn silence_has_no_spread() {
        let found = estimate(&[0.0; 100], 1.0);
        assert_eq!(found.lags, 0);
        assert_eq!(found.std, 0.0);
    }
}
