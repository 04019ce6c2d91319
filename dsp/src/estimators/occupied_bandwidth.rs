//! Where in the band the signal lies: occupied bandwidth and carrier.

use std::f64::consts::TAU;

use rustfft::num_complex::{Complex32, Complex64};

use super::distributions;
use super::noise::{HANN_VARIANCE, Noise};
use super::spectrum::{self, Block, PAD, signed};

/// Part of the power below the lower edge of the occupied bandwidth, and the part above the upper
/// edge (ITU-R SM.328, article 1.153 of the Radio Regulations).
const OUTSIDE: f64 = 0.005;

/// Probability that noise far from a signal counts as part of it.
const FALSE_ALARM: f64 = 1e-3;

/// Numbers of neighbouring blocks that are tested together: one block finds strong signals, many
/// find weak ones.
const WIDTHS: [usize; 4] = [1, 4, 16, 64];

/// A signal above the noise. Frequencies are in bins from 0 Hz.
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
}

impl Finder {
    /// The emission that exceeds the noise, if any. `spectrum` is padded as for
    /// [`spectrum::measure`].
    pub(crate) fn find(&mut self, spectrum: &[Complex32], blocks: &[Block], noise: &Noise) -> Option<Emission> {
        let region = self.region(blocks, noise)?;
        let blocks = &blocks[region];
        let residual = |block: &Block| block.hann - noise.density * block.bins as f64;
        let total: f64 = blocks.iter().map(residual).sum();
        if total <= 0.0 {
            return None;
        }
        let n = spectrum.len() - 2 * PAD;
        let lower = edge(blocks.iter(), total, residual, |block, before| {
            crossing(block.range(), spectrum, noise, total, before)
        })?;
        let upper = edge(blocks.iter().rev(), total, residual, |block, before| {
            crossing(block.range().rev(), spectrum, noise, total, before)
        })?;
        Some(Emission {
            lower: signed(lower.0, n) - 0.5 + lower.1,
            upper: signed(upper.0, n) + 0.5 - upper.1,
            carrier: carrier(blocks, noise, n),
        })
    }

    /// The blocks from the first to the last that are too strong for noise, and one more on either
    /// side.
    fn region(&mut self, blocks: &[Block], noise: &Noise) -> Option<std::ops::Range<usize>> {
        if noise.density <= 0.0 {
            return blocks.iter().any(|block| block.hann > 0.0).then_some(0..blocks.len());
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
        let deviate = distributions::normal(FALSE_ALARM / (WIDTHS.len() * blocks.len()) as f64);
        WIDTHS
            .into_iter()
            .filter(|width| 2 * width <= blocks.len())
            .find_map(|width| {
                let looks = (width * bins) as f64 / blocks.len() as f64 / HANN_VARIANCE;
                let factor = distributions::gamma(deviate, looks) * noise.density;
                let strong = |first: &usize| {
                    let bins = self.bins[first + width] - self.bins[*first];
                    self.power[first + width] - self.power[*first] > factor * bins as f64
                };
                let mut places = (0..=blocks.len() - width).filter(strong);
                let first = places.next()?;
                let last = places.next_back().unwrap_or(first);
                Some(first.saturating_sub(1)..(last + width + 1).min(blocks.len()))
            })
    }
}

/// The last bin, before half of the power is reached, at which the sum reaches the power outside
/// the edge; and the part of that bin before the edge.
fn edge<'a>(
    blocks: impl Iterator<Item = &'a Block>,
    total: f64,
    residual: impl Fn(&Block) -> f64,
    inside: impl Fn(&Block, f64) -> Option<(usize, f64)>,
) -> Option<(usize, f64)> {
    let mut sum = 0.0;
    let mut found = None;
    for block in blocks {
        let after = sum + residual(block);
        if sum < OUTSIDE * total && after >= OUTSIDE * total {
            found = Some((block, sum));
        }
        sum = after;
        if sum >= 0.5 * total {
            break;
        }
    }
    found.and_then(|(block, sum)| inside(block, sum))
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
fn carrier(blocks: &[Block], noise: &Noise, n: usize) -> f64 {
    let phasor = |bin: f64| Complex64::from_polar(1.0, TAU * bin / n as f64);
    let sum: Complex64 = blocks
        .iter()
        .filter(|block| block.power > 0.0)
        .map(|block| {
            let (first, bins) = (block.first as f64, block.bins as f64);
            let signal = phasor(first + block.moment / block.power) * block.power;
            signal - phasor(first + 0.5 * (bins - 1.0)) * (noise.density * bins)
        })
        .sum();
    sum.arg() / TAU * n as f64
}
