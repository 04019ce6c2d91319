//! AR(2) noise: white noise through a filter with two complex poles. It has two peaks, or one with
//! a flat top.
//!
//! Its density is `1 / |1 - b e^-jw - c e^-2jw|^2`. The coefficients are found as the pole of
//! [`super::ar1`] is, by least squares of the logarithms. In white noise, twice the logarithm of
//! the likelihood ratio to a flat spectrum has the chi-square distribution with four degrees of
//! freedom.

use rustfft::num_complex::Complex64;

use super::ar1::{Group, middles};

/// Largest number of steps of the least squares.
const MAX_STEPS: usize = 8;

/// Largest number of halvings of a step that would increase the squares.
const MAX_HALVINGS: usize = 4;

/// The fit ends when a step gains less than this multiple of the variance of a logarithm.
const LEAST_GAIN: f64 = 0.25;

/// Largest ratio of two densities of the model: 12 dB, and 1.4 dB for the scatter of the estimates.
/// No receiver's noise has more colour within its pass-band.
pub(super) const COLOUR_SEEN: f64 = 22.0;

/// Real numbers that determine the shape.
const NUMBERS: usize = 4;

/// The most likely AR(2) model of a spectrum.
#[derive(Debug)]
pub(super) struct Ar2 {
    /// Factors of `e^-jw` and of `e^-2jw`.
    coefficients: [Complex64; 2],
    /// Twice the logarithm of its likelihood ratio to a flat spectrum. 0 if the model has too much
    /// colour for noise.
    pub better: f64,
}

impl Ar2 {
    /// Fits the `logarithms` of the densities that are `inside` the pass-band, each with this
    /// `variance`: Gauss-Newton steps from the model with one `pole`.
    pub(super) fn likeliest(logarithms: &[f64], inside: &[bool], variance: f64, pole: Complex64) -> Self {
        let groups = Group::all(logarithms, inside);
        let flat = Squares::of(&groups, [Complex64::default(); 2]).residual;
        let mut coefficients = [pole, Complex64::default()];
        let mut best = Squares::of(&groups, coefficients);
        for _ in 0..MAX_STEPS {
            let Some(mut step) = best.step() else { break };
            let mut gain = 0.0;
            for _ in 0..MAX_HALVINGS {
                let moved = [coefficients[0] + step[0], coefficients[1] + step[1]];
                let next = Squares::of(&groups, moved);
                gain = best.residual - next.residual;
                if gain > 0.0 {
                    (coefficients, best) = (moved, next);
                    break;
                }
                step = step.map(|part| 0.5 * part);
            }
            if gain < LEAST_GAIN * variance {
                break;
            }
        }
        let found = Self {
            coefficients,
            better: (flat - best.residual) / variance,
        };
        let ends = groups
            .iter()
            .filter(|group| group.count > 0.0)
            .map(|group| found.density(group.phasor));
        let (least, most) = ends.fold((f64::INFINITY, 0.0_f64), |(least, most), density| {
            (least.min(density), most.max(density))
        });
        if most > COLOUR_SEEN * least {
            return Self {
                coefficients: [Complex64::default(); 2],
                better: 0.0,
            };
        }
        found
    }

    fn density(&self, phasor: Complex64) -> f64 {
        let [first, second] = self.coefficients;
        1.0 / (1.0 - phasor * (first + phasor * second)).norm_sqr()
    }

    /// The model's density in the middle of each of `blocks` blocks.
    pub(super) fn densities(&self, blocks: usize) -> impl Iterator<Item = f64> {
        middles(1.0 / blocks as f64)
            .take(blocks)
            .map(|phasor| self.density(phasor))
    }
}

/// Least squares at one pair of coefficients, after subtraction of the means over the pass-band.
struct Squares {
    /// Sum of the squared residuals.
    residual: f64,
    /// Sums of the residuals times their derivatives by the four numbers, with the sign changed.
    gradient: [f64; NUMBERS],
    /// Sums of the products of derivatives.
    normal: [[f64; NUMBERS]; NUMBERS],
}

impl Squares {
    fn of(groups: &[Group], coefficients: [Complex64; 2]) -> Self {
        const VALUES: usize = NUMBERS + 1;
        let (mut count, mut sums, mut products) = (0.0, [0.0; VALUES], [[0.0; VALUES]; VALUES]);
        for group in groups.iter().filter(|group| group.count > 0.0) {
            let z = group.phasor;
            let filter = 1.0 - z * (coefficients[0] + z * coefficients[1]);
            let first = 2.0 * z / filter;
            let second = first * z;
            let values = [
                group.logarithm + filter.norm_sqr().max(f64::MIN_POSITIVE).ln(),
                first.re,
                -first.im,
                second.re,
                -second.im,
            ];
            count += group.count;
            for (i, value) in values.iter().enumerate() {
                sums[i] += group.count * value;
                for (product, other) in products[i].iter_mut().zip(values) {
                    *product += group.count * value * other;
                }
            }
        }
        let centred = |i: usize, j: usize| products[i][j] - sums[i] * sums[j] / f64::max(count, 1.0);
        Self {
            residual: centred(0, 0),
            gradient: std::array::from_fn(|i| centred(0, i + 1)),
            normal: std::array::from_fn(|i| std::array::from_fn(|j| centred(i + 1, j + 1))),
        }
    }

    /// The step to the least squares if the derivatives were constant, by Cholesky's decomposition.
    /// `None` if the pass-band is too small.
    fn step(&self) -> Option<[Complex64; 2]> {
        let mut lower = [[0.0; NUMBERS]; NUMBERS];
        let mut solved = self.gradient;
        for i in 0..NUMBERS {
            for j in 0..=i {
                let rest = self.normal[i][j] - (0..j).map(|k| lower[i][k] * lower[j][k]).sum::<f64>();
                lower[i][j] = if i > j {
                    rest / lower[j][j]
                } else if rest > 1e-9 * self.normal[i][i] {
                    rest.sqrt()
                } else {
                    return None;
                };
            }
            let known: f64 = (0..i).map(|k| lower[i][k] * solved[k]).sum();
            solved[i] = (solved[i] - known) / lower[i][i];
        }
        for i in (0..NUMBERS).rev() {
            let known: f64 = (i + 1..NUMBERS).map(|k| lower[k][i] * solved[k]).sum();
            solved[i] = (solved[i] - known) / lower[i][i];
        }
        let [a, b, c, d] = solved;
        Some([Complex64::new(a, b), Complex64::new(c, d)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VARIANCE: f64 = 1e-6;

    fn model(poles: [Complex64; 2]) -> Ar2 {
        Ar2 {
            coefficients: [poles[0] + poles[1], -poles[0] * poles[1]],
            better: 0.0,
        }
    }

    #[test]
    fn two_poles_are_found_and_explain_all_of_their_spectrum() {
        const BLOCKS: usize = 100;
        let everywhere = vec![true; BLOCKS];
        let pass_band: Vec<bool> = (0..BLOCKS).map(|at| (10..80).contains(&at)).collect();
        for (first, second) in [
            ((0.7, 0.0), (0.7, std::f64::consts::PI)),
            ((0.5, 1.25), (0.5, -1.25)),
            ((0.33, 0.0), (0.33, 0.0)),
            ((0.5, 2.0), (0.0, 0.0)),
        ] {
            let exact = model([first, second].map(|(size, angle)| Complex64::from_polar(size, angle)));
            let logarithms: Vec<f64> = exact.densities(BLOCKS).map(|density| 2.0 + density.ln()).collect();
            for inside in [&everywhere, &pass_band] {
                let found = Ar2::likeliest(&logarithms, inside, VARIANCE, Complex64::default());
                for (found, exact) in found.coefficients.iter().zip(exact.coefficients) {
                    assert!(
                        (found - exact).norm() < 1e-3,
                        "{first:?} {second:?}: {found} for {exact}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_peak_of_more_than_12_db_is_no_noise() {
        let exact = model([(0.8, 0.0), (0.3, 1.0)].map(|(size, angle)| Complex64::from_polar(size, angle)));
        let logarithms: Vec<f64> = exact.densities(100).map(f64::ln).collect();
        let found = Ar2::likeliest(&logarithms, &[true; 100], VARIANCE, Complex64::default());
        assert!(found.better.abs() < 1e-12);
        assert!(found.densities(100).all(|density| (density - 1.0).abs() < 1e-12));
    }

    #[test]
    fn a_pass_band_with_too_few_blocks_has_no_poles() {
        let found = Ar2::likeliest(&[1.0, 2.0], &[true, false], 1.0, Complex64::default());
        assert!(found.better.abs() < 1e-12);
    }
}
