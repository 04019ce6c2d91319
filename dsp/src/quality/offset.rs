//! The receiver's own offset at 0 Hz.
//!
//! The offset of a converter and the leakage of a local oscillator into its mixer are constant: a
//! line in one bin with the same phase in every chunk. The oscillator mixes with itself, so its
//! phase noise cancels. A carrier at 0 Hz differs in one of two ways:
//!
//! - It changes from chunk to chunk: it is keyed, fades, or is not exactly on the receiver's
//!   frequency.
//! - It has side bands. Those of amplitude and phase modulation are symmetrical about the carrier and
//!   coherent with it: `X[k] X[-k]` has twice the carrier's phase, or the opposite one. Other
//!   signals, also those around 0 Hz, have independent phases on the two sides.
//!
//! Side bands count where they are 9 dB above the noise. If a signal around 0 Hz is weaker than that
//! everywhere, the line may be its carrier.
//!
//! An offset may drift as the receiver warms up: by up to a third in a segment, at a constant rate, and
//! with nearly the same phase.
//!
//! A carrier with neither, constant to 2 % in amplitude and 0.02 Hz in frequency or with such a drift,
//! cannot be told from an offset. It counts as one: no transmitter is that stable relative to a receiver with a
//! clock of its own. One chunk alone shows no changes.

use rustfft::num_complex::{Complex32, Complex64};

use super::measured::Measured;
use crate::decibel::dbfs;
use crate::estimators::drift::Drift;
use crate::estimators::noise::BandShape;

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

/// Largest drift of an offset over a segment, as a part of its amplitude and in radians, and the fewest
/// chunks that show that its rate is constant.
const DRIFT: f64 = 0.35;
const DRIFT_RADIANS: f64 = 0.12;
const DRIFT_CHUNKS: usize = 4;

/// A line below this part of the recording's power is harmless: -30 dB.
const HARMLESS: f64 = 1e-3;

/// Least ratio of a line's power to the noise in a bin from which on a line that changes is a
/// carrier: 35 dB. Where offsets were measured they were 15 to 23 dB above it.
const CHANGING_CARRIER: f64 = 3162.0;

/// The same for a line with side bands that are coherent with it: 20 dB.
pub(crate) const LEAST_CARRIER: f64 = 100.0;

/// An offset has at most this many times the power of everything else: 15 dB.
const STRONGEST: f64 = 32.0;

/// Bins of each sign in a cell of the comparison of the two side bands. Few, since the phase
/// changes with the order of the side band.
const CELL: usize = 8;

/// Cells below this multiple of the noise, or of the weakest quarter of the cells, are not compared.
const ABOVE_NOISE: f32 = 8.0;

/// Coherence of the side bands from which on they are a carrier's, and up to which they are not.
/// The products of independent bins have a coherence of about 0.3 in a cell.
const COHERENT: f64 = 0.65;
const INCOHERENT: f64 = 0.5;

/// What a line at 0 Hz is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ZeroHz {
    /// No line, or one that is too weak to matter.
    Nothing,
    /// The receiver's own offset.
    Offset,
    Carrier,
    /// One of the two.
    OffsetOrCarrier,
}

/// Sums over the chunks of a segment. Powers refer to full scale.
#[derive(Debug, Default)]
pub(super) struct Offset {
    chunks: usize,
    sum: Complex64,
    /// Sum of the values, each times the number of its chunk.
    moment: Complex64,
    power: f64,
    /// Mean of the two bins next to 0 Hz.
    neighbours: f64,
    reference: f64,
    noise: f64,
    total: f64,
    /// Magnitudes of the sums of the products of the side bands, and their powers.
    coherent: f64,
    sideband: f64,
    ranked: Vec<f32>,
    cells: Vec<(f32, f32)>,
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
        let mean_power = chunk.without_impulses.mean_power;
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
        self.moment += zero * self.chunks as f64;
        self.chunks += 1;
        self.sum += zero;
        self.power += zero.norm_sqr();
        self.neighbours += neighbours * scale * scale;
        // The median of exponential variables is their mean times ln 2.
        self.reference += f64::from(median) / std::f64::consts::LN_2 * scale * scale;
        self.noise += noise.density * scale * scale;
        self.total += mean_power * power_scale;
        if chunk.has_strong_zero_hz {
            // What fills the band may be the signal.
            let is_noise = noise.shape != BandShape::Undecidable;
            let density = if is_noise { noise.density } else { 0.0 };
            let (coherent, sideband) = coherence(spectrum, chunk.drift, density, &mut self.cells);
            self.coherent += coherent * scale * scale;
            self.sideband += sideband * scale * scale;
        }
    }

    /// Power of the mean sample, dBFS.
    pub(super) fn level_dbfs(&self) -> f64 {
        dbfs((self.sum / self.chunks.max(1) as f64).norm_sqr())
    }

    /// Power at 0 Hz over that of a reference bin, dB.
    pub(super) fn spike_db(&self) -> f64 {
        dbfs(self.power) - dbfs(self.reference)
    }

    /// Whether there are side bands far enough above the noise to compare.
    pub(super) fn has_side_bands(&self) -> bool {
        self.sideband > 0.0
    }

    /// The variance about a drift at a constant rate. `None` if the drift is none of an offset.
    fn variance_about_drift(&self) -> Option<f64> {
        if self.chunks < DRIFT_CHUNKS {
            return None;
        }
        let chunks = self.chunks as f64;
        let squares = chunks * (chunks * chunks - 1.0) / 12.0;
        let rate = (self.moment - self.sum * (0.5 * (chunks - 1.0))) / squares;
        let drift = rate * (chunks - 1.0) * chunks / self.sum;
        let about_mean = self.power - self.sum.norm_sqr() / chunks;
        let rest = (about_mean - rate.norm_sqr() * squares) / (chunks - 2.0);
        (drift.re.abs() <= DRIFT && drift.im.abs() <= DRIFT_RADIANS).then_some(rest.max(0.0))
    }

    /// What the line at 0 Hz is.
    pub(super) fn verdict(&self) -> ZeroHz {
        let is_line = self.power > LINE * self.reference && self.power > HARMLESS * self.total;
        let is_narrow = self.neighbours < NEIGHBOURS * self.reference + LEAKAGE * self.power;
        let is_strong = self.power >= CHANGING_CARRIER * self.noise;
        let chunks = self.chunks as f64;
        let variance = (self.power - self.sum.norm_sqr() / chunks.max(1.0)) / (chunks - 1.0).max(1.0);
        let most = NOISE_VARIANCE * self.reference + OWN_VARIANCE * self.power;
        let is_constant =
            variance * chunks < most || self.variance_about_drift().is_some_and(|rest| rest * chunks < most);
        let coherence = self.coherent / self.sideband.max(f64::MIN_POSITIVE);
        if (coherence > COHERENT && self.power >= LEAST_CARRIER * self.noise) || (is_strong && !is_constant) {
            ZeroHz::Carrier
        } else if !is_line || !is_narrow || !is_constant {
            ZeroHz::Nothing
        } else if self.chunks < 2 || coherence > INCOHERENT || self.power > STRONGEST * (self.total - self.power) {
            if is_strong {
                ZeroHz::OffsetOrCarrier
            } else {
                ZeroHz::Nothing
            }
        } else {
            ZeroHz::Offset
        }
    }
}

/// How coherent mirrored bins are: the sum over cells of the magnitude of the sum of their
/// products, and the power of these cells. `cells` is scratch. Only cells far above the noise count:
/// others would hide the side bands of the rest. If the noise is not known, `density` is 0, and all
/// count if none is far above the others.
fn coherence(spectrum: &[Complex32], drift: Option<Drift>, density: f64, cells: &mut Vec<(f32, f32)>) -> (f64, f64) {
    let n = spectrum.len();
    let pairs = n.saturating_sub(1) / 2;
    cells.clear();
    for first in (1..=pairs.saturating_sub(CELL - 1)).step_by(CELL) {
        let (mut product, mut power) = (Complex32::default(), 0.0);
        for k in first..first + CELL {
            let [of_plus, of_minus] = drift.map_or_else(Default::default, |drift| drift.at(k));
            let (plus, minus) = (spectrum[k] - of_plus, spectrum[n - k] - of_minus);
            product += plus * minus;
            power += 0.5 * (plus.norm_sqr() + minus.norm_sqr());
        }
        cells.push((power, product.norm()));
    }
    if cells.is_empty() {
        return (0.0, 0.0);
    }
    let quarter = cells.len() / 4;
    let (_, &mut (weak, _), _) = cells.select_nth_unstable_by(quarter, |a, b| a.0.total_cmp(&b.0));
    #[expect(clippy::cast_possible_truncation, reason = "a bound needs no more accuracy")]
    let noise = (CELL as f64 * density) as f32;
    let weak = if noise > 0.0 { weak.min(2.0 * noise) } else { weak };
    let strongest = cells.iter().map(|(power, _)| *power).fold(0.0, f32::max);
    let least = if noise > 0.0 || strongest > ABOVE_NOISE * weak {
        ABOVE_NOISE * weak
    } else {
        0.0
    };
    let strong = cells.iter().filter(|(power, _)| *power > least);
    strong.fold((0.0, 0.0), |(coherent, sideband), (power, product)| {
        (coherent + f64::from(*product), sideband + f64::from(*power))
    })
}
