//! Where in the band the signal lies: occupied bandwidth and carrier.

mod carrier;
mod edges;
mod place;
mod region_growth;

use rustfft::num_complex::Complex32;

use self::carrier::carrier;
use self::edges::{OUTSIDE, RegionSums, crossing, residual};
use super::distributions;
use super::noise::Noise;
use super::spectrum::{Block, HANN_VARIANCE, PAD, signed};

/// Probability that noise far from a signal counts as part of it.
const FALSE_ALARM: f64 = 1e-3;

/// Numbers of neighbouring blocks that are tested together: one block finds strong signals, many
/// find weak ones.
const WIDTHS: [usize; 4] = [1, 4, 16, 64];

/// How much stronger than the estimated density the noise beside a signal may be.
const COLOUR: f64 = 1.05;

/// Part of the region's width that is added at each end, where the signal is weaker than the noise.
const GUARD: f64 = 0.5;

/// Widest gap across the end of the spectrum, as a part of the strong blocks on both sides.
const GAP: f64 = 0.25;

/// Places at which a spectrum without gaps can be cut, and standard deviations by which one must be
/// weaker than the end of the spectrum.
const PLACES: usize = 16;
const CHANCE_DEVIATIONS: f64 = 6.0;

/// Bins on either side of a signal in which its side bands may be hidden (5 kHz: those of speech), and
/// standard deviations by which their sum must exceed the noise.
const SIDE_BANDS: usize = 1_000;
const HIDDEN_DEVIATIONS: f64 = 2.5;

/// A signal above the noise. Frequencies are in bins from 0 Hz. A band across the end of the
/// spectrum has one edge beyond half the sample rate, so that the upper edge minus the lower is
/// always the width. The middle of the band is within half the sample rate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Emission {
    /// Lower edge: half a percent of the power lies below it.
    pub lower: f64,
    /// Upper edge: half a percent of the power lies above it.
    pub upper: f64,
    /// Phase of the autocorrelation at lag 1, as a frequency.
    pub carrier: f64,
    /// Variances of the three as estimates.
    pub lower_variance: f64,
    pub upper_variance: f64,
    pub carrier_variance: f64,
    /// How far the noise alone may have moved the edges. Infinite if side bands are hidden in it.
    pub width_doubt: f64,
}

/// Finds the emission. For each block: sums over all blocks before it.
#[derive(Debug, Default)]
pub(crate) struct Finder {
    power: Vec<f64>,
    bins: Vec<usize>,
    is_strong: Vec<bool>,
}

/// Blocks on the circle of frequencies: after the last block comes the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Region {
    first: usize,
    len: usize,
}

impl Finder {
    /// The emission that exceeds the noise, if any. `spectrum` is padded as for
    /// [`spectrum::measure`].
    pub(crate) fn find(&mut self, spectrum: &[Complex32], blocks: &[Block], noise: &Noise) -> Option<Emission> {
        let region = self.region(blocks, noise)?;
        let ordinals = region.first..region.first + region.len;
        let numbered = ordinals.map(|ordinal| (ordinal, &blocks[ordinal % blocks.len()]));
        let total: f64 = numbered.clone().map(|(_, block)| residual(block, noise)).sum();
        if total <= 0.0 {
            return None;
        }
        let n = spectrum.len() - 2 * PAD;
        let sums = RegionSums {
            noise,
            total,
            bins: numbered.clone().map(|(_, block)| block.bins as f64).sum(),
        };
        let turns = |ordinal: usize| (ordinal / blocks.len() * n) as f64;
        let (lower, lower_doubt) = sums.edge(
            &numbered,
            |block, before, target| crossing(block.range(), spectrum, noise, before, target),
            |edge| signed(edge.bin, n) + turns(edge.ordinal) - 0.5 + edge.before,
        )?;
        let (upper, upper_doubt) = sums.edge(
            &numbered.clone().rev(),
            |block, before, target| crossing(block.range().rev(), spectrum, noise, before, target),
            |edge| signed(edge.bin, n) + turns(edge.ordinal) + 0.5 - edge.before,
        )?;
        let middle = f64::midpoint(lower.at, upper.at);
        let back = (middle / n as f64).round() * n as f64;
        let carrier = carrier(numbered.map(|(_, block)| block), noise, n);
        let carrier_turns = ((middle - back - carrier.at) / n as f64).round() * n as f64;
        Some(Emission {
            lower: lower.at - back,
            upper: upper.at - back,
            carrier: carrier.at + carrier_turns,
            lower_variance: lower.variance,
            upper_variance: upper.variance,
            carrier_variance: carrier.variance,
            width_doubt: if self.hides_side_bands(region, total, noise) {
                f64::INFINITY
            } else {
                lower_doubt.hypot(upper_doubt)
            },
        })
    }

    /// The blocks from the first to the last that are too strong for noise, and a guard at either
    /// end.
    fn region(&mut self, blocks: &[Block], noise: &Noise) -> Option<Region> {
        let count = blocks.len();
        if noise.density <= 0.0 {
            let has_power = blocks.iter().any(|block| block.hann > 0.0);
            return has_power.then(|| Region {
                first: weakest_place(blocks),
                len: count,
            });
        }
        self.power.clear();
        self.bins.clear();
        let (mut power, mut bins) = (0.0, 0);
        for block in blocks {
            self.power.push(power);
            self.bins.push(bins);
            power += block.hann;
            bins += block.bins;
        }
        self.power.push(power);
        self.bins.push(bins);
        let deviate = distributions::normal(FALSE_ALARM / (WIDTHS.len() * count) as f64);
        for width in WIDTHS.into_iter().filter(|width| 2 * width <= count) {
            let looks = (width * bins) as f64 / count as f64 / HANN_VARIANCE;
            let factor = distributions::gamma(deviate, looks) * noise.density;
            self.is_strong.clear();
            self.is_strong.resize(count, false);
            for first in 0..=count - width {
                let bins = self.bins[first + width] - self.bins[first];
                if self.power[first + width] - self.power[first] > factor * bins as f64 {
                    self.is_strong[first..first + width].fill(true);
                }
            }
            if let Some(strong) = hull(&self.is_strong) {
                let region = self.grown(strong, deviate, noise);
                return Some(if region.len == count {
                    Region {
                        first: weakest_place(blocks),
                        len: count,
                    }
                } else {
                    with_guard(region, count)
                });
            }
        }
        None
    }

    /// Whether side bands are beside the region that are too weak for a run of blocks, but together
    /// have more power than may be outside the occupied band.
    fn hides_side_bands(&self, region: Region, total: f64, noise: &Noise) -> bool {
        let count = self.power.len().saturating_sub(1);
        if count == 0 {
            return false;
        }
        let sum = |from: usize, to: usize| {
            let bins = (self.bins[to] - self.bins[from]) as f64;
            (self.power[to] - self.power[from] - noise.density * bins, bins)
        };
        let reach = (SIDE_BANDS * count).div_ceil(self.bins[count].max(1));
        let end = (region.first + region.len).min(count);
        let (below, bins_below) = sum(region.first.saturating_sub(reach), region.first);
        let (above, bins_above) = sum(end, (end + reach).min(count));
        let bins = bins_below + bins_above;
        let variance = HANN_VARIANCE * bins + noise.relative_variance() * bins.powi(2);
        let hidden = below + above;
        hidden > OUTSIDE * total && hidden > HIDDEN_DEVIATIONS * noise.density * variance.sqrt()
    }

    /// Power and bins of `width` blocks from `first` on, on the circle.
    fn sums(&self, first: usize, width: usize) -> [f64; 2] {
        let count = self.power.len() - 1;
        let (end, beyond) = ((first + width).min(count), (first + width).saturating_sub(count));
        [
            self.power[end] - self.power[first] + self.power[beyond],
            (self.bins[end] - self.bins[first] + self.bins[beyond]) as f64,
        ]
    }

    /// The region with the weaker parts of the signal beside it.
    fn grown(&self, strong: Region, deviate: f64, noise: &Noise) -> Region {
        let count = self.power.len() - 1;
        let is_strong = |first: usize, width: usize| {
            let [power, bins] = self.sums(first, width);
            let factor = COLOUR * distributions::gamma(deviate, bins / HANN_VARIANCE);
            power > factor * noise.density * bins
        };
        let (first, len) = region_growth::grown((strong.first, strong.len), count, is_strong);
        Region { first, len }
    }
}

/// The first block of a region of all blocks: the end of the spectrum, unless another place is weaker
/// and not by chance. Then the signal continues across the end.
fn weakest_place(blocks: &[Block]) -> usize {
    let count = blocks.len();
    let width = (count / PLACES).max(1);
    let sums = |first: usize| {
        let near = || (0..width).map(|step| &blocks[(first + step) % count]);
        let bins: f64 = near().map(|block| block.bins as f64).sum();
        (near().map(|block| block.hann).sum::<f64>() / bins, bins)
    };
    let (at_end, bins) = sums(count - width / 2);
    let places = (0..count)
        .step_by((width / 2).max(1))
        .map(|first| (first, sums(first).0));
    let by_chance = 1.0 + CHANCE_DEVIATIONS * (HANN_VARIANCE / bins).sqrt();
    match places.min_by(|one, other| one.1.total_cmp(&other.1)) {
        Some((first, weakest)) if at_end > by_chance * weakest => (first + width / 2) % count,
        _ => 0,
    }
}

/// The region that contains all strong blocks. It continues across the end of the spectrum if the
/// strong blocks do, apart from a gap that is short beside them: speech and keying have gaps in their
/// spectrum. Two signals at either end of the band are farther apart.
fn hull(is_strong: &[bool]) -> Option<Region> {
    let count = is_strong.len();
    let first = is_strong.iter().position(|strong| *strong)?;
    let last = is_strong.iter().rposition(|strong| *strong)?;
    // Cut the circle at the longest run of weak blocks.
    let (mut longest, mut start) = (0, 0);
    let mut run = 0;
    for (at, strong) in is_strong.iter().enumerate().take(last).skip(first) {
        run = if *strong { 0 } else { run + 1 };
        if run > longest {
            (longest, start) = (run, at + 1);
        }
    }
    let across = first + count - 1 - last;
    let parts = count - longest - across;
    if longest > 0 && longest < count / (2 * PLACES) && across < longest {
        // The zeros between the lobes of a signal that has parts everywhere.
        return Some(Region { first: 0, len: count });
    }
    if longest > across && across as f64 <= GAP * parts as f64 {
        return Some(Region {
            first: start,
            len: count - longest,
        });
    }
    Some(Region {
        first,
        len: last + 1 - first,
    })
}

/// Adds a guard at both ends, as far as there are blocks. It goes across the end of the spectrum only if
/// the region reaches it.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a small positive number"
)]
fn with_guard(strong: Region, count: usize) -> Region {
    let guard = ((GUARD * strong.len as f64) as usize).max(1);
    let reaches_end = strong.first <= 1 || strong.first + strong.len + 1 >= count;
    let (before, after) = if reaches_end {
        let free = (count - strong.len) / 2;
        (guard.min(free), guard.min(free))
    } else {
        (guard.min(strong.first), guard.min(count - strong.first - strong.len))
    };
    Region {
        first: (strong.first + count - before) % count,
        len: strong.len + before + after,
    }
}
