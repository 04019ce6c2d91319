//! Many carriers at once, spread carriers and chirps.

use std::f64::consts::{FRAC_1_SQRT_2, TAU};

use rustfft::num_complex::{Complex32, Complex64};

use super::shaping::{choice, frequency_modulated, interpolate, level, unit_power, units};
use crate::signals::{Signals, single};

/// Numbers of an OFDM system. Times are in samples of `rate`.
pub(crate) struct Ofdm {
    pub rate: f64,
    pub useful: usize,
    pub guard: usize,
    pub carriers: usize,
    /// Whether the middle carrier is unused.
    pub hole: bool,
    /// Whether a filter takes away what the ends of the symbols radiate outside the band.
    pub filtered: bool,
    /// Symbols of a frame and length of the silence before it, 0 for none.
    pub frame: usize,
    pub silence: usize,
}

pub(crate) const DRM: Ofdm = Ofdm {
    rate: 12_000.0,
    useful: 256,
    guard: 64,
    carriers: 202,
    hole: false,
    filtered: true,
    frame: 15,
    silence: 0,
};

pub(crate) const DAB: Ofdm = Ofdm {
    rate: 2_048_000.0,
    useful: 2_048,
    guard: 504,
    carriers: 1_536,
    hole: true,
    filtered: true,
    frame: 76,
    silence: 2_656,
};

impl Ofdm {
    /// Symbols of QPSK on each carrier.
    pub(crate) fn samples(&self, signals: &mut Signals, n: usize, rate: f64) -> Vec<Complex32> {
        let count = units(n, rate, self.rate);
        let mut samples = Vec::with_capacity(count + self.useful + self.guard);
        let mut symbol = vec![Complex32::default(); self.useful];
        let mut number = choice(signals, self.frame);
        while samples.len() < count {
            if number == 0 {
                samples.extend((0..self.silence).map(|_| Complex32::default()));
            }
            number = (number + 1) % self.frame;
            symbol.fill(Complex32::default());
            let half = self.carriers / 2;
            for k in 0..self.carriers {
                let place = (self.useful + k - half) % self.useful;
                let place = if self.hole && k >= half { place + 1 } else { place };
                symbol[place] = single(Complex64::new(level(signals, 2), level(signals, 2)) * FRAC_1_SQRT_2);
            }
            signals.inverse(&mut symbol);
            samples.extend_from_slice(&symbol[self.useful - self.guard..]);
            samples.extend_from_slice(&symbol);
        }
        samples.truncate(count);
        if count != n || self.filtered {
            let (carriers, spacing) = (self.carriers as f64, 1.0 / self.useful as f64);
            samples = interpolate(signals, samples, n, |frequency| {
                let beyond = frequency.abs() / spacing - 0.5 * carriers - 1.0;
                let gain = if self.filtered {
                    1.0 - (beyond / 4.0).clamp(0.0, 1.0)
                } else {
                    1.0
                };
                (gain * f64::from(u8::from(frequency.abs() < 0.5))).into()
            });
        }
        unit_power(samples)
    }
}

/// OFDM that fills this part of any band.
pub(crate) fn part_of_band(signals: &mut Signals, n: usize, rate: f64, part: f64, filtered: bool) -> Vec<Complex32> {
    let ofdm = Ofdm {
        rate,
        useful: 512,
        guard: 32,
        carriers: (512.0 * part) as usize,
        hole: false,
        filtered,
        frame: 1,
        silence: 0,
    };
    ofdm.samples(signals, n, rate)
}

/// Chirps with 2^`factor` random cyclic shifts, 125 kHz wide.
pub(crate) fn lora(signals: &mut Signals, n: usize, rate: f64, factor: i32) -> Vec<Complex32> {
    const WIDTH_HZ: f64 = 125_000.0;
    let duration = 2_f64.powi(factor) / WIDTH_HZ * rate;
    let shifts: Vec<f64> = (0..=(n as f64 / duration) as usize + 1)
        .map(|_| signals.uniform())
        .collect();
    let start = signals.uniform();
    let frequencies = (0..n).map(|i| {
        let symbols = start + i as f64 / duration;
        WIDTH_HZ * ((shifts[symbols as usize] + symbols).fract() - 0.5)
    });
    frequency_modulated(signals, frequencies, rate)
}

/// A carrier that crosses `width_hz` in each period.
pub(crate) fn chirps(signals: &mut Signals, n: usize, rate: f64, width_hz: f64, period_s: f64) -> Vec<Complex32> {
    let start = signals.uniform();
    let frequencies = (0..n).map(|i| width_hz * ((start + i as f64 / rate / period_s).fract() - 0.5));
    frequency_modulated(signals, frequencies, rate)
}

/// Carriers at these frequencies, all as strong.
pub(crate) fn carriers(signals: &mut Signals, n: usize, rate: f64, frequencies_hz: &[f64]) -> Vec<Complex32> {
    let starts: Vec<f64> = frequencies_hz.iter().map(|_| signals.uniform()).collect();
    let samples = (0..n).map(|i| {
        let parts = frequencies_hz.iter().zip(&starts).map(|(frequency, start)| {
            let turns = (start + frequency / rate * i as f64).fract();
            Complex64::from_polar(1.0, TAU * turns)
        });
        single(parts.sum())
    });
    unit_power(samples.collect())
}

/// Noise that fills a band, as of a spread signal.
pub(crate) fn flat_band(signals: &mut Signals, n: usize, rate: f64, width_hz: f64) -> Vec<Complex32> {
    unit_power(signals.band(n, 0.0, width_hz / rate))
}
