//! The width of the autocorrelation, which the training data calls the multipath delay spread.

use crate::EPSILON;
use crate::lanes::widest;

/// Lags looked at before it is decided that none of them counts.
const BLOCK: usize = 64;

/// Sums side by side.
const LANES: usize = 8;

/// How much of itself the spread may be wrong by because of lags of which it is not clear whether they count: half the tolerance.
const TOLERANCE: f64 = 5e-5;

/// A bound on the error of each lag of the single-precision transform, as a part of lag 0.
const LAG_ERROR: f64 = 1e-6;

/// Lags that count, and how they scatter.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spread {
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
pub(crate) fn spread(correlation: &[f32], scale: f64) -> Spread {
    widest!(spread_in_lanes(correlation: &'a [f32], scale: f64) -> Spread)
}

#[inline(always)]
fn spread_in_lanes(correlation: &[f32], scale: f64) -> Spread {
    let largest = f64::from(correlation[0]);
    let level = (0.1 * (largest * largest + EPSILON / (scale * scale))).sqrt();
    let error = LAG_ERROR * largest;
    let (clearly_in, threshold, clearly_out) = (level + error, level, level - error);

    let (mut lags, mut unclear) = (0.0, 0.0);
    let (mut weights, mut firsts, mut seconds) = (0.0, 0.0, 0.0);
    for (index, block) in correlation.chunks(BLOCK).enumerate() {
        // Without the sign, floats order like the integers that share their bits.
        let size = |lag: &f32| lag.to_bits() & (u32::MAX >> 1);
        let highest = f32::from_bits(block.iter().map(size).fold(0, u32::max));
        if f64::from(highest) < clearly_out {
            continue;
        }
        let mut padded = [0.0; BLOCK];
        padded[..block.len()].copy_from_slice(block);
        let mut sums = Sums::default();
        let mut places = [0.0; LANES];
        for (lane, place) in places.iter_mut().enumerate() {
            *place = lane as f64;
        }
        for group in padded.as_chunks::<LANES>().0 {
            sums.add(group, &mut places, [clearly_out, threshold, clearly_in]);
        }
        let total = |lanes: [f64; LANES]| lanes.iter().sum::<f64>();
        let (weight, first, second) = (total(sums.weights), total(sums.firsts), total(sums.seconds));
        let start = (index * BLOCK) as f64;
        lags += total(sums.lags);
        unclear += total(sums.unclear);
        weights += weight;
        firsts += first + start * weight;
        seconds += second + 2.0 * start * first + start * start * weight;
    }
    if lags == 0.0 {
        return Spread {
            lags: 0,
            std: 0.0,
            certain: unclear == 0.0,
        };
    }
    let mean = firsts / weights;
    let variance = (seconds / weights - mean * mean).max(0.0);
    // A lag at the threshold in or out changes the variance by its weight's part of its squared distance less the variance.
    let far = mean.max(correlation.len() as f64 - mean);
    let change = unclear * clearly_in * clearly_in / weights * (far * far + variance);
    let makes_no_difference = lags - unclear > 1.0 && change < 2.0 * TOLERANCE * variance;
    // Squares of lags lose digits where a few large lags are close together; lag 0 counts, so they are not.
    Spread {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a count, of fewer than 2^53"
        )]
        lags: lags as usize,
        std: variance.sqrt(),
        certain: unclear == 0.0 || makes_no_difference,
    }
}

/// Sums over the lags of a block that count, in lanes.
#[derive(Default)]
struct Sums {
    lags: [f64; LANES],
    unclear: [f64; LANES],
    weights: [f64; LANES],
    firsts: [f64; LANES],
    seconds: [f64; LANES],
}

impl Sums {
    /// Adds lags at these `places`, which move on. `levels` are where a lag is clearly out, counts, and is clearly in.
    #[inline(always)]
    #[expect(clippy::needless_bitwise_bool, reason = "without a branch")]
    fn add(&mut self, lags: &[f32; LANES], places: &mut [f64; LANES], levels: [f64; 3]) {
        let [clearly_out, threshold, clearly_in] = levels;
        for lane in 0..LANES {
            let value = f64::from(lags[lane].abs());
            let place = places[lane];
            let counts = value > threshold;
            let square = if counts { value * value } else { 0.0 };
            self.lags[lane] += if counts { 1.0 } else { 0.0 };
            self.unclear[lane] += if (value > clearly_out) & (value < clearly_in) {
                1.0
            } else {
                0.0
            };
            self.weights[lane] += square;
            self.firsts[lane] += square * place;
            self.seconds[lane] += square * place * place;
            places[lane] += LANES as f64;
        }
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
        let found = spread(&correlation, 1e6);
        assert_eq!(found.lags, 2);
        assert!(found.certain && (found.std - 150.0).abs() < 1e-9);
    }

    #[test]
    fn a_lag_on_the_threshold_is_uncertain() {
        let mut correlation = vec![0.0_f32; 500];
        correlation[0] = 1.0;
        correlation[77] = 0.1_f32.sqrt();
        assert!(!spread(&correlation, 1e6).certain);
    }

    #[test]
    fn among_thousands_a_lag_on_the_threshold_makes_no_difference() {
        let mut correlation: Vec<f32> = (0..20_001).map(|lag| (lag as f32 * 0.7).cos()).collect();
        let clear = spread(&correlation, 1e6);
        assert!(clear.certain);
        let outside = correlation.iter().position(|lag| lag.abs() < 0.3).unwrap();
        correlation[outside] = 0.1_f32.sqrt();
        let unclear = spread(&correlation, 1e6);
        assert!(unclear.certain && (unclear.std / clear.std - 1.0).abs() < TOLERANCE);
        // Of so many more, or where few others count, it does.
        let many: Vec<f32> = (0..20_001)
            .map(|lag| if lag % 9 == 4 { 0.1_f32.sqrt() } else { 1.0 })
            .collect();
        assert!(!spread(&many, 1e6).certain);
        let mut few = vec![0.0_f32; 20_001];
        few[..300].fill(1.0);
        few[15_000] = 0.1_f32.sqrt();
        assert!(!spread(&few, 1e6).certain);
    }

    #[test]
    fn silence_has_no_spread() {
        let found = spread(&[0.0; 100], 1.0);
        assert_eq!(found.lags, 0);
        assert_eq!(found.std, 0.0);
    }
}
