//! Variance of a mean, from the scatter of its parts.

use super::distributions;

/// Values in a batch, the next level after the one before.
const SIZES: [usize; 3] = [1, 2, 5];

/// Standard deviations that a normal variable exceeds with a probability of 5 %: that of the error
/// that larger batches count although the values do not depend on one another.
const DEVIATE: f64 = 1.645;

/// Variance of the mean of these values, by the method of batch means: the scatter of the means of
/// batches of 1, 2 and 5 successive values. Larger batches count only if they scatter significantly
/// more (chi-square test), which is so where successive values depend on one another (Flyvbjerg and
/// Petersen, J. Chem. Phys. 91, 1989). 0 for fewer than two values.
pub(crate) fn variance(values: &[f64]) -> f64 {
    let mut best = 0.0;
    for size in SIZES {
        let batches = values.len() / size;
        if batches < 2 {
            break;
        }
        let mean = |batch: &[f64]| batch.iter().sum::<f64>() / size as f64;
        let means = || values.chunks_exact(size).map(mean);
        let centre = means().sum::<f64>() / batches as f64;
        let squares: f64 = means().map(|mean| (mean - centre).powi(2)).sum();
        let variance = squares / ((batches - 1) * batches) as f64;
        if size == 1 || exceeds(variance, best, batches) {
            best = variance;
        }
    }
    best
}

/// Whether the variance of the mean of `count` values is significantly above this one.
pub(crate) fn exceeds(variance: f64, expected: f64, count: usize) -> bool {
    // A chi-square variable with `2 k` degrees of freedom is twice the sum of `k` exponential ones.
    let looks = 0.5 * count.saturating_sub(1).max(1) as f64;
    count > 1 && variance > expected * distributions::gamma(DEVIATE, looks)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_signals::Random;

    /// Means over many sets of 50 values: the stated variance over the real one.
    fn ratio(next: impl Fn(f64, f64) -> f64) -> f64 {
        let mut random = Random(7);
        let (mut stated, mut squares) = (0.0, 0.0);
        for _ in 0..2000 {
            let mut value = 0.0;
            let values: Vec<f64> = (0..150)
                .map(|_| {
                    value = next(value, random.noise(1.0).0);
                    value
                })
                .collect();
            let values = &values[100..];
            stated += variance(values);
            squares += (values.iter().sum::<f64>() / 50.0).powi(2);
        }
        stated / squares
    }

    #[test]
    fn independent_values_have_the_variance_of_one_over_their_number() {
        let ratio = ratio(|_, noise| noise);
        assert!((0.9..1.15).contains(&ratio), "{ratio}");
    }

    #[test]
    fn batches_see_most_of_what_dependent_values_share() {
        // The correlation of neighbours is 0.5: the variance of the mean is three times as large.
        let ratio = ratio(|before, noise| 0.5 * before + noise);
        assert!((0.6..1.1).contains(&ratio), "{ratio}");
    }

    #[test]
    fn too_few_values_have_no_scatter() {
        assert_eq!(variance(&[]), 0.0);
        assert_eq!(variance(&[3.0]), 0.0);
        assert_eq!(variance(&[3.0; 50]), 0.0);
    }
}
