//! The smooth shape of the noise across the band, and what stands out of it.

use crate::spectrum::Block;

/// Harmonics that the noise's shape has at least: features down to a quarter of the band.
const MIN_HARMONICS: usize = 4;

/// And at most; a search through more would cost as much as the transforms.
const MAX_HARMONICS: usize = 16;

/// Bins for each harmonic: wider bands show fainter shapes, which need more of them. At 200 kHz there are six.
const BINS_PER_HARMONIC: usize = 6_000;

/// Blocks weaker than this part of the median block lie outside the pass-band.
const PASS_BAND: f64 = 0.5;

/// Blocks beside its edges that do not count either, since the filter's slope begins there.
const SHOULDER: usize = 2;

/// Standard deviations by which a band has to stand out of a baseline with all harmonics.
const DEVIATIONS: f64 = 5.0;

/// And out of a flat one, where a shape too weak to be noticed may add to the noise.
const DEVIATIONS_FLAT: f64 = 7.0;

/// Widest part of the pass-band for which a flat baseline is believed: the hump of a shape that rises and falls once
/// looks ever more like a band, the wider that is.
const WIDEST_ON_FLAT: f64 = 0.31;

/// Coefficients that must be explained by the band alone if the baseline is to be called flat, and the 99.9 % quantile of
/// the sum of their squares (chi-square with 8 degrees of freedom).
const SHAPES: usize = 8;
const SHAPES_QUANTILE: f64 = 26.12;

/// Logarithms of the block means, fitted by harmonics made orthonormal over the pass-band.
///
/// Noise of a smooth density has `ln(mean of L bins)` = smooth function + independent errors of variance
/// 1 / L. A signal adds a step on a run of blocks. Least squares with the harmonics and the step
/// gives the step's height and standard deviation; the quotient is normal where there is no step. Since every
/// spectral density of samples is periodic, harmonics are its natural shapes: those of a filter with one pole
/// at `a` have the sizes `2 a^m / m`.
#[derive(Debug)]
pub(super) struct Baseline {
    /// Number of blocks.
    blocks: usize,
    /// Sums of each orthonormal shape over the blocks before, for each shape one more than blocks.
    sums: Vec<Vec<f64>>,
    /// The logarithms' coefficients, one for each shape; the first shape is constant.
    coefficients: Vec<f64>,
    /// Sums over the blocks before: of the logarithms, and of the number of blocks in the pass-band.
    logarithms: Vec<(f64, usize)>,
    /// Standard deviation of a logarithm.
    deviation: f64,
}

impl Baseline {
    /// Fits the blocks of a spectrum.
    pub(super) fn new(blocks: &[Block]) -> Self {
        let density = |block: &Block| block.power / block.bins as f64;
        let mut ranked: Vec<f64> = blocks.iter().map(density).collect();
        ranked.sort_unstable_by(f64::total_cmp);
        let lowest = PASS_BAND * ranked[ranked.len() / 2];
        let strong: Vec<bool> = blocks
            .iter()
            .map(|block| density(block) > lowest.max(f64::MIN_POSITIVE))
            .collect();
        let count = blocks.len();
        let inside: Vec<bool> = (0..count)
            .map(|at| (0..=2 * SHOULDER).all(|beside| strong[(at + beside + count - SHOULDER) % count]))
            .collect();
        let bins: usize = blocks.iter().map(|block| block.bins).sum();
        let harmonics = (bins / BINS_PER_HARMONIC).clamp(MIN_HARMONICS, MAX_HARMONICS);

        let mut shapes: Vec<Vec<f64>> = Vec::new();
        for number in 0..=2 * harmonics {
            let mut shape: Vec<f64> = (0..count)
                .map(|at| {
                    if inside[at] {
                        harmonic(number, (at as f64 + 0.5) / count as f64)
                    } else {
                        0.0
                    }
                })
                .collect();
            for earlier in &shapes {
                let part = dot(earlier, &shape);
                shape
                    .iter_mut()
                    .zip(earlier)
                    .for_each(|(value, other)| *value -= part * other);
            }
            let length = dot(&shape, &shape).sqrt();
            // Too small a pass-band for this shape: what is left of it is rounding errors.
            if length > 1e-3 {
                for value in &mut shape {
                    *value /= length;
                }
                shapes.push(shape);
            }
        }

        let values: Vec<f64> = blocks
            .iter()
            .zip(&inside)
            .map(|(block, inside)| if *inside { density(block).ln() } else { 0.0 })
            .collect();
        let mut logarithms = vec![(0.0, 0)];
        let (mut logarithm, mut seen) = (0.0, 0);
        for (value, inside) in values.iter().zip(&inside) {
            logarithm += value;
            seen += usize::from(*inside);
            logarithms.push((logarithm, seen));
        }
        Self {
            blocks: count,
            coefficients: shapes.iter().map(|shape| dot(shape, &values)).collect(),
            sums: shapes.iter().map(|shape| running_sums(shape)).collect(),
            logarithms,
            deviation: (count as f64 / bins as f64).sqrt(),
        }
    }

    /// Whether `width` blocks from `first` on (round the end of the band, if need be) stand out of every
    /// smooth shape that the rest of the pass-band allows.
    pub(super) fn stands_out(&self, first: usize, width: usize) -> bool {
        let end = first + width;
        let runs = [(first, end.min(self.blocks)), (0, end.saturating_sub(self.blocks))];
        let (mut height, mut inside) = (0.0, 0);
        for (from, to) in runs {
            height += self.logarithms[to].0 - self.logarithms[from].0;
            inside += self.logarithms[to].1 - self.logarithms[from].1;
        }
        let pass_band = self.logarithms[self.blocks].1;
        if inside < width || pass_band <= width {
            return false;
        }
        let parts = self
            .sums
            .iter()
            .map(|sums| -> f64 { runs.iter().map(|(from, to)| sums[*to] - sums[*from]).sum() });

        // Regression on one shape after the other: what of the band is left, and what of the logarithms in it.
        let (mut rest, mut free) = (height, width as f64);
        let mut flat = None;
        let mut unexplained = 0.0;
        for (number, (part, coefficient)) in parts.zip(&self.coefficients).enumerate() {
            if let Some((step, _)) = flat
                && number <= SHAPES
            {
                let left: f64 = coefficient - step * part;
                unexplained += (left / self.deviation).powi(2);
            }
            rest -= part * coefficient;
            free -= part * part;
            if number == 0 {
                flat = Some((rest / free, rest / (self.deviation * free.sqrt())));
            }
        }
        let on_flat = flat.is_some_and(|(_, deviations)| deviations > DEVIATIONS_FLAT)
            && unexplained < SHAPES_QUANTILE
            && width as f64 <= WIDEST_ON_FLAT * pass_band as f64;
        let on_shapes = free > 1e-6 * width as f64 && rest > DEVIATIONS * self.deviation * free.sqrt();
        on_flat || on_shapes
    }
}

/// The constant, then cosine and sine of once, twice, ... around the band.
fn harmonic(number: usize, place: f64) -> f64 {
    let angle = std::f64::consts::TAU * number.div_ceil(2) as f64 * place;
    if number % 2 == 1 {
        angle.cos()
    } else if number == 0 {
        1.0
    } else {
        angle.sin()
    }
}

/// Sums of the values before each place, and of all.
fn running_sums(values: &[f64]) -> Vec<f64> {
    let mut sums = vec![0.0];
    let mut sum = 0.0;
    for value in values {
        sum += value;
        sums.push(sum);
    }
    sums
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 512 blocks of 78 bins with exactly these densities.
    fn blocks(density: impl Fn(f64) -> f64) -> Vec<Block> {
        (0..512)
            .map(|at| Block {
                first: at * 78,
                bins: 78,
                power: 78.0 * density(at as f64 / 512.0),
                moment: 0.0,
                largest: 1.0,
                line: 1.0,
                hann: 0.0,
            })
            .collect()
    }

    #[test]
    fn a_step_stands_out_and_a_slope_does_not() {
        let step = |x: f64| if (0.3..0.3625).contains(&x) { 1.25 } else { 1.0 };
        let slope = |x: f64| (1.5 * (std::f64::consts::TAU * x).sin()).exp();
        let both = |x: f64| step(x) * slope(x);
        let at = 512 * 3 / 10 + 1;
        assert!(Baseline::new(&blocks(step)).stands_out(at, 31));
        assert!(Baseline::new(&blocks(both)).stands_out(at, 31));
        for width in [1, 5, 31, 100, 250] {
            let slope = Baseline::new(&blocks(slope));
            assert!((0..512).all(|first| !slope.stands_out(first, width)), "{width}");
        }
    }

    #[test]
    fn a_hump_as_wide_as_half_the_band_is_colour_and_outside_the_pass_band_nothing_counts() {
        let hump = |x: f64| 1.0 / (1.25 - (std::f64::consts::TAU * (x - 0.5)).cos());
        let pass_band = |x: f64| if (0.1..0.9).contains(&x) { 1.0 } else { 1e-6 };
        for shape in [&hump as &dyn Fn(f64) -> f64, &pass_band] {
            let baseline = Baseline::new(&blocks(shape));
            for width in [4, 10, 31, 60] {
                assert!((0..512).all(|first| !baseline.stands_out(first, width)), "{width}");
            }
        }
    }
}
