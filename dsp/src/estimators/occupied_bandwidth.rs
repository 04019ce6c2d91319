//! Where in the band the signal lies: occupied bandwidth and carrier.

use std::f64::consts::TAU;

use rustfft::num_complex::{Complex32, Complex64};

use super::noise::{HANN_VARIANCE, Noise};
use super::spectrum::{self, Block, PAD, signed};
use super::{distributions, region_growth};

/// Part of the power below the lower edge of the occupied bandwidth, and the part above the upper
/// edge (ITU-R SM.328, article 1.153 of the Radio Regulations).
const OUTSIDE: f64 = 0.005;

/// Probability that noise far from a signal counts as part of it.
const FALSE_ALARM: f64 = 1e-3;

/// Numbers of neighbouring blocks that are tested together: one block finds strong signals, many
/// find weak ones.
const WIDTHS: [usize; 4] = [1, 4, 16, 64];

/// How much stronger than the estimated density the noise beside a signal may be.
const COLOUR: f64 = 1.05;

/// Part of the region's width that is added at each end, where the signal is weaker than the noise.
const GUARD: f64 = 0.5;

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
        let residual = |block: &Block| block.hann - noise.density * block.bins as f64;
        let total: f64 = numbered.clone().map(|(_, block)| residual(block)).sum();
        if total <= 0.0 {
            return None;
        }
        let n = spectrum.len() - 2 * PAD;
        let lower = edge(numbered.clone(), total, residual, |block, before| {
            crossing(block.range(), spectrum, noise, total, before)
        })?;
        let upper = edge(numbered.clone().rev(), total, residual, |block, before| {
            crossing(block.range().rev(), spectrum, noise, total, before)
        })?;
        let turns = |ordinal: usize| (ordinal / blocks.len() * n) as f64;
        let lower_edge = signed(lower.bin, n) + turns(lower.ordinal) - 0.5 + lower.before;
        let upper_edge = signed(upper.bin, n) + turns(upper.ordinal) + 0.5 - upper.before;
        let middle = f64::midpoint(lower_edge, upper_edge);
        let back = (middle / n as f64).round() * n as f64;
        let carrier = carrier(numbered.map(|(_, block)| block), noise, n);
        let carrier_turns = ((middle - back - carrier) / n as f64).round() * n as f64;
        Some(Emission {
            lower: lower_edge - back,
            upper: upper_edge - back,
            carrier: carrier + carrier_turns,
        })
    }

    /// The blocks from the first to the last that are too strong for noise, and a guard at either
    /// end.
    fn region(&mut self, blocks: &[Block], noise: &Noise) -> Option<Region> {
        let count = blocks.len();
        if noise.density <= 0.0 {
            let has_power = blocks.iter().any(|block| block.hann > 0.0);
            return has_power.then_some(Region { first: 0, len: count });
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
                return Some(with_guard(self.grown(strong, deviate, noise), count));
            }
        }
        None
    }
}

impl Finder {
    /// The region with the weaker parts of the signal beside it.
    fn grown(&self, strong: Region, deviate: f64, noise: &Noise) -> Region {
        let count = self.power.len() - 1;
        let is_strong = |first: usize, width: usize| {
            let bins = (self.bins[first + width] - self.bins[first]) as f64;
            let factor = COLOUR * distributions::gamma(deviate, bins / HANN_VARIANCE);
            self.power[first + width] - self.power[first] > factor * noise.density * bins
        };
        let (first, len) = region_growth::grown((strong.first, strong.len), count, is_strong);
        Region { first, len }
    }
}

/// The shortest region that contains all strong blocks. It continues across the end of the spectrum
/// only if the strong blocks do.
fn hull(is_strong: &[bool]) -> Option<Region> {
    let count = is_strong.len();
    let first = is_strong.iter().position(|strong| *strong)?;
    let last = is_strong.iter().rposition(|strong| *strong)?;
    if first > 0 || last + 1 < count {
        let len = last + 1 - first;
        return Some(Region { first, len });
    }
    // Cut the circle at the longest run of weak blocks.
    let (mut longest, mut start) = (0, 0);
    let mut run = 0;
    for (at, strong) in is_strong.iter().enumerate() {
        run = if *strong { 0 } else { run + 1 };
        if run > longest {
            (longest, start) = (run, at + 1);
        }
    }
    Some(Region {
        first: start,
        len: count - longest,
    })
}

/// Adds a guard at both ends, as far as there are blocks.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a small positive number"
)]
fn with_guard(strong: Region, count: usize) -> Region {
    let guard = ((GUARD * strong.len as f64) as usize).max(1);
    let wraps = strong.first + strong.len > count;
    let (before, after) = if wraps {
        let free = (count - strong.len) / 2;
        (guard.min(free), guard.min(free))
    } else {
        (guard.min(strong.first), guard.min(count - strong.first - strong.len))
    };
    Region {
        first: strong.first - before,
        len: strong.len + before + after,
    }
}

/// Where a sum reaches the power outside an edge.
#[derive(Debug, Clone, Copy)]
struct Edge {
    /// Number of the block in its region.
    ordinal: usize,
    bin: usize,
    /// Part of the bin before the edge.
    before: f64,
}

/// The last bin, before half of the power is reached, at which the sum reaches the power outside
/// the edge.
fn edge<'a>(
    blocks: impl Iterator<Item = (usize, &'a Block)>,
    total: f64,
    residual: impl Fn(&Block) -> f64,
    inside: impl Fn(&Block, f64) -> Option<(usize, f64)>,
) -> Option<Edge> {
    let mut sum = 0.0;
    let mut found = None;
    for (ordinal, block) in blocks {
        let after = sum + residual(block);
        if sum < OUTSIDE * total && after >= OUTSIDE * total {
            found = Some((ordinal, block, sum));
        }
        sum = after;
        if sum >= 0.5 * total {
            break;
        }
    }
    let (ordinal, block, sum) = found?;
    let (bin, before) = inside(block, sum)?;
    Some(Edge { ordinal, bin, before })
}

/// The last of these bins at which the sum reaches the power outside the edge, and the part of that
/// bin before the edge. `before` is the sum over all bins before these.
fn crossing(
    bins: impl Iterator<Item = usize>,
    spectrum: &[Complex32],
    noise: &Noise,
    total: f64,
    before: f64,
) -> Option<(usize, f64)> {
    let mut sum = before;
    let mut found = None;
    for bin in bins {
        let power = f64::from(spectrum::hann(
            spectrum[bin],
            spectrum[bin + PAD],
            spectrum[bin + 2 * PAD],
        ));
        let missing = OUTSIDE * total - sum;
        let residual = power - noise.density;
        if missing > 0.0 && residual >= missing {
            found = Some((bin, missing / residual));
        }
        sum += residual;
    }
    found
}

/// Phase of the autocorrelation at lag 1 of the signal without the noise, as a frequency in bins.
/// The autocorrelation is the transform of the powers.
fn carrier<'a>(blocks: impl Iterator<Item = &'a Block>, noise: &Noise, n: usize) -> f64 {
    let phasor = |bin: f64| Complex64::from_polar(1.0, TAU * bin / n as f64);
    let sum: Complex64 = blocks
        .filter(|block| block.power > 0.0)
        .map(|block| {
            let (first, bins) = (block.first as f64, block.bins as f64);
            let signal = phasor(first + block.moment / block.power) * block.power;
            signal - phasor(first + 0.5 * (bins - 1.0)) * (noise.density * bins)
        })
        .sum();
    sum.arg() / TAU * n as f64
}
