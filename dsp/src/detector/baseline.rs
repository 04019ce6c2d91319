//! The smooth shape of the noise across the band, harmonics or a pole, and what stands out of it.

use std::cell::OnceCell;
use std::rc::Rc;
use std::sync::Arc;

use super::basis::{HarmonicBasis, MIN_HARMONICS, STRAIGHT};
use super::log_densities::LogDensities;

/// Standard deviations by which a band has to stand out of a flat baseline, if that with the band explains more than any smooth
/// shape does without it.
const DEVIATIONS_FLAT: f64 = 7.0;

/// How much better than a slope or than one harmonic, by twice the logarithm of the likelihood; harmonics that only
/// together can imitate a band, by as much less as there are of them. That is so by chance once in `exp(15)` = 3 million places, of
/// which a chunk has some tens that do not overlap.
const BETTER: f64 = 30.0;

/// Logarithms of the block means, fitted by a slope and harmonics made orthonormal over the pass-band.
///
/// Noise of a smooth density has `ln(mean of L powers)` = smooth function + independent errors of variance
/// 1 / L. A signal adds a step on a run of blocks. Least squares with the shapes and the step
/// gives the step's height and standard deviation; the quotient is normal where there is no step. Since every
/// spectral density of samples is periodic, harmonics are its natural shapes: those of a filter with one pole
/// at `a` have the sizes `2 a^m / m`.
///
/// A wide band looks much like the first few harmonics, and hardly stands out of a baseline that has them. But a flat
/// baseline with a band is also a hypothesis of its own, and no special case of the smooth one: the two are compared by
/// their likelihoods. If the noise is smooth, that of the other hypothesis is `exp(t / 2)` times as large with a
/// probability of at most `exp(-t / 2)`, however faint the shape. Only the first [`MIN_HARMONICS`] are compared so: more of them, which the
/// mean of a segment's chunks has, leave less of the band than their own scatter. With the eight that there are at 48 kHz,
/// 98.85 % of 12.5 kHz 6 dB below the noise were found in five chunks, with four all of 2,000.
///
/// Noise behind a pole has all harmonics, but two numbers tell what they are. So whatever stands out must stand out of the
/// likeliest pole too (see `pole`): a band on a flat baseline by its likelihood, as of one harmonic, which a pole near 0 is; one
/// on a smooth baseline with the pole taken out. Four harmonics alone leave a tip of the peak of a pole at 0.7: it was called
/// a signal in 10 % of the segments at 8 kHz and in 54 % at 48 kHz.
#[derive(Debug)]
pub(super) struct Baseline {
    logarithms: Rc<LogDensities>,
    basis: Arc<HarmonicBasis>,
    /// The logarithms' coefficients, one for each shape; the first shape is constant.
    coefficients: Vec<f64>,
    /// Sums over the blocks before: of the logarithms, and of the number of blocks in the pass-band.
    sums: Vec<(f64, usize)>,
    /// Standard deviation of a logarithm.
    deviation: f64,
    /// What is left when the likeliest pole is taken out. Made when it is asked for first: hardly ever in noise.
    without_ar1: OnceCell<Box<Baseline>>,
}

/// A band that stands out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Step {
    /// First block.
    pub first: usize,
    /// Blocks, round the end of the band if need be.
    pub width: usize,
    /// Logarithm of its density over the noise's.
    pub height: f64,
    /// Standard deviation of that.
    pub deviation: f64,
}

impl Baseline {
    /// Fits these logarithms. `known` are shapes of as many blocks and looks; they are made anew if the pass-band is another.
    pub(super) fn new(logarithms: Rc<LogDensities>, known: &mut Option<Arc<HarmonicBasis>>) -> Self {
        let basis = match known {
            Some(known) if known.inside == logarithms.inside => known,
            _ => known.insert(Arc::new(HarmonicBasis::new(
                logarithms.inside.clone(),
                logarithms.looks,
            ))),
        };
        Self::with(logarithms, basis.clone())
    }

    fn with(logarithms: Rc<LogDensities>, basis: Arc<HarmonicBasis>) -> Self {
        let mut sums = vec![(0.0, 0)];
        let (mut sum, mut seen) = (0.0, 0);
        for (logarithm, inside) in logarithms.values.iter().zip(&logarithms.inside) {
            sum += logarithm;
            seen += usize::from(*inside);
            sums.push((sum, seen));
        }
        Self {
            coefficients: basis.coefficients(&logarithms.values),
            basis,
            sums,
            deviation: logarithms.variance().sqrt(),
            logarithms,
            without_ar1: OnceCell::new(),
        }
    }

    /// The band of `width` blocks from `first` on, if it stands out of a baseline with all shapes by so many standard deviations, or a
    /// better fit near it, if a flat baseline with that is likelier than any smooth shape.
    pub(super) fn stands_out(&self, first: usize, width: usize, deviations: f64) -> Option<Step> {
        self.flat(first, width)?;
        let (better_first, better_width) = self.climb(first, width);
        self.stands_out_of_flat(better_first, better_width)
            .filter(|step| self.is_likelier_than_a_pole(step))
            .or_else(|| {
                self.stands_out_of_shapes(first, width, deviations).filter(|_| {
                    let rest = self.without_ar1();
                    rest.stands_out_of_shapes(first, width, deviations).is_some()
                })
            })
    }

    /// How high these logarithms of another spectrum are in the band, over all the pass-band outside it.
    pub(super) fn height(&self, logarithms: &[f64], step: &Step) -> f64 {
        let (mut within, mut all) = (0.0, 0.0);
        for (at, _) in self.basis.inside.iter().enumerate().filter(|(_, inside)| **inside) {
            all += logarithms[at];
            if (at + self.blocks() - step.first) % self.blocks() < step.width {
                within += logarithms[at];
            }
        }
        let (width, pass_band) = (step.width as f64, self.pass_band() as f64);
        within / width - (all - within) / (pass_band - width)
    }

    /// Standard deviation of such a height in the spectrum that was fitted.
    pub(super) fn flat_deviation(&self, step: &Step) -> f64 {
        let (width, pass_band) = (step.width as f64, self.pass_band() as f64);
        self.deviation * (1.0 / width + 1.0 / (pass_band - width)).sqrt()
    }

    fn blocks(&self) -> usize {
        self.logarithms.values.len()
    }

    fn pass_band(&self) -> usize {
        self.sums[self.blocks()].1
    }

    /// Standard deviations by which the band stands out of a flat baseline; `None` if it leaves the pass-band.
    fn flat(&self, first: usize, width: usize) -> Option<f64> {
        let (mut height, mut inside) = (0.0, 0);
        for (from, to) in self.runs(first, width) {
            height += self.sums[to].0 - self.sums[from].0;
            inside += self.sums[to].1 - self.sums[from].1;
        }
        let pass_band = self.pass_band();
        if width == 0 || inside < width || pass_band <= width {
            return None;
        }
        let part = width as f64 / pass_band as f64;
        let rest = height - part * self.sums[self.blocks()].0;
        Some(rest / (self.deviation * (width as f64 * (1.0 - part)).sqrt()))
    }

    /// The band near this one that stands out farthest: its ends are moved as long as that helps, in ever smaller steps.
    fn climb(&self, mut first: usize, mut width: usize) -> (usize, usize) {
        let of = |first, width| self.flat(first, width).unwrap_or(f64::NEG_INFINITY);
        let mut best = of(first, width);
        let mut step = (width / 4).max(1);
        while step > 0 {
            let back = (first + self.blocks() - step % self.blocks()) % self.blocks();
            let forth = (first + step) % self.blocks();
            let (wider, narrower) = (width + step, width.saturating_sub(step));
            let moves = [(back, wider), (forth, narrower), (first, wider), (first, narrower)];
            let before = best;
            for (first_there, width_there) in moves {
                if 2 * width_there <= self.blocks() && of(first_there, width_there) > best {
                    best = of(first_there, width_there);
                    (first, width) = (first_there, width_there);
                }
            }
            if best <= before {
                step /= 2;
            }
        }
        (first, width)
    }

    /// Whether a flat baseline with this band explains more than smooth shapes do.
    fn stands_out_of_flat(&self, first: usize, width: usize) -> Option<Step> {
        let flat = self.flat(first, width)?;
        if flat < DEVIATIONS_FLAT {
            return None;
        }
        let height = flat * self.deviation / (width as f64 * (1.0 - width as f64 / self.pass_band() as f64)).sqrt();
        // What the band leaves to each shape, and what all shapes up to that leave to the band.
        let mut unexplained = 0.0;
        let mut regression = Regression::new(self, first, width);
        let parts = self.parts(first, width).zip(&self.coefficients);
        for (number, (part, coefficient)) in parts.take(STRAIGHT + 2 * MIN_HARMONICS).enumerate() {
            regression.take(part, *coefficient);
            if number == 0 {
                continue;
            }
            unexplained += ((coefficient - height * part) / self.deviation).powi(2);
            // Only after a cosine's sine can harmonics be judged: their phase is free.
            if number >= STRAIGHT && (number - STRAIGHT).is_multiple_of(2) {
                continue;
            }
            let left = regression.deviations(self.deviation);
            let harmonics = (number - 1) / 2;
            // On average noise leaves 1 to each shape.
            let better = left * left.abs() - (unexplained - number as f64);
            if better < BETTER / harmonics.max(1) as f64 {
                return None;
            }
        }
        let step = Step {
            first,
            width,
            height,
            deviation: 0.0,
        };
        Some(Step {
            deviation: self.flat_deviation(&step),
            ..step
        })
    }

    /// Whether a flat baseline with this band explains more than one pole does.
    fn is_likelier_than_a_pole(&self, step: &Step) -> bool {
        // On average noise leaves 1 to each of the pole's two numbers.
        let better = (step.height / step.deviation).powi(2) - (self.logarithms.ar1().better - 2.0);
        better >= BETTER
    }

    fn without_ar1(&self) -> &Baseline {
        self.without_ar1.get_or_init(|| {
            let rest = Rc::new(self.logarithms.without_ar1());
            Box::new(Self::with(rest, self.basis.clone()))
        })
    }

    /// Whether the band stands out of a baseline with all shapes.
    fn stands_out_of_shapes(&self, first: usize, width: usize, deviations: f64) -> Option<Step> {
        let mut regression = Regression::new(self, first, width);
        for (part, coefficient) in self.parts(first, width).zip(&self.coefficients) {
            regression.take(part, *coefficient);
        }
        let is_left = regression.free > 1e-6 * width as f64;
        (is_left && regression.deviations(self.deviation) > deviations).then(|| Step {
            first,
            width,
            height: regression.rest / regression.free,
            deviation: self.deviation / regression.free.sqrt(),
        })
    }

    /// Sums of the shapes over a band.
    fn parts(&self, first: usize, width: usize) -> impl Iterator<Item = f64> {
        let runs = self.runs(first, width);
        self.basis
            .sums
            .iter()
            .map(move |sums| runs.iter().map(|(from, to)| sums[*to] - sums[*from]).sum())
    }

    /// The blocks of a band: up to the end, and from the beginning on.
    fn runs(&self, first: usize, width: usize) -> [(usize, usize); 2] {
        let end = first + width;
        [(first, end.min(self.blocks())), (0, end.saturating_sub(self.blocks()))]
    }
}

/// Regression on one shape after the other: what of the band is left, and what of the logarithms in it.
struct Regression {
    rest: f64,
    free: f64,
}

impl Regression {
    fn new(baseline: &Baseline, first: usize, width: usize) -> Self {
        let sums = &baseline.sums;
        let runs = baseline.runs(first, width);
        Self {
            rest: runs.iter().map(|(from, to)| sums[*to].0 - sums[*from].0).sum(),
            free: width as f64,
        }
    }

    fn take(&mut self, part: f64, coefficient: f64) {
        self.rest -= part * coefficient;
        self.free -= part * part;
    }

    fn deviations(&self, deviation: f64) -> f64 {
        self.rest / (deviation * self.free.max(f64::MIN_POSITIVE).sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOOKS: f64 = 78.0;

    /// What one in 3 million exceeds.
    const DEVIATIONS: f64 = 5.0;

    /// 512 blocks with exactly these densities.
    fn baseline(density: impl Fn(f64) -> f64) -> Baseline {
        let densities: Vec<f64> = (0..512).map(|at| density(f64::from(at) / 512.0)).collect();
        fitted(&densities, &mut None)
    }

    fn fitted(densities: &[f64], known: &mut Option<Arc<HarmonicBasis>>) -> Baseline {
        Baseline::new(Rc::new(LogDensities::of(densities, LOOKS)), known)
    }

    fn stands_out_anywhere(baseline: &Baseline, width: usize) -> bool {
        (0..512).any(|first| baseline.stands_out(first, width, DEVIATIONS).is_some())
    }

    #[test]
    fn a_step_stands_out_as_high_and_wide_as_it_is_and_a_slope_does_not() {
        let step = |x: f64| if (0.3..0.3625).contains(&x) { 1.25 } else { 1.0 };
        let slope = |x: f64| (1.5 * (std::f64::consts::TAU * x).sin()).exp();
        let both = |x: f64| step(x) * slope(x);
        let found = baseline(step).stands_out(512 * 3 / 10 + 9, 20, DEVIATIONS).unwrap();
        assert_eq!((found.first, found.width), (154, 32));
        assert!((found.height - 1.25_f64.ln()).abs() < 1e-9, "{found:?}");
        let found = baseline(both).stands_out(154, 32, DEVIATIONS).unwrap();
        assert!((found.height - 1.25_f64.ln()).abs() < 0.02, "{found:?}");
        for width in [1, 5, 31, 100, 250] {
            assert!(!stands_out_anywhere(&baseline(slope), width), "{width}");
        }
    }

    #[test]
    fn shapes_of_another_pass_band_are_made_anew() {
        let mut known = None;
        let flat = vec![1.0; 512];
        let mut edges = flat.clone();
        edges[..50].fill(1e-6);
        for densities in [&flat, &flat, &edges, &flat] {
            let again = fitted(densities, &mut known);
            let anew = fitted(densities, &mut None);
            assert_eq!(again.basis.inside, anew.basis.inside);
            assert_eq!(again.basis.sums, anew.basis.sums);
            assert_eq!(again.coefficients, anew.coefficients);
        }
    }

    #[test]
    fn a_wide_step_is_told_from_shapes_as_high_as_it() {
        // A quarter of the band, 25 % above the rest; and what is like it: a cosine, a slope, a parabola.
        let step = |x: f64| if (0.3..0.56).contains(&x) { 1.25 } else { 1.0 };
        assert!(stands_out_anywhere(&baseline(step), 120));
        for size in [0.05, 0.1, 0.2, 0.4] {
            let cosine = |x: f64| (size * (std::f64::consts::TAU * x).cos()).exp();
            let slope = |x: f64| (size * x).exp();
            let parabola = |x: f64| (-4.0 * size * (x - 0.5).powi(2)).exp();
            for shape in [&cosine as &dyn Fn(f64) -> f64, &slope, &parabola] {
                let baseline = baseline(shape);
                for width in [20, 60, 120, 160, 250] {
                    assert!(!stands_out_anywhere(&baseline, width), "{size} {width}");
                }
            }
        }
    }

    #[test]
    fn a_pole_near_the_circle_is_colour_and_a_band_on_it_stands_out() {
        // Four harmonics leave 3 dB of its peak.
        let pole = |x: f64| 1.0 / (1.81 - 1.8 * (std::f64::consts::TAU * (x - 0.37)).cos());
        let both = |x: f64| pole(x) * if (0.52..0.58).contains(&x) { 2.0 } else { 1.0 };
        for width in [4, 10, 31, 60, 120, 250] {
            assert!(!stands_out_anywhere(&baseline(pole), width), "{width}");
        }
        assert!(stands_out_anywhere(&baseline(both), 30));
    }

    #[test]
    fn a_hump_as_wide_as_half_the_band_is_colour_and_outside_the_pass_band_nothing_counts() {
        let hump = |x: f64| 1.0 / (1.25 - (std::f64::consts::TAU * (x - 0.5)).cos());
        let pass_band = |x: f64| if (0.1..0.9).contains(&x) { 1.0 } else { 1e-6 };
        for shape in [&hump as &dyn Fn(f64) -> f64, &pass_band] {
            for width in [4, 10, 31, 60] {
                assert!(!stands_out_anywhere(&baseline(shape), width), "{width}");
            }
        }
    }

    #[test]
    fn a_wide_band_is_no_farther_from_smooth_noise_than_the_documentation_says() {
        // 12.5 kHz 6 dB below the noise in one chunk; by how many standard deviations all that some harmonics leave of it differs.
        let distance = |rate: f64, harmonics: usize| {
            let (count, looks) = (500, rate / 5.0 / 500.0);
            let width = crate::detector::reference_cells::rounded(count as f64 * 12_500.0 / rate);
            let baseline = Baseline::new(Rc::new(LogDensities::of(&vec![1.0; count], looks)), &mut None);
            let mut regression = Regression::new(&baseline, (count - width) / 2, width);
            for part in baseline
                .parts((count - width) / 2, width)
                .take(STRAIGHT + 2 * harmonics)
            {
                regression.take(part, 0.0);
            }
            (1.0 + 10_f64.powf(-0.6)).ln() * (regression.free * looks).sqrt()
        };
        for (rate, expected) in [
            (48_000.0, [6.4, 4.1, 3.5, 3.5]),
            (50_000.0, [6.6, 4.2, 3.5, 3.5]),
            (96_000.0, [8.8, 7.2, 5.7, 4.6]),
            (200_000.0, [10.1, 9.3, 8.6, 7.8]),
        ] {
            for (harmonics, expected) in (1..).zip(expected) {
                let distance = distance(rate, harmonics);
                assert!((distance - expected).abs() < 0.05, "{rate} Hz, {harmonics}: {distance}");
            }
        }
    }
}
