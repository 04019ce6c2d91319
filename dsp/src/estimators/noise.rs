//! How much noise there is, and where.

use std::ops::Range;

use super::distributions;
use super::spectrum::Block;
use crate::simd::dispatch;

/// Bins in a group, at least: their mean scatters by a sixth of itself under a Hann window.
const GROUP_BINS: usize = 64;

/// Groups, at least, where the chunk is long enough for as many: fewer could not tell noise from a signal.
const MIN_GROUPS: usize = 24;

/// Groups at either end of the band that are weaker than this part of the median group lie in the stop band of the
/// receiver's filter. A signal that fills more than half of the band looks the same, but only a filter of this sort is bound to
/// be symmetrical.
const STOP_BAND: f64 = 0.1;

/// Part of the median group below which the ends are a stop band whatever their widths: no such signal is expected.
const DEEP_STOP_BAND: f64 = 1e-3;

/// How much the stop bands at both ends may differ in width, as a part of the band: a filter's slopes end where noise
/// happens to.
const ASYMMETRY: f64 = 0.02;

/// Part of the groups that is taken for noise to begin with.
const CERTAINLY_NOISE: f64 = 0.2;

/// How often a group of noise is taken for a signal.
const MISTAKEN: f64 = 1e-4;

/// Groups weaker than this part of the noise lie on the filter's slope.
const SLOPE: f64 = 0.5;

/// The variance of a sum of neighbouring bins under a Hann window over that of independent ones: the
/// powers of two bins side by side have the correlation 4/9, of the next but one 1/36.
pub(crate) const HANN_VARIANCE: f64 = 1.0 + 2.0 * (4.0 / 9.0 + 1.0 / 36.0);

/// The noise of a chunk.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Noise {
    /// Mean `U` of a bin of noise within the pass-band.
    pub density: f64,
    /// Bins of noise: those of the pass-band, where a bin on the filter's slope counts by its share.
    pub bins: f64,
    /// Blocks of the pass-band.
    pub pass_band: Range<usize>,
}

/// Estimates the noise from the Hann-windowed spectrum: flat noise under any signals that leave a quarter of the
/// pass-band free.
///
/// Forward consecutive mean excision (Henttu and Aromaa, IEEE ISSSTA 2002): the weakest groups of bins are noise;
/// the next stronger one is too, as long as it exceeds their mean by no more than noise does. `ranked` is scratch.
pub(crate) fn estimate(blocks: &[Block], ranked: &mut Vec<f64>) -> Noise {
    let bins: usize = blocks.iter().map(|block| block.bins).sum();
    let in_group = (GROUP_BINS * blocks.len()).div_ceil(bins);
    let in_group = in_group.min(blocks.len() / MIN_GROUPS).max(1);
    gather(blocks, in_group, ranked);
    let middle = ranked.len() / 2;
    let groups = ranked.len();
    let median = *ranked.select_nth_unstable_by(middle, f64::total_cmp).1;
    let (before, behind) = stop_bands(blocks, in_group, STOP_BAND * median);
    let is_symmetrical = before.abs_diff(behind) as f64 <= (ASYMMETRY * groups as f64).max(1.0);
    let (before, behind) = if is_symmetrical {
        (before, behind)
    } else {
        stop_bands(blocks, in_group, DEEP_STOP_BAND * median)
    };
    let start = before * in_group;
    let end = blocks.len().saturating_sub(behind * in_group);
    if start >= end {
        return Noise {
            density: 0.0,
            bins: 0.0,
            pass_band: 0..blocks.len(),
        };
    }
    let pass_band = &blocks[start..end];

    gather(pass_band, in_group, ranked);
    let looks = (in_group * bins) as f64 / blocks.len() as f64 / HANN_VARIANCE;
    let highest = distributions::gamma(distributions::normal(MISTAKEN), looks);
    let certain = distributions::share(ranked.len(), CERTAINLY_NOISE);
    ranked.select_nth_unstable_by(certain - 1, f64::total_cmp);
    let mut used = certain;
    let mut mean = ranked[..used].iter().sum::<f64>() / used as f64;
    // All at once that lie below the bound, again and again: what that adds is no weaker than what was there, so the bound rises, and one
    // after the other they would be added as well.
    loop {
        let (count, sum) = sum_between(ranked, 0.0, highest * mean);
        if count <= used {
            break;
        }
        (used, mean) = (count, sum / count as f64);
    }
    // The slopes of the pass-band are not its level.
    let lowest = SLOPE * mean;
    let (count, sum) = sum_between(ranked, lowest, highest * mean);
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
            pass_band.iter().map(noise_bins).sum()
        } else {
            0.0
        },
        pass_band: start..end,
    }
}

/// How many groups at the lower and at the upper end are no stronger than this.
fn stop_bands(blocks: &[Block], in_group: usize, highest: f64) -> (usize, usize) {
    let is_weak = |group: &&[Block]| density(group) <= highest;
    (
        blocks.chunks(in_group).take_while(is_weak).count(),
        blocks.rchunks(in_group).take_while(is_weak).count(),
    )
}

/// The densities of the groups.
fn gather(blocks: &[Block], in_group: usize, densities: &mut Vec<f64>) {
    densities.clear();
    densities.extend(blocks.chunks(in_group).map(density));
}

/// How many of these there are from `lowest` to `highest`, and their sum.
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

/// Mean power of a bin.
fn density(blocks: &[Block]) -> f64 {
    let power: f64 = blocks.iter().map(|block| block.hann).sum();
    let bins: usize = blocks.iter().map(|block| block.bins).sum();
    power / bins as f64
}
