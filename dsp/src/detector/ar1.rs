//! Noise that went through a filter of one pole: the colour that has no end of harmonics, though two numbers tell all of it.
//!
//! Its density is `1 / |1 - a e^-jw|^2` (Kay, Modern Spectral Estimation, 5.4), whose logarithm has the harmonics `2 a^m / m`. Logarithms of block
//! means have independent errors, nearly normal and all of one variance, so the likeliest pole is that of the least squares.
//! Twice the logarithm of its likelihood over a flat spectrum's, what it takes off the squares divided by the variance, has in white
//! noise the chi-square distribution with two degrees of freedom (Wilks 1938): 2 on average, 30 once in 3 million.

use rustfft::num_complex::Complex64;

/// Least squares are improved so often at most: from the flat spectrum a pole at 0.9 takes four steps.
const MAX_STEPS: usize = 6;

/// The fit is good when the next step gains less than this, as a multiple of the variance of a logarithm: an eighth of what noise
/// gains by itself with the pole's two numbers.
const LEAST_GAIN: f64 = 0.25;

/// Neighbouring blocks are taken together until so few are left, but not fewer: as many as there are at 8 kHz, where a pole at 0.97 is still
/// told from lines. What it costs grows with their number.
const GROUPS: usize = 100;

/// How far from the origin a pole is looked for: nearer to the circle its peak is narrower than what counts as colour, 0.6 % of
/// the band at half its height.
const FARTHEST: f64 = 0.98;

/// The likeliest pole of a spectrum.
#[derive(Debug)]
pub(super) struct Ar1 {
    /// Its place inside the unit circle.
    place: Complex64,
    /// Twice the logarithm of its likelihood over that of a flat spectrum.
    pub better: f64,
}

impl Ar1 {
    /// Of a spectrum with these `logarithms` of the densities all around the band, from those `inside` the pass-band, each with this
    /// `variance`: by Gauss and Newton's steps from the flat spectrum, until one gains next to nothing.
    pub(super) fn likeliest(logarithms: &[f64], inside: &[bool], variance: f64) -> Self {
        let size = (logarithms.len() / GROUPS).max(1);
        let groups: Vec<Group> = logarithms
            .chunks(size)
            .zip(inside.chunks(size))
            .zip(middles(size as f64 / logarithms.len() as f64))
            .map(|((logarithms, inside), turn)| Group::of(logarithms, inside, turn))
            .collect();
        let mut place = Complex64::default();
        let mut best = Squares::of(&groups, place);
        let flat = best.left;
        for _ in 0..MAX_STEPS {
            let Some(step) = best.step() else { break };
            let there = place + step;
            let there = there * (FARTHEST / there.norm()).min(1.0);
            let next = Squares::of(&groups, there);
            let gain = best.left - next.left;
            if gain > 0.0 {
                (place, best) = (there, next);
            }
            if gain < LEAST_GAIN * variance {
                break;
            }
        }
        Self {
            place,
            better: (flat - best.left) / variance,
        }
    }

    /// Its densities in the middle of each of so many blocks; their logarithms are 0 on average.
    pub(super) fn densities(&self, blocks: usize) -> impl Iterator<Item = f64> {
        let place = self.place;
        middles(1.0 / blocks as f64)
            .take(blocks)
            .map(move |turn| 1.0 / (1.0 - place * turn).norm_sqr())
    }

    /// The quotient of two densities so many blocks of all `blocks` apart is no larger than this, whatever the pole: the distances from it
    /// differ by a chord of its circle at most, and the smaller is one from the unit circle at least.
    pub(super) fn steepest(apart: usize, blocks: usize) -> f64 {
        let turn = (apart as f64 / blocks as f64).min(0.5);
        let chord = 2.0 * (std::f64::consts::PI * turn).sin();
        (1.0 + FARTHEST * chord / (1.0 - FARTHEST)).powi(2)
    }
}

/// `e^-jw` in the middle of one part of the band after the other, each of this `size`.
fn middles(size: f64) -> impl Iterator<Item = Complex64> {
    let turn = Complex64::cis(-std::f64::consts::TAU * size);
    let first = Complex64::cis(-0.5 * std::f64::consts::TAU * size);
    std::iter::successors(Some(first), move |here| Some(here * turn))
}

/// Neighbouring blocks.
struct Group {
    /// `e^-jw` in their middle.
    turn: Complex64,
    /// How many of them lie in the pass-band.
    count: f64,
    /// Mean of the logarithms of those.
    logarithm: f64,
}

impl Group {
    fn of(logarithms: &[f64], inside: &[bool], turn: Complex64) -> Self {
        let (mut count, mut sum) = (0.0, 0.0);
        for (logarithm, _) in logarithms.iter().zip(inside).filter(|(_, inside)| **inside) {
            count += 1.0;
            sum += logarithm;
        }
        Self {
            turn,
            count,
            logarithm: sum / f64::max(count, 1.0),
        }
    }
}

/// What a pole leaves of the logarithms, and how that changes with its place. All about the means over the pass-band.
struct Squares {
    /// Sum of the squares of what is left.
    left: f64,
    /// Sums of what is left times its derivatives by the real and the imaginary part, with the sign changed.
    gradient: [f64; 2],
    /// Sums of the derivatives' products: real by real, real by imaginary, imaginary by imaginary.
    normal: [f64; 3],
}

impl Squares {
    fn of(groups: &[Group], place: Complex64) -> Self {
        const PAIRS: [(usize, usize); 6] = [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)];
        let (mut count, mut sums, mut products) = (0.0, [0.0; 3], [0.0; 6]);
        for group in groups {
            let filter = 1.0 - place * group.turn;
            let slope = 2.0 * group.turn / filter;
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
        let [left, by_re, by_im, re_re, re_im, im_im] = products;
        Self {
            left,
            gradient: [by_re, by_im],
            normal: [re_re, re_im, im_im],
        }
    }

    /// To where the squares would be least if the derivatives stayed as they are; `None` if the pass-band is too small to tell.
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
    fn a_pole_is_found_wherever_it_is_and_explains_all_there_is() {
        const VARIANCE: f64 = 1e-6;
        // As many blocks as are looked at, and five times as many: the mean of a peak's blocks is not the density in their middle.
        for (blocks, near) in [(GROUPS, 1e-4), (5 * GROUPS, 1e-2)] {
            let everywhere = vec![true; blocks];
            let pass_band: Vec<bool> = (0..blocks)
                .map(|at| (blocks / 10..blocks * 4 / 5).contains(&at))
                .collect();
            for place in [
                (0.0, 0.0),
                (0.05, 1.0),
                (0.3, -2.0),
                (0.5, 3.1),
                (0.9, 0.0),
                (0.97, 2.0),
            ] {
                let place = Complex64::from_polar(place.0, place.1);
                let pole = Ar1 { place, better: 0.0 };
                let logarithms: Vec<f64> = pole.densities(blocks).map(|density| 2.0 + density.ln()).collect();
                for inside in [&everywhere, &pass_band] {
                    let found = Ar1::likeliest(&logarithms, inside, VARIANCE);
                    assert!((found.place - place).norm() < near, "{place}: {}", found.place);
                    let within = logarithms.iter().zip(inside).filter(|(_, inside)| **inside);
                    let within: Vec<f64> = within.map(|(logarithm, _)| *logarithm).collect();
                    let mean = within.iter().sum::<f64>() / within.len() as f64;
                    let all: f64 = within.iter().map(|logarithm| (logarithm - mean).powi(2)).sum();
                    let explained = found.better * VARIANCE;
                    assert!(
                        (explained - all).abs() < near * all.max(1.0),
                        "{place}: {explained} of {all}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_pass_band_of_no_blocks_or_few_has_no_pole() {
        for (logarithms, inside) in [
            (&[][..], &[][..]),
            (&[1.0, 2.0], &[false, false]),
            (&[1.0, 2.0], &[true, false]),
        ] {
            let found = Ar1::likeliest(logarithms, inside, 1.0);
            assert_eq!((found.place, found.better), (Complex64::default(), 0.0));
        }
    }

    #[test]
    fn no_pole_is_steeper_than_the_steepest() {
        let blocks = 100;
        for apart in [1, 4, 20, 50, 70, 100] {
            let limit = Ar1::steepest(apart, blocks).ln();
            let mut steepest = f64::NEG_INFINITY;
            for angle in 0..1_000 {
                let place = Complex64::from_polar(FARTHEST, 0.01 * f64::from(angle));
                let logarithms: Vec<f64> = Ar1 { place, better: 0.0 }.densities(blocks).map(f64::ln).collect();
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
