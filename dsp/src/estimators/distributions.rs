//! Quantiles of the distributions of noise powers, by approximations in closed form.
//!
//! The thresholds need no more accuracy, so a statistics crate is not worth a dependency.

/// Standard deviations that a normal variable exceeds with this small probability, from the
/// asymptotic series of its tail (Abramowitz and Stegun 26.2.12) by fixed-point iteration.
pub(crate) fn normal(probability: f64) -> f64 {
    let mut z: f64 = 5.0;
    for _ in 0..20 {
        let series = 1.0 - 1.0 / z.powi(2) + 3.0 / z.powi(4) - 15.0 / z.powi(6);
        z = (-2.0 * (probability * z * std::f64::consts::TAU.sqrt() / series).ln()).sqrt();
    }
    z
}

/// Value that the mean of `looks` exponential variables of mean 1 exceeds with the same probability
/// as a normal variable exceeds `deviate` (Wilson and Hilferty 1931; Abramowitz and Stegun
/// 26.4.17).
pub(crate) fn gamma(deviate: f64, looks: f64) -> f64 {
    let spread = 1.0 / (9.0 * looks);
    (1.0 - spread + deviate * spread.sqrt()).max(0.0).powi(3)
}

/// Value that the quotient of the means of `above` and of `below` exponential variables exceeds
/// with the same probability as a normal variable exceeds `deviate` (Wilson and Hilferty 1931;
/// Abramowitz and Stegun 26.6.15), by bisection.
pub(crate) fn f(deviate: f64, above: f64, below: f64) -> f64 {
    let (a, b) = (1.0 / (9.0 * above), 1.0 / (9.0 * below));
    let as_normal = |quotient: f64| {
        let root = quotient.cbrt();
        ((1.0 - b) * root - (1.0 - a)) / (b * root * root + a).sqrt()
    };
    let (mut low, mut high) = (1.0, 1e6);
    for _ in 0..60 {
        let middle = f64::sqrt(low * high);
        if as_normal(middle) < deviate {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_normal_quantile_agrees_with_tables() {
        for (probability, deviate) in [(2.866_516e-7, 5.0), (9.865_876e-10, 6.0), (3.167_124e-5, 4.0)] {
            assert!((normal(probability) - deviate).abs() < 1e-3);
        }
    }

    #[test]
    fn the_f_quantile_agrees_with_tables() {
        // F(0.999; 20, 20) = 4.2900, F(0.999; 120, 120) = 1.7689.
        let deviate = 3.090_232;
        assert!((f(deviate, 10.0, 10.0) - 4.29).abs() < 0.05);
        assert!((f(deviate, 60.0, 60.0) - 1.7689).abs() < 0.005);
    }

    #[test]
    fn the_gamma_quantile_agrees_with_tables() {
        // Chi-square exceeds 45.315 with probability 0.001 for 20 degrees of freedom, 267.541 for
        // 200.
        let deviate = 3.090_232;
        assert!((gamma(deviate, 10.0) * 20.0 - 45.315).abs() < 0.2);
        assert!((gamma(deviate, 100.0) * 200.0 - 267.541).abs() < 0.2);
    }
}
