//! The receiver's own offset at 0 Hz.
//!
//! The offset of a converter and the leakage of a local oscillator into its mixer are constant: a
//! line in one bin with the same phase in every chunk. A carrier tuned to 0 Hz may look the same.
//! Strength distinguishes them: offsets of receivers are weaker than the signals in the band. Where
//! they were measured, offsets were 15 to 23 dB above the noise in a bin, and carriers 49 dB and
//! more. A line that is strong enough for the detector is a carrier, unless the band contains
//! something much stronger.

use rustfft::num_complex::Complex64;

use super::measured::Measured;
use crate::decibel::dbfs;
use crate::detector::ZERO_HZ_RATIO;

/// Reference bins on each side of 0 Hz. They start outside the main lobe of a Hann window.
const REFERENCE: std::ops::RangeInclusive<usize> = 2..=17;

/// Least ratio of a line's power to that of the reference bins: 10 dB.
const LINE: f64 = 10.0;

/// Limits of the power in the two bins next to a line of one bin: this multiple of the reference
/// bins, plus this part of the line.
const NEIGHBOURS: f64 = 5.0;
const LEAKAGE: f64 = 0.01;

/// Limits of the line's variance from chunk to chunk: this multiple of the variance from the noise
/// in its bin, plus this part of its power (2 % of its amplitude). Carriers vary more: they are
/// keyed, fade, and are not exactly on the receiver's frequency.
const NOISE_VARIANCE: f64 = 4.0;
const OWN_VARIANCE: f64 = 4e-4;

/// A carrier has at least this part of the power of all other signals.
const CARRIER: f64 = 0.25;

/// A line below this part of the recording's power is harmless: -30 dB.
const HARMLESS: f64 = 1e-3;

/// Whether the power at 0 Hz belongs to a carrier. `noise` is that of a bin, `signal` the total
/// power minus that of the noise.
pub(crate) fn is_carrier(power: f64, noise: f64, signal: f64) -> bool {
    power >= ZERO_HZ_RATIO * noise && power >= CARRIER * (signal - power)
}

/// Sums over the chunks of a segment. Powers refer to full scale.
#[derive(Debug, Default)]
pub(super) struct Offset {
    chunks: usize,
    sum: Complex64,
    power: f64,
    /// Mean of the two bins next to 0 Hz.
    neighbours: f64,
    reference: f64,
    noise: f64,
    signal: f64,
    total: f64,
    ranked: Vec<f32>,
}

impl Offset {
    /// Adds a chunk.
    pub(super) fn add(&mut self, chunk: &Measured) {
        let Measured {
            spectrum,
            noise,
            power_scale,
            ..
        } = *chunk;
        let mean_power = chunk.envelope.mean_power;
        let n = spectrum.len();
        if n < 4 * REFERENCE.end() {
            return;
        }
        let scale = power_scale.sqrt() / n as f64;
        let zero = Complex64::new(f64::from(spectrum[0].re), f64::from(spectrum[0].im)) * scale;
        self.ranked.clear();
        let reference = REFERENCE.flat_map(|k| [spectrum[k], spectrum[n - k]]);
        self.ranked.extend(reference.map(|bin| bin.norm_sqr()));
        let middle = self.ranked.len() / 2;
        let median = *self.ranked.select_nth_unstable_by(middle, f32::total_cmp).1;
        let neighbours = f64::from(spectrum[1].norm_sqr() + spectrum[n - 1].norm_sqr()) / 2.0;
        let noise_power = noise.density * noise.bins * scale * scale;
        self.chunks += 1;
        self.sum += zero;
        self.power += zero.norm_sqr();
        self.neighbours += neighbours * scale * scale;
        // The median of exponential variables is their mean times ln 2.
        self.reference += f64::from(median) / std::f64::consts::LN_2 * scale * scale;
        self.noise += noise.density * scale * scale;
        self.total += mean_power * power_scale;
        self.signal += (mean_power * power_scale - noise_power).max(0.0);
    }

    /// Power of the mean sample, dBFS.
    pub(super) fn level_dbfs(&self) -> f64 {
        dbfs((self.sum / self.chunks.max(1) as f64).norm_sqr())
    }

    /// Power at 0 Hz over that of a reference bin, dB.
    pub(super) fn spike_db(&self) -> f64 {
        dbfs(self.power) - dbfs(self.reference)
    }

    /// Whether a line at 0 Hz is the receiver's own. At least two chunks are necessary.
    pub(super) fn is_fault(&self) -> bool {
        if self.chunks < 2 {
            return false;
        }
        let chunks = self.chunks as f64;
        let is_line = self.power > LINE * self.reference && self.power > HARMLESS * self.total;
        let is_narrow = self.neighbours < NEIGHBOURS * self.reference + LEAKAGE * self.power;
        let variance = (self.power - self.sum.norm_sqr() / chunks) / (chunks - 1.0);
        let is_constant = variance * chunks < NOISE_VARIANCE * self.reference + OWN_VARIANCE * self.power;
        is_line && is_narrow && is_constant && !is_carrier(self.power, self.noise, self.signal)
    }
}
