//! Densities of groups of neighbouring blocks, and the mean of those that are noise.

use crate::estimators::order_statistic;
use crate::estimators::spectrum::Block;
use crate::simd::dispatch;

/// Least number of bins in a group. Under a Hann window, the standard deviation of their mean is a
/// sixth of it.
const GROUP_BINS: usize = 64;

/// Least number of groups, if the chunk is long enough: fewer cannot separate noise from a signal.
const MIN_GROUPS: usize = 24;

/// Part of the groups that are noise at the start of the search, and the least number of them.
const CERTAINLY_NOISE: f64 = 0.05;
const FEWEST: usize = 3;

/// How many blocks are in a group, for this number of `bins` in all.
pub(super) fn group_blocks(blocks: &[Block], bins: usize) -> usize {
    let in_group = (GROUP_BINS * blocks.len()).div_ceil(bins);
    in_group.min(blocks.len() / MIN_GROUPS).max(1)
}

/// Fills `densities` with those of the groups.
pub(super) fn fill_densities(blocks: &[Block], in_group: usize, densities: &mut Vec<f64>) {
    densities.clear();
    densities.extend(blocks.chunks(in_group).map(density));
}

/// Mean power of a bin.
fn density(blocks: &[Block]) -> f64 {
    let power: f64 = blocks.iter().map(|block| block.hann).sum();
    let bins: usize = blocks.iter().map(|block| block.bins).sum();
    power / bins as f64
}

/// Mean of the groups that are noise, by forward consecutive mean excision (Henttu and Aromaa, IEEE
/// ISSSTA 2002): the weakest groups are noise. The next stronger group is noise too if it exceeds
/// their mean by no more than `factor`. 0 without any group. Changes the order of the groups.
pub(super) fn noise_level(densities: &mut [f64], factor: f64) -> f64 {
    if densities.is_empty() {
        return 0.0;
    }
    let mut used = order_statistic::share(densities.len(), CERTAINLY_NOISE)
        .max(FEWEST)
        .min(densities.len());
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

/// How many densities lie from `lowest` to `highest`, and their sum.
pub(super) fn sum_between(densities: &[f64], lowest: f64, highest: f64) -> (usize, f64) {
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
