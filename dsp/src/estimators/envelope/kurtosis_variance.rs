use crate::estimators::batch_means;

/// Variance of the kurtosis, from the frames' means of `|x|^2` and of `|x|^4`. Overwrites the
/// latter.
pub(super) fn kurtosis_variance(mean_power: f64, kurtosis: f64, powers: &[f64], fourths: &mut [f64]) -> f64 {
    if mean_power <= 0.0 {
        return 0.0;
    }
    // The derivatives of m4 / m2^2.
    let by_power = -2.0 * kurtosis / mean_power;
    let by_fourth = mean_power.powi(-2);
    for (fourth, power) in fourths.iter_mut().zip(powers) {
        *fourth = by_fourth * *fourth + by_power * power;
    }
    batch_means::variance(fourths)
}
