//! The noise of a chunk: how strong it is, and where in the band.

use std::ops::Range;

use super::spectrum::Block;
use super::{distributions, order_statistic};
use crate::simd::dispatch;

/// Least number of bins in a group. Under a Hann window, the standard deviation of their mean is a
/// sixth of it.
const GROUP_BINS: usize = 64;

/// Least number of groups, if the chunk is long enough: fewer cannot separate noise from a signal.
const MIN_GROUPS: usize = 24;

/// Groups at either end of the band below this part of the median group are in the stop band of the
/// receiver's filter. A signal that fills more than half of the band looks the same, but only a
/// filter is always symmetrical.
const STOP_BAND: f64 = 0.1;

/// Groups at the ends below this part of the median group are in a stop band even if it is not
/// symmetrical: no signal is that strong in more than half of the band.
const DEEP_STOP_BAND: f64 = 1e-3;

/// Largest difference of the widths of the two stop bands, as a part of the band: the noise decides
/// where on its slope a filter ends.
const ASYMMETRY: f64 = 0.02;

/// Part of the groups that are noise at the start of the search.
const CERTAINLY_NOISE: f64 = 0.2;

/// Probability that a group of noise counts as signal.
const FALSE_ALARM: f64 = 1e-4;

/// Groups weaker than this part of the noise are on the filter's slope.
const SLOPE: f64 = 0.5;

/// Variance of a sum of neighbouring bins under a Hann window over the variance of a sum of
/// independent ones: the powers of adjacent bins have the correlation 4/9, those two bins apart
/// 1/36.
pub(crate) const HANN_VARIANCE: f64 = 1.0 + 2.0 * (4.0 / 9.0 + 1.0 / 36.0);

/// The noise of a chunk.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Noise {
    /// Mean `U` of a bin of noise within the pass-band.
    pub density: f64,
    /// Bins of noise: those of the pass-band. A bin on the filter's slope counts as the fraction of
    /// the noise that it has.
    pub bins: f64,
    /// Blocks of the pass-band.
    pub pass_band: Range<usize>,
}

/// Estimates the noise from the Hann-windowed spectrum: flat noise under signals that leave at
/// least a quarter of the pass-band free. `ranked` is scratch.
pub(crate) fn estimate(blocks: &[Block], ranked: &mut Vec<f64>) -> Noise {
    let bins: usize = blocks.iter().map(|block| block.bins).sum();
    let in_group = (GROUP_BINS * blocks.len()).div_ceil(bins);
    let in_group = in_group.min(blocks.len() / MIN_GROUPS).max(1);
    let pass_band = pass_band(blocks, in_group, ranked);
    if pass_band.is_empty() {
        return Noise {
            density: 0.0,
            bins: 0.0,
            pass_band: 0..blocks.len(),
        };
    }
    let inside = &blocks[pass_band.clone()];
    fill_densities(inside, in_group, ranked);
    let looks = (in_group * bins) as f64 / blocks.len() as f64 / HANN_VARIANCE;
    let factor = distributions::gamma(distributions::normal(FALSE_ALARM), looks);
    let level = noise_level(ranked, factor);
    // The slopes of the filter are not part of the level.
    let lowest = SLOPE * level;
    let (count, sum) = sum_between(ranked, lowest, factor * level);
    let density = if count > 0 { sum / count as f64 } else { 0.0 };
    let noise_bins = |block: &Block| {
        let bins = block.bins as f64;
        if block.hann < lowest * bins {
            block.hann / density
        } else {
            bins
        }
    };
    Noise {
        density,
        bins: if density > 0.0 {
            inside.iter().map(noise_bins).sum()
        } else {
            0.0
        },
        pass_band,
    }
}

/// The blocks between the stop bands at the two ends.
fn pass_band(blocks: &[Block], in_group: usize, ranked: &mut Vec<f64>) -> Range<usize> {
    fill_densities(blocks, in_group, ranked);
    let groups = ranked.len();
    let median = *ranked.select_nth_unstable_by(groups / 2, f64::total_cmp).1;
    let (mut lower, mut upper) = stop_bands(blocks, in_group, STOP_BAND * median);
    if lower.abs_diff(upper) as f64 > (ASYMMETRY * groups as f64).max(1.0) {
        (lower, upper) = stop_bands(blocks, in_group, DEEP_STOP_BAND * median);
    }
    lower * in_group..blocks.len().saturating_sub(upper * in_group)
}

/// How many groups at the lower and at the upper end are at most this strong.
fn stop_bands(blocks: &[Block], in_group: usize, highest: f64) -> (usize, usize) {
    let is_weak = |group: &&[Block]| density(group) <= highest;
    (
        blocks.chunks(in_group).take_while(is_weak).count(),
        blocks.rchunks(in_group).take_while(is_weak).count(),
    )
}

/// Mean of the groups that are noise, by forward consecutive mean excision (Henttu and Aromaa, IEEE
/// ISSSTA 2002): the weakest groups are noise. The next stronger group is noise too if it exceeds
/// their mean by no more than `factor`.
fn noise_level(densities: &mut [f64], factor: f64) -> f64 {
    let mut used = order_statistic::share(densities.len(), CERTAINLY_NOISE);
    densities.select_nth_unstable_by(used - 1, f64::total_cmp);
    let mut mean = densities[..used].iter().sum::<f64>() / used as f64;
    // Adds all groups below the bound in one step, and repeats. The result is the same as one by
    // one: each group that is added is at least as strong as those before, so the bound rises.
    loop {
        let (count, sum) = sum_between(densities, 0.0, factor * mean);
        if count <= used {
            return mean;
        }
        (used, mean) = (count, sum / count as f64);
    }
}

/// Fills `densities` with those of the groups.
fn fill_densities(blocks: &[Block], in_group: usize, densities: &mut Vec<f64>) {
    densities.clear();
    densities.extend(blocks.chunks(in_group).map(density));
}

/// Mean power of a bin.
fn density(blocks: &[Block]) -> f64 {
    let power: f64 = blocks.iter().map(|block| block.hann).sum();
    let bins: usize = blocks.iter().map(|block| block.bins).sum();
    power / bins as f64
}

/// How many densities lie from `lowest` to `highest`, and their sum.
fn sum_between(densities: &[f64], lowest: f64, highest: f64) -> (usize, f64) {
    dispatch!(sum_between_in_lanes(densities: &'a [f64], lowest: f64, highest: f64) -> (usize, f64))
}

#[inline(always)]
fn sum_between_in_lanes(densities: &[f64], lowest: f64, highest: f64) -> (usize, f64) {
    const LANES: usize = 8;
    let (mut counts, mut sums) = ([0_usize; LANES], [0.0; LANES]);
    let (groups, rest) = densities.as_chunks::<LANES>();
    let mut last = [f64::NAN; LANES];
    last[..rest.len()].copy_from_slice(rest);
    for group in groups.iter().chain([&last]) {
        for lane in 0..LANES {
            let is_between = group[lane] >= lowest && group[lane] <= highest;
            counts[lane] += usize::from(is_between);
            sums[lane] += if is_between { group[lane] } else { 0.0 };
        }
    }
    (counts.iter().sum(), sums.iter().sum())
}
