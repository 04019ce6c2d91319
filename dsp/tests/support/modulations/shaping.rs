//! Pulses, filters and modulators. All are circular: the last sample is followed by the first one.

use std::f64::consts::{LN_2, PI, TAU};

use rustfft::num_complex::{Complex32, Complex64};

use crate::signals::{Signals, single};

/// Units of this rate (symbols, audio samples) in `n` samples, at least 2.
pub(crate) fn units(n: usize, rate: f64, unit_rate: f64) -> usize {
    ((n as f64 * unit_rate / rate).round() as usize).max(2)
}

/// Frequency of a bin, from -0.5 to 0.5.
pub(crate) fn bin_frequency(bin: usize, n: usize) -> f64 {
    let frequency = bin as f64 / n as f64;
    frequency - f64::from(u8::from(frequency >= 0.5))
}

/// `n` samples of symbols through a filter. `response` is the filter at a frequency in parts of the
/// symbol rate. The pulse of a constant 1 is 1 if `response` is 1 at 0 and 0 at multiples of 1.
pub(crate) fn interpolate(
    signals: &mut Signals,
    mut symbols: Vec<Complex32>,
    n: usize,
    response: impl Fn(f64) -> Complex64,
) -> Vec<Complex32> {
    let count = symbols.len();
    signals.transform(&mut symbols);
    let mut spectrum: Vec<Complex32> = (0..n)
        .map(|bin| {
            let place = if 2 * bin < n {
                bin % count
            } else {
                (count - (n - bin) % count) % count
            };
            // In units of the symbol rate.
            let frequency = bin_frequency(bin, n) * n as f64 / count as f64;
            let gain = response(frequency) / count as f64;
            if gain == Complex64::default() {
                Complex32::default()
            } else {
                symbols[place] * single(gain)
            }
        })
        .collect();
    signals.inverse(&mut spectrum);
    spectrum
}

/// The real part of `interpolate` for real symbols and a real filter.
pub(crate) fn interpolate_real(
    signals: &mut Signals,
    symbols: &[f64],
    n: usize,
    response: impl Fn(f64) -> f64,
) -> Vec<f64> {
    let symbols = symbols.iter().map(|symbol| single((*symbol).into())).collect();
    let samples = interpolate(signals, symbols, n, |frequency| response(frequency).into());
    samples.iter().map(|sample| f64::from(sample.re)).collect()
}

/// Root raised cosine.
pub(crate) fn root_raised_cosine(roll_off: f64, frequency: f64) -> f64 {
    let beyond = (frequency.abs() - 0.5 * (1.0 - roll_off)) / roll_off;
    (0.5 * PI * beyond.clamp(0.0, 1.0)).cos().max(1e-12) - 1e-12
}

/// Raised cosine.
pub(crate) fn raised_cosine(roll_off: f64, frequency: f64) -> f64 {
    root_raised_cosine(roll_off, frequency).powi(2)
}

/// A rectangle as long as a symbol.
pub(crate) fn rectangle(frequency: f64) -> f64 {
    let x = PI * frequency;
    if x.abs() < 1e-9 { 1.0 } else { x.sin() / x }
}

/// A rectangle through a Gaussian filter with this product of its 3-dB bandwidth and the symbol
/// time.
pub(crate) fn gaussian(bt: f64, frequency: f64) -> f64 {
    rectangle(frequency) * (-0.5 * LN_2 * (frequency / bt).powi(2)).exp()
}

/// A carrier of power 1 with these frequencies in Hz.
pub(crate) fn frequency_modulated(
    signals: &mut Signals,
    frequencies: impl Iterator<Item = f64>,
    rate: f64,
) -> Vec<Complex32> {
    let mut turns = signals.uniform();
    frequencies
        .map(|frequency| {
            turns = (turns + frequency / rate).fract();
            single(Complex64::from_polar(1.0, TAU * turns))
        })
        .collect()
}

/// Scales to a mean power of 1.
pub(crate) fn unit_power(mut samples: Vec<Complex32>) -> Vec<Complex32> {
    let power = mean_power(&samples);
    let gain = single((1.0 / power.sqrt()).into()).re;
    for sample in &mut samples {
        *sample *= gain;
    }
    samples
}

/// Mean of the squared magnitudes.
pub(crate) fn mean_power(samples: &[Complex32]) -> f64 {
    samples.iter().map(|sample| f64::from(sample.norm_sqr())).sum::<f64>() / samples.len() as f64
}

/// Multiplies by a carrier at this frequency.
pub(crate) fn shift(samples: &mut [Complex32], offset_hz: f64, rate: f64) {
    for (i, sample) in samples.iter_mut().enumerate() {
        let turns = (offset_hz / rate * i as f64).fract();
        *sample *= single(Complex64::from_polar(1.0, TAU * turns));
    }
}

/// A whole number from 0 to `count` - 1.
pub(crate) fn choice(signals: &mut Signals, count: usize) -> usize {
    ((signals.uniform() * count as f64) as usize).min(count - 1)
}

/// One of `count` levels from -1 to 1, equally spaced.
pub(crate) fn level(signals: &mut Signals, count: usize) -> f64 {
    2.0 * choice(signals, count) as f64 / (count - 1) as f64 - 1.0
}
