//! The width of the autocorrelation, which the training data calls the multipath delay spread.

use crate::EPSILON;
use crate::lanes::widest;

/// Lags looked at before it is decided that none of them counts.
const BLOCK: usize = 64;

/// A bound on the error of each lag of the single-precision transform, as a part of lag 0.
const LAG_ERROR: f64 = 1e-6;

/// Lags that count, and how they scatter.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spread {
    /// How many lags count.
    pub lags: usize,
    /// Weighted standard deviation of their lag, in samples.
    pub std: f64,
    /// Whether every lag is clearly in or out.
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

    let (mut lags, mut unclear) = (0, 0_usize);
    let (mut weights, mut firsts, mut seconds) = (0.0, 0.0, 0.0);
    for (index, block) in correlation.chunks(BLOCK).enumerate() {
        // Without the sign, floats order like the integers that share their bits.
        let size = |lag: &f32| lag.to_bits() & (u32::MAX >> 1);
        let highest = f32::from_bits(block.iter().map(size).fold(0, u32::max));
        if f64::from(highest) < clearly_out {
            continue;
        }
        let (mut weight, mut first, mut second) = (0.0, 0.0, 0.0);
        for (place, lag) in block.iter().enumerate() {
            let value = f64::from(lag.abs());
            let square = if value > threshold { value * value } else { 0.0 };
            lags += usize::from(value > threshold);
            unclear += usize::from(value > clearly_out && value < clearly_in);
            let place = place as f64;
            weight += square;
            first += square * place;
            second += square * place * place;
        }
        let start = (index * BLOCK) as f64;
        weights += weight;
        firsts += first + start * weight;
        seconds += second + 2.0 * start * first + start * start * weight;
    }
    if lags == 0 {
        return Spread {
            lags,
            std: 0.0,
            certain: unclear == 0,
        };
    }
    let mean = firsts / weights;
    let variance = (seconds / weights - mean * mean).max(0.0);
    // Squares of lags lose digits where a few large lags are close together; lag 0 counts, so they are not.
    Spread {
        lags,
        std: variance.sqrt(),
        certain: unclear == 0,
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
    fn silence_has_no_spread() {
        let found = spread(&[0.0; 100], 1.0);
        assert_eq!(found.lags, 0);
        assert_eq!(found.std, 0.0);
    }
}
