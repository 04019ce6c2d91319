//! Modulations as they are on the air, with what is true of them, and the noise of receivers.
//!
//! Every sample follows from a seed. A program that uses this has `support/signals.rs` as
//! `signals` in its root.

mod analogue;
mod analogue_table;
mod bursts;
mod digital;
mod digital_table;
pub(crate) mod noises;
mod programme;
mod shaping;
mod truth;
mod wideband;
mod wideband_table;

use rustfft::num_complex::Complex32;

use self::shaping::{mean_power, shift, unit_power};
pub(crate) use self::truth::Truth;
use crate::signals::{Signals, add, amplitude, single};

/// Power of the noise of a recording, dBFS.
const NOISE_DBFS: f64 = -60.0;

/// Half of the width of a line under the window of a chunk, and some more.
const LINE_HZ: f64 = 25.0;

/// Nominal width of the occupied band.
#[derive(Clone, Copy)]
pub(crate) enum Width {
    Hz(f64),
    /// Part of the sample rate.
    Share(f64),
}

type Generate = fn(&mut Signals, usize, f64) -> Vec<Complex32>;

/// A modulation.
pub(crate) struct Modulation {
    pub name: &'static str,
    pub width: Width,
    /// Sample rates in Hz at which it is received, and fits.
    pub rates: &'static [f64],
    /// How far its weak parts extend beyond the occupied band, if it is far.
    tails_hz: f64,
    /// Whether it is off for a part of a second.
    pub bursty: bool,
    generate: Generate,
}

impl Modulation {
    const fn steady(name: &'static str, width: Width, rates: &'static [f64], generate: Generate) -> Self {
        Self {
            name,
            width,
            rates,
            tails_hz: 0.0,
            bursty: false,
            generate,
        }
    }

    const fn bursty(name: &'static str, width: Width, rates: &'static [f64], generate: Generate) -> Self {
        Self {
            bursty: true,
            ..Self::steady(name, width, rates, generate)
        }
    }

    const fn with_tails(self, tails_hz: f64) -> Self {
        Self { tails_hz, ..self }
    }

    pub(crate) fn width_hz(&self, rate: f64) -> f64 {
        match self.width {
            Width::Hz(width) => width,
            Width::Share(share) => share * rate,
        }
    }

    /// `n` samples with the centre at 0 Hz, of power 1 while the transmitter is on.
    pub(crate) fn samples(&self, signals: &mut Signals, n: usize, rate: f64) -> Vec<Complex32> {
        (self.generate)(signals, n, rate)
    }

    /// The largest distance from the centre of the band at which it still fits, with most of what
    /// is outside the occupied band.
    pub(crate) fn room_hz(&self, rate: f64) -> f64 {
        let tails_hz = (0.125 * self.width_hz(rate)).max(self.tails_hz);
        (0.5 * (rate - self.width_hz(rate)) - tails_hz - LINE_HZ).max(0.0)
    }
}

/// Every modulation.
pub(crate) fn all() -> impl Iterator<Item = &'static Modulation> {
    let tables = [analogue_table::TABLE, digital_table::TABLE, wideband_table::TABLE];
    tables.into_iter().flatten()
}

/// The modulation with this name.
pub(crate) fn named(name: &str) -> &'static Modulation {
    all()
        .find(|modulation| modulation.name == name)
        .expect("a modulation of the table")
}

/// Samples of one chunk, as the extractor divides recordings.
pub(crate) fn chunk_samples(rate: f64) -> usize {
    (0.2 * rate) as usize
}

/// A signal in its place, and noise, before they are added.
pub(crate) struct Scene {
    /// Power 1 over the recording.
    clean: Vec<Complex32>,
    /// Power 1.
    noise: Vec<Complex32>,
    truth: Truth,
}

impl Scene {
    /// A recording of `chunks` chunks of 200 ms with the modulation at this offset. Beyond the end
    /// of the band it continues at the other end.
    pub(crate) fn new(modulation: &Modulation, rate: f64, chunks: usize, offset_hz: f64, seed: u64) -> Self {
        let mut signals = Signals::new(seed);
        let n = chunks * chunk_samples(rate);
        let mut clean = unit_power(modulation.samples(&mut signals, n, rate));
        let truth = Truth::of(&mut signals, &clean, chunks, rate, offset_hz);
        shift(&mut clean, offset_hz, rate);
        let noise = (0..n).map(|_| single(signals.gaussian())).collect();
        Self { clean, noise, truth }
    }

    /// Writes the recording with this SNR, and returns what is true of it. Each SNR has the noise
    /// in another order.
    pub(crate) fn mix(&self, snr_db: f64, samples: &mut Vec<Complex32>) -> Truth {
        let n = self.noise.len();
        let start = ((snr_db + 40.0).abs() * 0.618_034).fract() * n as f64;
        let (late, early) = self.noise.split_at((start as usize).min(n - 1));
        let noise_gain = single(amplitude(NOISE_DBFS).into()).re;
        samples.clear();
        samples.extend(early.iter().chain(late).map(|noise| noise * noise_gain));
        add(samples, &self.clean, amplitude(NOISE_DBFS + snr_db));
        Truth {
            snr_db,
            ..self.truth.clone()
        }
    }

    /// What is true of the recording, apart from its SNR.
    pub(crate) fn truth(&self) -> &Truth {
        &self.truth
    }

    /// Mean power of the signal and of the noise.
    pub(crate) fn powers(&self) -> [f64; 2] {
        [&self.clean, &self.noise].map(|samples| mean_power(samples))
    }
}

/// A recording of `chunks` chunks with this modulation, and what is true of it.
pub(crate) fn place(
    modulation: &Modulation,
    (rate, chunks): (f64, usize),
    offset_hz: f64,
    snr_db: f64,
    seed: u64,
) -> (Vec<Complex32>, Truth) {
    let mut samples = Vec::new();
    let truth = Scene::new(modulation, rate, chunks, offset_hz, seed).mix(snr_db, &mut samples);
    (samples, truth)
}
