//! The floor of a band: how strong the noise is where it is visible.

use std::ops::Range;

use super::band::Band;
use super::groups::sum_between;
use super::shape::{COLOUR_SEEN, SLOPE};
use crate::estimators::order_statistic;
use crate::estimators::spectrum::HANN_VARIANCE;

/// Most cells into which the groups are put together for the comparison of a gap with the tails of
/// the signals beside it.
const CELLS: usize = 80;

/// A cell up to this many times the floor is in a gap between signals: 10 dB. Fewest of them.
const GAP_CELL: f64 = 10.0;
const FEWEST_CELLS: usize = 4;

/// Least part of a gap that is as strong as the floor, if the floor is noise: beside weak signals,
/// and beside those far above it, whose slopes reach farther.
const LEVEL_PART: f64 = 0.5;
const LEVEL_PART_BESIDE_FAR: f64 = 0.6;

/// Standard deviations up to which a cell is as strong as the floor.
const LEVEL_DEVIATIONS: f64 = 4.0;

/// Largest ratio of the estimated noise to what remains without the signals' tails: 1.2 dB. The mean
/// of the two, in decibels, is wrong by about half of it. And by how much tails must explain the
/// cells better than noise alone, as twice the logarithm of the likelihood ratio. Few groups show
/// neither well.
const TAILS: f64 = 1.31;
const TAILS_OF_FEW: f64 = 1.15;
const BETTER: f64 = 6.0;
const BETTER_OF_FEW: f64 = 1.0;
const FEW_GROUPS: usize = 24;
const FEWEST_GROUPS: usize = 12;

/// Weaker parts of the groups of the noise, and how far their mean is below that of all, in
/// standard deviations of a group (mean of a normal variable below its quantile).
const WEAKER_PARTS: [(f64, f64); 3] = [(0.5, 0.798), (0.25, 1.271), (0.125, 1.647)];
const FEWEST_WEAKER: usize = 3;

/// Fewest groups of a weaker part whose mean is evidence against the other parts.
const FEWEST_DOUBTED: usize = 8;

/// Standard deviations by which the weaker part must be below, to count alone.
const CONTAMINATED: f64 = 2.5;

/// A gap counts as noise if its samples are noise, although its cells alone do not show it, in one of
/// two cases. First, the signals end abruptly: at most so many cells of the band lie between
/// the floor and a signal, at least so much of the gap is level, and at least so many of its groups
/// show no tails (three standard deviations). Second, a good part of the gap is level, and it has so
/// many bins that the tail of any signal would show in its samples.
const SLOPE_CELLS: usize = 3;
const ABRUPT_LEVEL_PART: f64 = 0.8;
const FEWEST_ABRUPT_GROUPS: usize = 6;
const FLAT: f64 = 9.0;
const MANY_BINS: f64 = 4_200.0;

/// Part of the cells that signals cover, and ratio of the strongest to the floor, from which on
/// their tails may be as level as noise: then the samples must not be tails. So may those of bursts with
/// hard edges, of any width.
const WIDE: f64 = 0.3;
const FAR: f64 = 100.0;

/// What the gaps between strong signals show.
pub(super) struct Gaps {
    /// `None` if the slopes of the signals hide the noise, as far as the cells show.
    pub(super) visible: Option<Visible>,
    /// Groups whose samples decide whether this is true. Empty if the cells are sufficient.
    pub(super) unsure: Vec<Range<usize>>,
}

impl Gaps {
    /// This noise, as the cells show.
    pub(super) fn sure(visible: Visible) -> Self {
        Self {
            visible: Some(visible),
            unsure: Vec::new(),
        }
    }
}

/// Noise in the gaps between signals.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Visible {
    pub(super) density: f64,
    /// Part of the density by which the signals' tails may change it.
    pub(super) tails: f64,
}

impl Band<'_> {
    /// The noise in the gaps between strong signals, of which `density` is an estimate. It is hidden
    /// if the gaps are not level, are few, or contain the tails of the signals.
    pub(super) fn gaps(&self, floor: f64, density: f64) -> Gaps {
        if !self.densities.iter().any(|density| *density > COLOUR_SEEN * floor) {
            return Gaps::sure(Visible { density, tails: 0.0 });
        }
        let in_cell = self.densities.len().div_ceil(CELLS);
        let mean = |cell: &[f64]| cell.iter().sum::<f64>() / cell.len() as f64;
        let cells: Vec<f64> = self.densities.chunks(in_cell).map(mean).collect();
        let count = cells.len();
        let is_strong = |at: usize| cells[at % count] > GAP_CELL * floor;
        // Cells beside a signal are partly its own. Those far below are a receiver's stop band.
        let gap: Vec<usize> = (0..count)
            .filter(|at| !(0..3).any(|offset| is_strong(at + count + offset - 1)))
            .filter(|at| cells[*at] >= SLOPE * floor)
            .collect();
        let highest = (1.0 + LEVEL_DEVIATIONS * self.deviation / (in_cell as f64).sqrt()) * floor;
        let is_level = |at: usize| cells[at % count] <= highest;
        let level: Vec<usize> = gap.iter().copied().filter(|at| is_level(*at)).collect();
        let level_part = level.len() as f64 / gap.len().max(1) as f64;
        // The foot of a steep slope is no tail.
        let inner: Vec<usize> = level
            .into_iter()
            .filter(|at| is_level(at + 1) && is_level(at + count - 1))
            .collect();
        let groups = inner.len() * in_cell;
        let tails = tails(&cells, &inner, GAP_CELL * floor);
        let is_far = cells.iter().any(|cell| *cell > FAR * floor);
        let least_level = if is_far { LEVEL_PART_BESIDE_FAR } else { LEVEL_PART };
        let is_large = level_part >= least_level && inner.len() >= FEWEST_CELLS && groups >= FEWEST_GROUPS;
        let visible = is_large
            .then(|| self.beside_tails(&cells, &tails, in_cell, density))
            .flatten();
        let is_unsure = if let Some(Visible { tails, .. }) = visible {
            let strong = (0..count).filter(|at| is_strong(*at)).count();
            is_far && (self.has_bursts || (tails <= 0.0 && strong as f64 >= WIDE * count as f64))
        } else {
            let slopes = (0..count).filter(|at| !is_level(*at) && !is_strong(*at)).count();
            let of_chance = self.deviation.powi(2) / in_cell as f64;
            let is_abrupt = slopes <= SLOPE_CELLS
                && level_part >= ABRUPT_LEVEL_PART
                && groups >= FEWEST_ABRUPT_GROUPS
                && without_tails(&cells, &tails).1 <= FLAT * of_chance;
            is_abrupt
                || (level_part >= LEVEL_PART && groups as f64 * HANN_VARIANCE >= MANY_BINS * self.deviation.powi(2))
        };
        let groups = |at: usize| at * in_cell..((at + 1) * in_cell).min(self.densities.len());
        Gaps {
            visible,
            unsure: inner.into_iter().filter(|_| is_unsure).map(groups).collect(),
        }
    }

    /// The noise in a gap, from `density`, its mean there, and the tails of the signals. `tails` has
    /// the cells of the gap and the tail in each.
    fn beside_tails(&self, cells: &[f64], tails: &[(usize, f64)], in_cell: usize, density: f64) -> Option<Visible> {
        let (noise, better) = without_tails(cells, tails);
        let (least, most) = if tails.len() * in_cell < FEW_GROUPS {
            (BETTER_OF_FEW, TAILS_OF_FEW)
        } else {
            (BETTER, TAILS)
        };
        let of_chance = self.deviation.powi(2) / in_cell as f64;
        if better <= least * of_chance || density <= noise {
            return Some(Visible { density, tails: 0.0 });
        }
        (density < most * noise).then(|| Visible {
            density: (density * noise).sqrt(),
            tails: 0.5 * (density / noise).ln(),
        })
    }

    /// How many groups are as strong as noise of this level, and their sum.
    pub(super) fn near(&self, level: f64) -> (usize, f64) {
        sum_between(self.densities, SLOPE * level, self.factor * level)
    }

    /// Mean of the groups that are noise of this level, without slopes, and how many they are.
    /// Where the slopes of a signal are among them, the weaker half has a smaller mean than that of
    /// noise; then it counts alone, and so on. The last number is the part by which the weakest of
    /// these means is below the first.
    pub(super) fn mean_near(&self, level: f64, ranked: &mut Vec<f64>) -> (f64, usize, f64) {
        let (count, sum) = self.near(level);
        if count == 0 || level <= 0.0 {
            return (0.0, 0, 0.0);
        }
        ranked.clear();
        let is_near = |density: &&f64| (SLOPE * level..=self.factor * level).contains(*density);
        ranked.extend(self.densities.iter().filter(is_near));
        ranked.sort_unstable_by(f64::total_cmp);
        let mut best = (sum / count as f64, count);
        let mut weakest = best.0;
        for (part, below) in WEAKER_PARTS {
            let used = order_statistic::share(count, part);
            let mean = ranked[..used].iter().sum::<f64>() / used as f64 / (1.0 - below * self.deviation);
            if used >= FEWEST_DOUBTED {
                weakest = weakest.min(mean);
            }
            let scatter = CONTAMINATED * self.deviation / (used as f64).sqrt();
            if used < FEWEST_WEAKER || mean > best.0 * (1.0 - scatter) {
                break;
            }
            best = (mean, used);
        }
        (best.0, best.1, 1.0 - weakest / best.0.max(weakest))
    }
}

/// The cells of the `gap`, and the tails of the cells above `strong` in each. The spectrum of pulses
/// with abrupt ends falls with the square of the distance, and others fall faster. The largest tail
/// is 1.
fn tails(cells: &[f64], gap: &[usize], strong: f64) -> Vec<(usize, f64)> {
    let count = cells.len();
    let strong: Vec<usize> = (0..count).filter(|at| cells[*at] > strong).collect();
    let tail = |at: usize| -> f64 {
        let share = |other: &usize| {
            let distance = at.abs_diff(*other);
            let distance = distance.min(count - distance) as f64;
            cells[*other] / distance.powi(2)
        };
        strong.iter().map(share).sum()
    };
    let tails: Vec<_> = gap.iter().map(|at| (*at, tail(*at))).collect();
    let largest = tails.iter().map(|(_, tail)| *tail).fold(f64::MIN_POSITIVE, f64::max);
    tails.into_iter().map(|(at, tail)| (at, tail / largest)).collect()
}

/// The noise in a gap, after the tails are subtracted. The size of the tails is free, so that noise
/// and size are a regression. All cells have the same relative error. The second number is the
/// decrease of the sum of squared relative errors.
fn without_tails(cells: &[f64], tails: &[(usize, f64)]) -> (f64, f64) {
    let (mut noise_noise, mut noise_tail, mut tail_tail) = (0.0, 0.0, 0.0);
    let (mut noise_sum, mut tail_sum) = (0.0, 0.0);
    for (at, tail) in tails {
        let (one, tail) = (1.0 / cells[*at], tail / cells[*at]);
        noise_noise += one * one;
        noise_tail += one * tail;
        tail_tail += tail * tail;
        noise_sum += one;
        tail_sum += tail;
    }
    let determinant = noise_noise * tail_tail - noise_tail * noise_tail;
    let size = noise_noise * tail_sum - noise_tail * noise_sum;
    if determinant <= 0.0 || size <= 0.0 {
        return (noise_sum / noise_noise, 0.0);
    }
    let noise = (tail_tail * noise_sum - noise_tail * tail_sum) / determinant;
    let explained = noise * noise_sum + size / determinant * tail_sum;
    (noise.max(0.0), explained - noise_sum * noise_sum / noise_noise)
}
