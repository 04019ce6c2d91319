//! Short transmissions at random times, and carriers that hop.

use std::f64::consts::TAU;

use rustfft::num_complex::{Complex32, Complex64};

use super::digital::gaussian_keying;
use super::shaping::{choice, frequency_modulated, gaussian, interpolate, interpolate_real, unit_power, units};
use crate::signals::{Signals, single};

/// Adds a burst with a random phase.
fn put(signals: &mut Signals, samples: &mut [Complex32], burst: &[Complex32], start: usize) {
    let phase = single(Complex64::from_polar(1.0, TAU * signals.uniform()));
    for (sample, burst) in samples[start..].iter_mut().zip(burst) {
        *sample += phase * *burst;
    }
}

/// Rounds the first and the last `edge` samples.
fn round_ends(samples: &mut [Complex32], edge: usize) {
    let n = samples.len();
    for (i, sample) in samples.iter_mut().enumerate() {
        let at = (i.min(n - 1 - i) as f64 / edge as f64).min(1.0);
        *sample *= single((0.25 * TAU * at).sin().powi(2).into()).re;
    }
}

/// Transponder squitters: 8 µs of preamble and 112 bits of pulse position at 1 Mbit/s, about eight
/// a second, one at least.
pub(crate) fn squitters(signals: &mut Signals, n: usize, rate: f64) -> Vec<Complex32> {
    const PREAMBLE: [usize; 4] = [0, 2, 7, 9];
    let mut samples = vec![Complex32::default(); n];
    let count = ((8.0 * n as f64 / rate) as usize).max(1);
    for _ in 0..count {
        // In half microseconds, with some before and after.
        let mut pulses = vec![Complex32::default(); 260];
        for place in PREAMBLE {
            pulses[8 + place] = Complex32::from(1.0);
        }
        for bit in 0..112 {
            pulses[24 + 2 * bit + choice(signals, 2)] = Complex32::from(1.0);
        }
        let length = (260.0 * 0.5e-6 * rate) as usize;
        let burst = interpolate(signals, pulses, length, |frequency| gaussian(0.8, frequency).into());
        let start = choice(signals, n - length);
        put(signals, &mut samples, &burst, start);
    }
    samples
}

/// Position reports of ships: bursts of 26.7 ms of GMSK at 9,600 bit/s, about four a second, one at
/// least.
pub(crate) fn ship_reports(signals: &mut Signals, n: usize, rate: f64) -> Vec<Complex32> {
    let slot = (0.0267 * rate) as usize;
    let slots = n / slot;
    let mut samples = vec![Complex32::default(); n];
    let mut is_free = vec![true; slots];
    for _ in 0..((4.0 * n as f64 / rate) as usize).max(1) {
        let place = choice(signals, slots);
        if std::mem::take(&mut is_free[place]) {
            let mut burst = gaussian_keying(signals, (slot, rate), 0.4, 0.5, 9_600.0);
            round_ends(&mut burst, units(slot, rate, 1_200.0).max(1) * slot / 256);
            put(signals, &mut samples, &burst, place * slot);
        }
    }
    samples
}

/// GFSK of 20 kbit/s on a new one of `channels` channels every `dwell_s`.
pub(crate) fn hops(
    signals: &mut Signals,
    (n, rate): (usize, f64),
    (channels, spacing_hz): (usize, f64),
    dwell_s: f64,
) -> Vec<Complex32> {
    let dwell = (dwell_s * rate) as usize;
    let symbols: Vec<f64> = (0..units(n, rate, 0.4 * spacing_hz))
        .map(|_| 2.0 * choice(signals, 2) as f64 - 1.0)
        .collect();
    let data = interpolate_real(signals, &symbols, n, |frequency| gaussian(0.5, frequency));
    // Every channel has its turn, so that the band is the same for each seed.
    let first = choice(signals, channels);
    let centre = 0.5 * (channels - 1) as f64;
    let frequencies = data.into_iter().enumerate().map(|(i, data)| {
        let channel = (first + 7 * (i / dwell)) % channels;
        spacing_hz * (channel as f64 - centre + 0.1 * data)
    });
    let frequencies: Vec<f64> = frequencies.collect();
    let mut samples = frequency_modulated(signals, frequencies.into_iter(), rate);
    let edge = (dwell / 40).max(2);
    samples.chunks_mut(dwell).for_each(|hop| round_ends(hop, edge));
    unit_power(samples)
}
