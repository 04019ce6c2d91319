//! The shape of a band: noise, a signal, or the receiver's pass-band.

use std::ops::Range;

use super::groups::{noise_level, sum_between};
use super::shape::{BandShape, COLOUR_SEEN, GAP, Knowledge};
use crate::estimators::order_statistic;

/// Largest part of the band that a receiver's filter suppresses.
pub(super) const WIDEST_STOP_BAND: f64 = 0.42;

/// Ratio of a hump to the floor above which a hump without a flat top is no filter's: 20 dB. Five
/// stages of a CIC filter fall by 17 dB.
const STEEP: f64 = 100.0;

/// Densities below this part of the mean density are rounding errors of the transform.
const ROUNDING: f64 = 1e-11;

/// Groups at the ends of the band below this part of the noise are in the stop band.
const STOP_BAND: f64 = 0.1;

/// Groups below this part of the hump's median group are on its slopes.
const SKIRT: f64 = 0.3;

/// Part of the band at each end of a hump that is compared: the outer half with the inner half, and
/// the two ends with one another. Largest ratios of a flat top.
const SHOULDER: f64 = 0.1;
const FLAT: f64 = 2.8;
const FLAT_DEVIATIONS: f64 = 3.0;
const BALANCED: f64 = 4.0;

/// Largest difference of the widths of two stop bands, as a part of the band: the noise decides
/// where on its slope a filter ends.
const ASYMMETRY: f64 = 0.06;

/// Part of the band on either side of an edge that is compared, and the ratio from which on the edge is
/// steep: 8 dB. One pole with 12 dB of colour changes by up to 4 dB over as much.
const EDGE: f64 = 0.02;
const STEEP_EDGE: f64 = 6.0;

/// Least part of the band in which the noise must be visible.
const LEAST_FREE: f64 = 0.04;

/// Least part of a flat top's power that the envelope must leave to noise: half of what the
/// spectrum shows.
const NOISE_LEFT: f64 = 0.5;

/// Least part of a hump that is as strong as its median group, if that is noise.
const PLATEAU: f64 = 0.5;

/// Fewest pairs of neighbours on a plateau, and standard deviations by which their variance may exceed
/// that of noise.
const FEWEST_PAIRS: f64 = 8.0;
const SCATTER_DEVIATIONS: f64 = 2.0;

/// Ratio of the strongest group to a plateau, beyond chance, from which on something stands out: 1 dB.
const STANDS_OUT: f64 = 1.26;

/// Ratio of a hump to the floor from which on it must be explained: 3 dB.
const STEP: f64 = 2.0;

/// The groups of a chunk.
pub(super) struct Band<'a> {
    /// From minus to plus half the sample rate.
    pub(super) densities: &'a [f64],
    /// How far a group of noise may exceed their mean.
    pub(super) factor: f64,
    /// Standard deviation of a group of noise of mean 1.
    pub(super) deviation: f64,
    /// By how much the kurtosis is below that of noise, if it is significant.
    pub(super) deficit: f64,
    /// Whether the envelope has bursts.
    pub(super) has_bursts: bool,
    /// Level of the rounding of the format, 0 if a receiver's noise may be that weak.
    pub(super) rounding: f64,
}

/// What the groups show.
pub(super) struct Decision {
    pub(super) shape: BandShape,
    /// Level of the noise.
    pub(super) level: f64,
    pub(super) knowledge: Knowledge,
}

impl Decision {
    fn certain(shape: BandShape, level: f64) -> Self {
        Self {
            shape,
            level,
            knowledge: Knowledge::Known,
        }
    }
}

impl Band<'_> {
    /// The shape of the band, and the level of the noise.
    pub(super) fn decide(&self, ranked: &mut Vec<f64>) -> Decision {
        let count = self.densities.len();
        let mean = self.densities.iter().sum::<f64>() / count as f64;
        let lowest = ROUNDING * mean;
        let level = |range: Range<usize>, ranked: &mut Vec<f64>| {
            ranked.clear();
            ranked.extend(self.densities[range].iter().filter(|density| **density > lowest));
            noise_level(ranked, self.factor)
        };
        if mean <= 0.0 {
            return Decision::certain(BandShape::Noise, 0.0);
        }
        if let Some(passed) = self.above_rounding() {
            return self.within(passed, ranked);
        }
        let visible = self.densities.iter().filter(|density| **density > lowest).count();
        if (visible as f64) < (1.0 - WIDEST_STOP_BAND) * count as f64 {
            // A signal alone: the rest is rounding.
            return Decision::certain(BandShape::Filled, 0.0);
        }
        let floor = level(0..count, ranked);
        let free = self.near(floor).0 as f64 / count as f64;
        let hump = self.between_ends(GAP * floor);
        let ends = 1.0 - hump.len() as f64 / count as f64;
        let strongest = self.densities.iter().copied().fold(0.0, f64::max);
        let is_interior = |density: &&f64| **density > lowest && **density <= self.factor * floor;
        let interior = self.densities[hump.clone()].iter().filter(is_interior).count();
        if interior as f64 > (0.01 * count as f64).max(1.0) || hump.is_empty() || ends >= WIDEST_STOP_BAND {
            let is_far = strongest > COLOUR_SEEN * floor;
            let shape = if is_far { BandShape::Signal } else { BandShape::Noise };
            return Decision::certain(shape, floor);
        }
        let (core, middle) = self.core(&hump, ranked);
        let has_shoulders = self.has_shoulders(&core);
        if self.is_signal(&core, &hump, floor, middle, has_shoulders) {
            if free < LEAST_FREE {
                return Decision::certain(BandShape::Filled, 0.0);
            }
            return Decision::certain(BandShape::Signal, floor);
        }
        let top = level(core.clone(), ranked);
        let is_plateau = self.is_plateau(&core, middle);
        let strongest_inside = self.densities[core].iter().copied().fold(0.0, f64::max);
        // What the plateau is is known only if something stands out of it, and if it is where a
        // receiver's pass-band can be.
        let stands_out = strongest_inside > STANDS_OUT * self.factor * middle;
        Decision {
            shape: if strongest_inside > COLOUR_SEEN * middle {
                // Whatever the hump is, this is a signal.
                BandShape::Signal
            } else if middle > STEP * floor {
                BandShape::Undecidable
            } else {
                BandShape::Noise
            },
            level: top,
            knowledge: if middle <= STEP * floor
                || (has_shoulders && is_plateau && stands_out && !self.is_lopsided(&hump))
            {
                Knowledge::Known
            } else {
                Knowledge::Ambiguous
            },
        }
    }

    /// The groups between the two ends of the band that do not exceed `highest`.
    pub(super) fn between_ends(&self, highest: f64) -> Range<usize> {
        let is_weak = |density: &&f64| **density <= highest;
        let lower = self.densities.iter().take_while(is_weak).count();
        let upper = self.densities[lower..].iter().rev().take_while(is_weak).count();
        lower..self.densities.len() - upper
    }

    /// The hump without its slopes, and its median group.
    pub(super) fn core(&self, hump: &Range<usize>, ranked: &mut Vec<f64>) -> (Range<usize>, f64) {
        ranked.clear();
        ranked.extend_from_slice(&self.densities[hump.clone()]);
        let middle = ranked.len() / 2;
        let median = *ranked.select_nth_unstable_by(middle, f64::total_cmp).1;
        let core = self.between_ends(SKIRT * median);
        (core.start.max(hump.start)..core.end.min(hump.end), median)
    }

    /// Whether a hump between weak ends of the band is a signal and not a receiver's pass-band.
    /// `middle` is its median group.
    fn is_signal(
        &self,
        core: &Range<usize>,
        hump: &Range<usize>,
        floor: f64,
        middle: f64,
        has_shoulders: bool,
    ) -> bool {
        let in_core = &self.densities[core.clone()];
        let power: f64 = in_core.iter().sum();
        let above = |density: &f64| (density - self.factor * middle).max(0.0);
        let plateau = 1.0 - in_core.iter().map(above).sum::<f64>() / power;
        // The envelope of noise in a part `q` of the power, and of any signals in the rest, has a
        // deficit of at most (1 - q)^2.
        if self.deficit > 0.0 && 1.0 - self.deficit.sqrt() < NOISE_LEFT * plateau {
            return true;
        }
        let strongest = in_core.iter().copied().fold(0.0, f64::max);
        (self.is_lopsided(hump) && (middle > COLOUR_SEEN * floor || self.is_steep(hump)))
            || (!has_shoulders && (strongest > STEEP * floor || self.deficit > 0.0))
    }

    /// Whether one end of the band is wider than the other one.
    fn is_lopsided(&self, hump: &Range<usize>) -> bool {
        let count = self.densities.len() as f64;
        let (lower, upper) = (hump.start as f64, count - hump.end as f64);
        (lower - upper).abs() > (ASYMMETRY * count).max(2.0)
    }

    /// Whether both ends of a hump are steeper than the colour of a receiver's noise.
    fn is_steep(&self, hump: &Range<usize>) -> bool {
        let count = self.densities.len();
        let width = order_statistic::share(count, EDGE);
        if hump.start <= width || hump.end + width >= count || hump.len() < 2 * width + 2 {
            return false;
        }
        let sum = |range: Range<usize>| self.densities[range].iter().sum::<f64>();
        let below = sum(hump.start - 1 - width..hump.start - 1);
        let above = sum(hump.end + 1..hump.end + 1 + width);
        let first = sum(hump.start + 1..hump.start + 1 + width);
        let last = sum(hump.end - 1 - width..hump.end - 1);
        first > STEEP_EDGE * below && last > STEEP_EDGE * above
    }

    /// Whether a good part of a hump is about as strong as the `middle`, and scatters as noise.
    fn is_plateau(&self, core: &Range<usize>, middle: f64) -> bool {
        let in_core = &self.densities[core.clone()];
        let on_plateau = sum_between(in_core, middle / self.factor, middle * self.factor).0;
        on_plateau as f64 >= PLATEAU * core.len() as f64 && self.scatters_as_noise(core, middle)
    }

    /// Whether neighbouring groups that are about as strong as the `middle` differ no more than those of
    /// noise. The gaps between the lines of a signal differ more.
    fn scatters_as_noise(&self, core: &Range<usize>, middle: f64) -> bool {
        let is_on_plateau = |density: f64| density >= middle / self.factor && density <= middle * self.factor;
        let (mut count, mut sum) = (0.0, 0.0);
        for pair in self.densities[core.clone()].windows(2) {
            let (one, other) = (pair[0], pair[1]);
            if is_on_plateau(one) && is_on_plateau(other) {
                count += 1.0;
                sum += 2.0 * ((one - other) / (one + other)).powi(2);
            }
        }
        // A pair of normal variables gives its variance with the kurtosis of a square, 3.
        let highest = 1.0 + SCATTER_DEVIATIONS * (3.0_f64 / count).sqrt();
        count >= FEWEST_PAIRS && sum / count <= highest * self.deviation.powi(2)
    }

    /// Whether the top is flat and equally high at both ends of the hump, as noise is in a
    /// receiver's pass-band, whatever stands out in the middle.
    fn has_shoulders(&self, core: &Range<usize>) -> bool {
        let width = order_statistic::share(self.densities.len(), SHOULDER)
            .min(core.len() / 3)
            .max(2)
            / 2
            * 2;
        if core.len() < 2 * width + 2 {
            return false;
        }
        // The mean of the logarithms: a line in the shoulder counts little.
        let mean = |range: Range<usize>| {
            let count = range.len() as f64;
            (self.densities[range]
                .iter()
                .map(|density| density.max(f64::MIN_POSITIVE).ln())
                .sum::<f64>()
                / count)
                .exp()
        };
        let half = width / 2;
        // The first group at either end may be partly on the slope.
        let core = core.start + 1..core.end - 1;
        let left = [
            mean(core.start..core.start + half),
            mean(core.start + half..core.start + width),
        ];
        let right = [mean(core.end - half..core.end), mean(core.end - width..core.end - half)];
        let scatter = 1.0 + FLAT_DEVIATIONS * self.deviation * (2.0 / half as f64).sqrt();
        let is_flat = |[outer, inner]: [f64; 2]| inner < FLAT * scatter * outer;
        let ratio = left[0] / right[0];
        is_flat(left) && is_flat(right) && ratio < BALANCED && ratio > 1.0 / BALANCED
    }

    /// The groups of the pass-band: all but those at the ends that are far below the noise.
    pub(super) fn pass_band(&self, shape: BandShape, density: f64) -> Range<usize> {
        match shape {
            BandShape::Filled => 0..self.densities.len(),
            _ => self.between_ends(STOP_BAND * density),
        }
    }
}
