//! The baseline: the smooth shape of the noise across the band, fitted by harmonics or by an AR(1)
//! model, and the bands that exceed it.

mod regression;
#[cfg(test)]
mod tests;

use std::cell::OnceCell;
use std::rc::Rc;
use std::sync::Arc;

use super::ar2::COLOUR_SEEN;
use super::basis::{HarmonicBasis, MIN_HARMONICS, STRAIGHT};
use super::log_densities::LogDensities;
use regression::Regression;

/// Standard deviations by which a band must exceed a flat baseline, if the band on a flat baseline
/// explains more than any smooth shape without a band.
const DEVIATIONS_FLAT: f64 = 7.0;

/// How much better that hypothesis must be than a slope or one harmonic: twice the logarithm of the
/// likelihood ratio. For `h` harmonics, which only together look like a band, a `h`-th part is
/// enough. Chance exceeds it in one of `exp(15)` = 3 million places, and a chunk has some tens that
/// do not overlap.
const BETTER: f64 = 30.0;

/// Logarithms of the block means, fitted by a slope and harmonics that are orthonormal over the
/// pass-band.
///
/// For noise of a smooth density, `ln(mean of L powers)` is a smooth function plus independent
/// errors of variance 1 / L. A signal adds a step on a run of blocks. Least squares with the shapes
/// and the step give the step's height and its standard deviation. Without a step their quotient is
/// normal. The spectral density of samples is periodic, so harmonics are its natural shapes: those
/// of an AR(1) model with the pole `a` have the amplitudes `2 a^m / m`.
///
/// A wide band looks like the first few harmonics, so it exceeds a baseline that contains them only
/// a little. But a band on a flat baseline is a hypothesis of its own, not a special case of the
/// smooth one. The two are compared by their likelihoods. If the noise is smooth, the likelihood of
/// a band is `exp(t / 2)` times as large with a probability of at most `exp(-t / 2)`, however weak
/// the shape. Only the first [`MIN_HARMONICS`] are compared in this way. The mean of a segment's
/// chunks has more of them, but they explain less of the band than their own scatter. At 48 kHz,
/// with all eight harmonics, 98.85 % of the bands of 12.5 kHz 6 dB below the noise were found in
/// five chunks; with four, all of 2,000.
///
/// AR(1) noise has all harmonics, but two numbers determine them. So a band must also exceed the
/// most likely AR(1) model. A band on a flat baseline is compared with it by likelihood, with the
/// threshold of one harmonic, because a pole near 0 is one harmonic. A band on a smooth baseline
/// must still exceed the baseline after the model is subtracted. Four harmonics alone leave the tip
/// of the peak of a pole at 0.7: it counted as a signal in 10 % of the segments at 8 kHz and in 54
/// % at 48 kHz.
#[derive(Debug)]
pub(super) struct Baseline {
    logarithms: Rc<LogDensities>,
    basis: Arc<HarmonicBasis>,
    /// Coefficients of the logarithms, one for each shape. The first shape is constant.
    coefficients: Vec<f64>,
    /// For each block, sums over the blocks before it: the logarithms, and the number of blocks in
    /// the pass-band.
    sums: Vec<(f64, usize)>,
    /// Standard deviation of a logarithm.
    deviation: f64,
    /// The baseline after the most likely AR(1) model is subtracted, and the same for AR(2). Fitted
    /// when they are first needed, which is rare in noise.
    without_ar1: OnceCell<Box<Baseline>>,
    without_ar2: OnceCell<Box<Baseline>>,
}

/// A band that exceeds the baseline.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Step {
    /// First block.
    pub first: usize,
    /// Number of blocks. After the last block of the spectrum comes its first.
    pub width: usize,
    /// Logarithm of the ratio of its density to that of the noise.
    pub height: f64,
    /// Standard deviation of the height.
    pub deviation: f64,
}

impl Baseline {
    /// Fits these logarithms. `known` is a basis for the same blocks and looks; it is replaced if
    /// the pass-band differs.
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
        let (mut sum, mut count) = (0.0, 0);
        for (logarithm, inside) in logarithms.values.iter().zip(&logarithms.inside) {
            sum += logarithm;
            count += usize::from(*inside);
            sums.push((sum, count));
        }
        Self {
            coefficients: basis.coefficients(&logarithms.values),
            basis,
            sums,
            deviation: logarithms.variance().sqrt(),
            logarithms,
            without_ar1: OnceCell::new(),
            without_ar2: OnceCell::new(),
        }
    }

    /// The band of `width` blocks from `first` on, if it exceeds a baseline with all shapes by this
    /// number of standard deviations. Or a band near it that fits better, if that band on a flat
    /// baseline is more likely than any smooth shape.
    pub(super) fn stands_out(&self, first: usize, width: usize, deviations: f64) -> Option<Step> {
        self.flat(first, width)?;
        let (better_first, better_width) = self.climb(first, width);
        self.stands_out_of_flat(better_first, better_width)
            .filter(|step| step.height > COLOUR_SEEN.ln() || self.is_likelier_than_poles(step))
            .or_else(|| {
                let in_rest = |rest: &Baseline| rest.stands_out_of_shapes(first, width, deviations).is_some();
                self.stands_out_of_shapes(first, width, deviations)
                    .filter(|_| in_rest(self.without_ar1()) && in_rest(self.without_ar2()))
            })
    }

    /// Height of the band in the logarithms of another spectrum: their mean in the band minus their
    /// mean in the rest of the pass-band.
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

    /// Standard deviation of [`Self::height`] in the spectrum that was fitted.
    pub(super) fn flat_deviation(&self, width: usize) -> f64 {
        let (width, pass_band) = (width as f64, self.pass_band() as f64);
        self.deviation * (1.0 / width + 1.0 / (pass_band - width)).sqrt()
    }

    fn blocks(&self) -> usize {
        self.logarithms.values.len()
    }

    fn pass_band(&self) -> usize {
        self.sums[self.blocks()].1
    }

    /// Standard deviations by which the band exceeds a flat baseline. `None` if a part of it is
    /// outside the pass-band.
    fn flat(&self, first: usize, width: usize) -> Option<f64> {
        let (height, inside) = self.band_sums(first, width);
        let pass_band = self.pass_band();
        if width == 0 || inside < width || pass_band <= width {
            return None;
        }
        let part = width as f64 / pass_band as f64;
        let rest = height - part * self.sums[self.blocks()].0;
        Some(rest / (self.deviation * (width as f64 * (1.0 - part)).sqrt()))
    }

    /// The band near this one that exceeds a flat baseline most. Moves the band's ends as long as
    /// that increases it, in ever smaller steps.
    fn climb(&self, mut first: usize, mut width: usize) -> (usize, usize) {
        let height = |first, width| self.flat(first, width).unwrap_or(f64::NEG_INFINITY);
        let mut best = height(first, width);
        let mut step = (width / 4).max(1);
        while step > 0 {
            let earlier = (first + self.blocks() - step % self.blocks()) % self.blocks();
            let later = (first + step) % self.blocks();
            let (wider, narrower) = (width + step, width.saturating_sub(step));
            let moves = [(earlier, wider), (later, narrower), (first, wider), (first, narrower)];
            let before = best;
            for (new_first, new_width) in moves {
                if 2 * new_width <= self.blocks() && height(new_first, new_width) > best {
                    best = height(new_first, new_width);
                    (first, width) = (new_first, new_width);
                }
            }
            if best <= before {
                step /= 2;
            }
        }
        (first, width)
    }

    /// The band, if it explains more on a flat baseline than smooth shapes do.
    fn stands_out_of_flat(&self, first: usize, width: usize) -> Option<Step> {
        let flat = self.flat(first, width)?;
        if flat < DEVIATIONS_FLAT {
            return None;
        }
        let height = flat * self.deviation / (width as f64 * (1.0 - width as f64 / self.pass_band() as f64)).sqrt();
        // Compares what the band leaves for the shapes with what the shapes so far leave for the
        // band.
        let mut unexplained = 0.0;
        let mut regression = Regression::new(self.band_sums(first, width).0, width);
        let parts = self.parts(first, width).zip(&self.coefficients);
        for (number, (part, coefficient)) in parts.take(STRAIGHT + 2 * MIN_HARMONICS).enumerate() {
            regression.subtract(part, *coefficient);
            if number == 0 {
                continue;
            }
            unexplained += ((coefficient - height * part) / self.deviation).powi(2);
            // The phase of a harmonic is free, so it is complete only with its sine.
            if number >= STRAIGHT && (number - STRAIGHT).is_multiple_of(2) {
                continue;
            }
            let left = regression.deviations(self.deviation);
            let harmonics = (number - 1) / 2;
            // On average, noise has 1 in each shape.
            let better = left * left.abs() - (unexplained - number as f64);
            if better < BETTER / harmonics.max(1) as f64 {
                return None;
            }
        }
        Some(Step {
            first,
            width,
            height,
            deviation: self.flat_deviation(width),
        })
    }

    /// Whether the band explains more on a flat baseline than an AR(1) and an AR(2) model do. The
    /// second has as many numbers as two harmonics.
    fn is_likelier_than_poles(&self, step: &Step) -> bool {
        // On average, noise has 1 in each of the models' numbers.
        let explained = (step.height / step.deviation).powi(2);
        explained - (self.logarithms.ar1().better - 2.0) >= BETTER
            && explained - (self.logarithms.ar2().better - 4.0) >= BETTER / 2.0
    }

    fn without_ar1(&self) -> &Baseline {
        self.without_ar1.get_or_init(|| {
            let rest = Rc::new(self.logarithms.without_ar1());
            Box::new(Self::with(rest, self.basis.clone()))
        })
    }

    fn without_ar2(&self) -> &Baseline {
        self.without_ar2.get_or_init(|| {
            let rest = Rc::new(self.logarithms.without_ar2());
            Box::new(Self::with(rest, self.basis.clone()))
        })
    }

    /// The band, if it exceeds a baseline with all shapes.
    fn stands_out_of_shapes(&self, first: usize, width: usize, deviations: f64) -> Option<Step> {
        let mut regression = Regression::new(self.band_sums(first, width).0, width);
        for (part, coefficient) in self.parts(first, width).zip(&self.coefficients) {
            regression.subtract(part, *coefficient);
        }
        let has_rest = regression.free > 1e-6 * width as f64;
        (has_rest && regression.deviations(self.deviation) > deviations).then(|| Step {
            first,
            width,
            height: regression.rest / regression.free,
            deviation: self.deviation / regression.free.sqrt(),
        })
    }

    /// Sum of the logarithms over a band, and how many of its blocks are in the pass-band.
    fn band_sums(&self, first: usize, width: usize) -> (f64, usize) {
        let mut sums = (0.0, 0);
        for (from, to) in self.runs(first, width) {
            sums.0 += self.sums[to].0 - self.sums[from].0;
            sums.1 += self.sums[to].1 - self.sums[from].1;
        }
        sums
    }

    /// Sums of the shapes over a band.
    fn parts(&self, first: usize, width: usize) -> impl Iterator<Item = f64> {
        let runs = self.runs(first, width);
        self.basis
            .sums
            .iter()
            .map(move |sums| runs.iter().map(|(from, to)| sums[*to] - sums[*from]).sum())
    }

    /// The blocks of a band as two ranges: up to the end of the spectrum, and from its start on.
    fn runs(&self, first: usize, width: usize) -> [(usize, usize); 2] {
        let end = first + width;
        [(first, end.min(self.blocks())), (0, end.saturating_sub(self.blocks()))]
    }
}
