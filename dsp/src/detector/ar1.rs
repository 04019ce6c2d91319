//! AR(1) noise: white noise through a filter with one complex pole `a`. It has infinitely many
//! harmonics, but two numbers determine all of them.
//!
//! Its density is `1 / |1 - a e^-jw|^2` (Kay, Modern Spectral Estimation, 5.4), whose logarithm has
//! the harmonics `2 a^m / m`. Logarithms of block means have independent errors that are nearly
//! normal and of equal variance, so the most likely pole is the one of least squares. Twice the
//! logarithm of its likelihood ratio to a flat spectrum is the decrease of the sum of squares,
//! divided by the variance. In white noise this has the chi-square distribution with two degrees of
//! freedom (Wilks 1938): 2 on average, 30 once in 3 million.

use rustfft::num_complex::Complex64;

/// Largest number of steps of the least squares. From the flat spectrum, a pole at 0.9 takes four.
const MAX_STEPS: usize = 6;

/// The fit ends when a step gains less than this multiple of the variance of a logarithm: an eighth
/// of what the pole's two numbers gain in white noise.
const LEAST_GAIN: f64 = 0.25;

/// Neighbouring blocks are grouped so that at least this many groups remain: the number of blocks
/// at 8 kHz, where a pole at 0.97 is still distinguished from lines. The cost is in proportion to
/// the groups.
const GROUPS: usize = 100;

/// Largest magnitude of a pole. Closer to the unit circle its peak is narrower than 0.6 % of the
/// band at half its height, which does not count as coloured noise.
const FARTHEST: f64 = 0.98;

/// The most likely AR(1) model of a spectrum.
#[derive(Debug)]
pub(super) struct Ar1 {
    /// The pole, inside the unit circle.
    pub pole: Complex64,
    /// Twice the logarithm of its likelihood ratio to a flat spectrum.
    pub better: f64,
}

impl Ar1 {
    /// Fits the `logarithms` of the densities that are `inside` the pass-band, each with this
    /// `variance`: Gauss-Newton steps from the flat spectrum until a step gains little.
    pub(super) fn likeliest(logarithms: &[f64], inside: &[bool], variance: f64) -> Self {
        let groups = Group::all(logarithms, inside);
        let mut pole = Complex64::default();
        let mut best = Squares::of(&groups, pole);
        let flat = best.residual;
        for _ in 0..MAX_STEPS {
            let Some(step) = best.step() else { break };
            let moved = pole + step;
            let moved = moved * (FARTHEST / moved.norm()).min(1.0);
            let next = Squares::of(&groups, moved);
            let gain = best.residual - next.residual;
            if gain > 0.0 {
                (pole, best) = (moved, next);
            }
            if gain < LEAST_GAIN * variance {
                break;
            }
        }
        Self {
            pole,
            better: (flat - best.residual) / variance,
        }
    }

    /// The model's density in the middle of each of `blocks` blocks. The mean of the logarithms is
    /// 0.
    pub(super) fn densities(&self, blocks: usize) -> impl Iterator<Item = f64> {
        let pole = self.pole;
        middles(1.0 / blocks as f64)
            .take(blocks)
            .map(move |phasor| 1.0 / (1.0 - pole * phasor).norm_sqr())
    }

    /// Upper limit of the quotient of two densities `apart` blocks of all `blocks` apart, for any
    /// pole. Their distances from the pole differ by at most a chord of the pole's circle, and the
    /// smaller distance is at least that of the pole from the unit circle.
    pub(super) fn steepest(apart: usize, blocks: usize) -> f64 {
        let turn = (apart as f64 / blocks as f64).min(0.5);
        let chord = 2.0 * (std::f64::consts::PI * turn).sin();
        (1.0 + FARTHEST * chord / (1.0 - FARTHEST)).powi(2)
    }
}

/// `e^-jw` in the middle of each part of the band, for parts of this `size`.
pub(super) fn middles(size: f64) -> impl Iterator<Item = Complex64> {
    let turn = Complex64::cis(-std::f64::consts::TAU * size);
    let first = Complex64::cis(-0.5 * std::f64::consts::TAU * size);
    std::iter::successors(Some(first), move |here| Some(here * turn))
}

/// Neighbouring blocks.
pub(super) struct Group {
    /// `e^-jw` in the middle.
    pub(super) phasor: Complex64,
    /// How many blocks are in the pass-band.
    pub(super) count: f64,
    /// Mean of their logarithms.
    pub(super) logarithm: f64,
}

impl Group {
    /// The groups of a spectrum's logarithms.
    pub(super) fn all(logarithms: &[f64], inside: &[bool]) -> Vec<Self> {
        let size = (logarithms.len() / GROUPS).max(1);
        logarithms
            .chunks(size)
            .zip(inside.chunks(size))
            .zip(middles(size as f64 / logarithms.len() as f64))
            .map(|((logarithms, inside), phasor)| Group::of(logarithms, inside, phasor))
            .collect()
    }

    fn of(logarithms: &[f64], inside: &[bool], phasor: Complex64) -> Self {
        let (mut count, mut sum) = (0.0, 0.0);
        for (logarithm, _) in logarithms.iter().zip(inside).filter(|(_, inside)| **inside) {
            count += 1.0;
            sum += logarithm;
        }
        Self {
            phasor,
            count,
            logarithm: sum / f64::max(count, 1.0),
        }
    }
}

/// Least squares at one pole: the residuals of the logarithms and their derivatives by the pole,
/// after subtraction of their means over the pass-band.
struct Squares {
    /// Sum of the squared residuals.
    residual: f64,
    /// Sums of the residuals times their derivatives by the real and the imaginary part, with the
    /// sign changed.
    gradient: [f64; 2],
    /// Sums of the products of derivatives: real by real, real by imaginary, imaginary by
    /// imaginary.
    normal: [f64; 3],
}

impl Squares {
    fn of(groups: &[Group], pole: Complex64) -> Self {
        const PAIRS: [(usize, usize); 6] = [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)];
        let (mut count, mut sums, mut products) = (0.0, [0.0; 3], [0.0; 6]);
        for group in groups {
            let filter = 1.0 - pole * group.phasor;
            let slope = 2.0 * group.phasor / filter;
            let values = [group.logarithm + filter.norm_sqr().ln(), slope.re, -slope.im];
            count += group.count;
            for (sum, value) in sums.iter_mut().zip(values) {
                *sum += group.count * value;
            }
            for (product, (i, j)) in products.iter_mut().zip(PAIRS) {
                *product += group.count * values[i] * values[j];
            }
        }
        for (product, (i, j)) in products.iter_mut().zip(PAIRS) {
            *product -= sums[i] * sums[j] / f64::max(count, 1.0);
        }
        let [residual, by_re, by_im, re_re, re_im, im_im] = products;
        Self {
            residual,
            gradient: [by_re, by_im],
            normal: [re_re, re_im, im_im],
        }
    }

    /// The step to the least squares if the derivatives were constant. `None` if the pass-band is
    /// too small.
    fn step(&self) -> Option<Complex64> {
        let ([re_re, re_im, im_im], [re, im]) = (self.normal, self.gradient);
        let determinant = re_re * im_im - re_im * re_im;
        let to = Complex64::new(im_im * re - re_im * im, re_re * im - re_im * re);
        (determinant > 0.0).then(|| to / determinant)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_pole_is_found_and_explains_all_of_its_spectrum() {
        const VARIANCE: f64 = 1e-6;
        // As many blocks as groups, and five times as many: the mean density of a group is not the
        // density in its middle.
        for (blocks, near) in [(GROUPS, 1e-4), (5 * GROUPS, 1e-2)] {
            let everywhere = vec![true; blocks];
            let pass_band: Vec<bool> = (0..blocks)
                .map(|at| (blocks / 10..blocks * 4 / 5).contains(&at))
                .collect();
            for pole in [
                (0.0, 0.0),
                (0.05, 1.0),
                (0.3, -2.0),
                (0.5, 3.1),
                (0.9, 0.0),
                (0.97, 2.0),
            ] {
                let pole = Complex64::from_polar(pole.0, pole.1);
                let model = Ar1 { pole, better: 0.0 };
                let logarithms: Vec<f64> = model.densities(blocks).map(|density| 2.0 + density.ln()).collect();
                for inside in [&everywhere, &pass_band] {
                    let found = Ar1::likeliest(&logarithms, inside, VARIANCE);
                    assert!((found.pole - pole).norm() < near, "{pole}: {}", found.pole);
                    let within = logarithms.iter().zip(inside).filter(|(_, inside)| **inside);
                    let within: Vec<f64> = within.map(|(logarithm, _)| *logarithm).collect();
                    let mean = within.iter().sum::<f64>() / within.len() as f64;
                    let all: f64 = within.iter().map(|logarithm| (logarithm - mean).powi(2)).sum();
                    let explained = found.better * VARIANCE;
                    assert!(
                        (explained - all).abs() < near * all.max(1.0),
                        "{pole}: {explained} of {all}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_pass_band_with_too_few_blocks_has_no_pole() {
        for (logarithms, inside) in [
            (&[][..], &[][..]),
            (&[1.0, 2.0], &[false, false]),
            (&[1.0, 2.0], &[true, false]),
        ] {
            let found = Ar1::likeliest(logarithms, inside, 1.0);
            assert_eq!((found.pole, found.better), (Complex64::default(), 0.0));
        }
    }

    #[test]
    fn no_pole_exceeds_the_limit_of_steepness() {
        let blocks = 100;
        for apart in [1, 4, 20, 50, 70, 100] {
            let limit = Ar1::steepest(apart, blocks).ln();
            let mut steepest = f64::NEG_INFINITY;
            for angle in 0..1_000 {
                let pole = Complex64::from_polar(FARTHEST, 0.01 * f64::from(angle));
                let logarithms: Vec<f64> = Ar1 { pole, better: 0.0 }.densities(blocks).map(f64::ln).collect();
                for distance in 0..=apart.min(blocks - 1) {
                    steepest = steepest.max(logarithms[10] - logarithms[(10 + distance) % blocks]);
                }
            }
            assert!(
                steepest < limit && steepest > limit - 1.0,
                "{apart}: {steepest} of {limit}"
            );
        }
    }
}
