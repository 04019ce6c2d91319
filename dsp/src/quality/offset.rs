//! What a receiver adds at 0 Hz.
//!
//! The offset of a converter and the leakage of a local oscillator into its mixer are constant: a line in one bin, of the same
//! phase in every chunk. A carrier tuned to 0 Hz may be all that as well. The two are told apart by strength: offsets
//! of receivers are weaker than the signals beside them, and stand 15 to 23 dB above the noise in a bin where that was
//! measured, carriers 49 dB and more. What the detector would call a carrier is one unless something much
//! stronger is in the band.

use rustfft::num_complex::Complex64;

use super::measured::Measured;
use crate::decibel::dbfs;
use crate::detector::ZERO_HZ_RATIO;

/// Bins on each side that the bin at 0 Hz is compared with, beginning where a Hann window's line would have ended.
const BESIDE: std::ops::RangeInclusive<usize> = 2..=17;

/// Power over that of the bins beside it from which on a line stands out: 10 dB.
const LINE: f64 = 10.0;

/// The two bins next to a line of one bin have no more of it than this, and are no stronger than noise may be.
const NEIGHBOURS: f64 = 5.0;
const LEAKAGE: f64 = 0.01;

/// How much the line may vary from chunk to chunk: this many times what the noise in its bin makes it vary, and this part of
/// it (2 % of its amplitude). Carriers are keyed, fade, and are not on exactly the receiver's frequency.
const NOISE_VARIANCE: f64 = 4.0;
const OWN_VARIANCE: f64 = 4e-4;

/// A carrier is at least this part of everything that is no noise.
const CARRIER: f64 = 0.25;

/// Part of the recording's power below which a line does no harm: 30 dB.
const HARMLESS: f64 = 1e-3;

/// Whether this power at 0 Hz is a carrier's, given the noise in a bin and the power of everything that is no noise.
pub(crate) fn is_carrier(power: f64, noise: f64, signal: f64) -> bool {
    power >= ZERO_HZ_RATIO * noise && power >= CARRIER * (signal - power)
}

/// Sums over the chunks of a segment. Powers refer to full scale.
#[derive(Debug, Default)]
pub(super) struct Offset {
    chunks: usize,
    sum: Complex64,
    power: f64,
    next: f64,
    beside: f64,
    noise: f64,
    signal: f64,
    total: f64,
    ranked: Vec<f32>,
}

impl Offset {
    /// Looks at a chunk.
    pub(super) fn add(&mut self, chunk: &Measured) {
        let Measured {
            spectrum,
            noise,
            power_scale,
            ..
        } = *chunk;
        let mean_power = chunk.envelope.mean_power;
        let n = spectrum.len();
        if n < 4 * BESIDE.end() {
            return;
        }
        let scale = power_scale.sqrt() / n as f64;
        let zero = Complex64::new(f64::from(spectrum[0].re), f64::from(spectrum[0].im)) * scale;
        self.ranked.clear();
        let beside = BESIDE.flat_map(|k| [spectrum[k], spectrum[n - k]]);
        self.ranked.extend(beside.map(|bin| bin.norm_sqr()));
        let middle = self.ranked.len() / 2;
        let median = *self.ranked.select_nth_unstable_by(middle, f32::total_cmp).1;
        let next = f64::from(spectrum[1].norm_sqr() + spectrum[n - 1].norm_sqr()) / 2.0;
        let noise_power = noise.density * noise.bins * scale * scale;
        self.chunks += 1;
        self.sum += zero;
        self.power += zero.norm_sqr();
        self.next += next * scale * scale;
        // The median of exponential variables is ln 2 of their mean.
        self.beside += f64::from(median) / std::f64::consts::LN_2 * scale * scale;
        self.noise += noise.density * scale * scale;
        self.total += mean_power * power_scale;
        self.signal += (mean_power * power_scale - noise_power).max(0.0);
    }

    /// Power of the mean sample, dBFS.
    pub(super) fn level_dbfs(&self) -> f64 {
        dbfs((self.sum / self.chunks.max(1) as f64).norm_sqr())
    }

    /// Power at 0 Hz over that in a bin beside it, dB.
    pub(super) fn spike_db(&self) -> f64 {
        dbfs(self.power) - dbfs(self.beside)
    }

    /// Whether there is a line at 0 Hz that is the receiver's own. One chunk alone cannot tell.
    pub(super) fn is_fault(&self) -> bool {
        if self.chunks < 2 {
            return false;
        }
        let chunks = self.chunks as f64;
        let is_line = self.power > LINE * self.beside && self.power > HARMLESS * self.total;
        let is_narrow = self.next < NEIGHBOURS * self.beside + LEAKAGE * self.power;
        let variance = (self.power - self.sum.norm_sqr() / chunks) / (chunks - 1.0);
        let is_constant = variance * chunks < NOISE_VARIANCE * self.beside + OWN_VARIANCE * self.power;
        is_line && is_narrow && is_constant && !is_carrier(self.power, self.noise, self.signal)
    }
}
