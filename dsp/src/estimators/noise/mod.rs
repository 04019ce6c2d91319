//! The noise of a chunk: how strong it is, and where in the band.
//!
//! The weakest groups of bins that agree with one another are the *floor*. It is the noise of the
//! receiver, or its stop band: the ends of the band that its filter suppresses. Two shapes are
//! possible where the floor lies at the ends of the band only, and a hump between them:
//!
//! - noise at the ends, and one signal, wide or a group of several;
//! - stop bands at the ends, and the noise of the pass-band between them, with signals or without.
//!
//! A receiver passes at least 58 % of what it samples (less only if the rest is the rounding to 16
//! bits), its filter is symmetrical about its centre, its noise is flat within 12 dB across the
//! pass-band, and that noise is Gaussian. A hump that differs in one of these is a signal. One that
//! differs in none, but is far above the floor, may be either: OFDM looks like this. Then the chunk
//! is undecidable.

mod band;
mod floor;
mod gap;
mod groups;
mod kurtosis;
mod rounding;
mod shape;

use std::ops::Range;

use rustfft::num_complex::Complex32;

use self::band::{Band, Decision};
use self::floor::{Gaps, Visible};
use self::groups::{fill_densities, group_blocks};
use super::distributions;
use super::spectrum::{Block, HANN_VARIANCE};
use crate::fft::Transform;
pub(crate) use kurtosis::KurtosisDeficit;
use shape::SLOPE;
pub(crate) use shape::{BandShape, Knowledge};

/// Probability that a group of noise counts as signal.
const FALSE_ALARM: f64 = 1e-4;

/// Least part of the band that a receiver passes, unless the rest is the format's rounding.
const NARROWEST: f64 = 1.0 - band::WIDEST_STOP_BAND;

/// Part by which hidden noise may be weaker than its bound.
const HIDDEN: f64 = 0.3;

/// Part of the noise that tails may have which the samples do not show: 0.4 dB.
const UNSEEN_TAILS: f64 = 0.1;

/// The noise of a chunk.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Noise {
    /// Mean `U` of a bin of noise within the pass-band. 0 if no noise is visible.
    pub density: f64,
    /// Bins of noise: those of the pass-band. A bin on the filter's slope counts as the fraction of
    /// the noise that it has.
    pub bins: f64,
    /// Blocks of the pass-band.
    pub pass_band: Range<usize>,
    pub shape: BandShape,
    /// Part by which weaker groups are below the density: the slopes of weak signals, or chance.
    pub doubt: f64,
    /// Part by which the tails of signals may change the density.
    pub tails: f64,
    /// Bins from which the density was estimated.
    pub measured_bins: f64,
    pub knowledge: Knowledge,
    /// Blocks between the signals whose samples decide whether the density is that of the noise.
    /// Empty if the spectrum decides.
    pub unsure: Vec<Range<usize>>,
}

impl Noise {
    /// Whether what a narrow filter passes may be noise. The edges of the filter look like those of a
    /// signal. `blocks`: of the whole band.
    pub(crate) fn may_be_filtered(&self, blocks: usize) -> bool {
        self.shape == BandShape::Undecidable && (self.pass_band.len() as f64) < NARROWEST * blocks as f64
    }

    /// Variance of the estimated density over its square: one over the number of independent powers
    /// in its mean (Welch, IEEE Trans. AU 15, 1967), and what the tails of signals may change.
    pub(crate) fn relative_variance(&self) -> f64 {
        HANN_VARIANCE / self.measured_bins.max(1.0) + self.tails.powi(2)
    }

    /// The same for the noise in and beside the band of a signal, where its slopes or others hide
    /// it.
    pub(crate) fn relative_variance_beside_signals(&self) -> f64 {
        match self.knowledge {
            Knowledge::AtMost => HIDDEN.powi(2),
            _ => self.relative_variance() + self.doubt.powi(2),
        }
    }
}

impl Noise {
    /// Decides whether the density is that of the noise by the samples, where the spectrum is not
    /// sufficient. `spectrum` is padded as for [`spectrum::measure`](super::spectrum::measure).
    pub(crate) fn decide_by_samples(&mut self, spectrum: &[Complex32], blocks: &[Block], transform: &mut Transform) {
        if self.unsure.is_empty() {
            return;
        }
        let bins = self
            .unsure
            .iter()
            .cloned()
            .flat_map(|gap| &blocks[gap])
            .flat_map(Block::range);
        let samples = gap::Samples::of(spectrum, bins, transform);
        let is_level = self.knowledge == Knowledge::Known;
        match samples.noise(is_level) {
            None => self.knowledge = Knowledge::AtMost,
            Some(part) => {
                let before = self.density;
                self.density = if samples.come_and_go() {
                    before.min(samples.density_of(part))
                } else {
                    before * part
                };
                if !is_level || self.density < before {
                    self.tails = UNSEEN_TAILS;
                }
                self.knowledge = Knowledge::Known;
            }
        }
    }
}

/// Buffers of [`estimate`], reused from chunk to chunk.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    densities: Vec<f64>,
    ranked: Vec<f64>,
}

/// Estimates the noise from the Hann-windowed spectrum. `deficit` is that of the samples, `rounding` the
/// mean of a bin by the rounding of their format, 0 if a receiver's noise may be that weak.
pub(crate) fn estimate(blocks: &[Block], deficit: KurtosisDeficit, rounding: f64, scratch: &mut Scratch) -> Noise {
    let Scratch { densities, ranked } = scratch;
    let bins: usize = blocks.iter().map(|block| block.bins).sum();
    let in_group = group_blocks(blocks, bins);
    let looks = (in_group * bins) as f64 / blocks.len() as f64 / HANN_VARIANCE;
    let factor = distributions::gamma(distributions::normal(FALSE_ALARM), looks);
    fill_densities(blocks, in_group, densities);
    let band = Band {
        densities,
        factor,
        deviation: 1.0 / looks.sqrt(),
        deficit: deficit.if_significant(),
        has_bursts: deficit.is_of_bursts(),
        rounding,
    };
    let Decision {
        shape,
        level,
        knowledge,
    } = band.decide(ranked);
    let (density, near, doubt) = band.mean_near(level, ranked);
    let known = Visible { density, tails: 0.0 };
    let Gaps { visible, unsure } = match (knowledge, shape) {
        (Knowledge::Known, BandShape::Noise | BandShape::Signal | BandShape::Filled) => band.gaps(level, density),
        _ => Gaps::sure(known),
    };
    let knowledge = visible.map_or(Knowledge::AtMost, |_| knowledge);
    let Visible { density, tails } = visible.unwrap_or(known);
    let in_blocks = |groups: Range<usize>| groups.start * in_group..(groups.end * in_group).min(blocks.len());
    let pass_band = band.pass_band(shape, density);
    let pass_band = if pass_band.is_empty() {
        0..blocks.len()
    } else {
        in_blocks(pass_band)
    };
    let noise_bins = |block: &Block| {
        let bins = block.bins as f64;
        if block.hann < SLOPE * density * bins {
            block.hann / density
        } else {
            bins
        }
    };
    Noise {
        density,
        bins: if density > 0.0 {
            blocks[pass_band.clone()].iter().map(noise_bins).sum()
        } else {
            0.0
        },
        pass_band,
        shape,
        doubt,
        tails,
        measured_bins: near as f64 * bins as f64 / densities.len().max(1) as f64,
        knowledge,
        unsure: unsure.into_iter().map(in_blocks).collect(),
    }
}
