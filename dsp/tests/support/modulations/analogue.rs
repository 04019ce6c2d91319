//! Speech and music on a carrier, and what is keyed on one.

use std::f64::consts::TAU;

use rustfft::num_complex::Complex32;

use super::programme::{morse, music, speech};
use super::shaping::{
    bin_frequency, choice, frequency_modulated, gaussian, interpolate_real, level, rectangle, unit_power, units,
};
use crate::signals::{Signals, single};

/// FM broadcast with a deviation of 75 kHz.
pub(crate) fn broadcast(signals: &mut Signals, n: usize, rate: f64, stereo: bool, data: bool) -> Vec<Complex32> {
    let programme = music(signals, n, rate);
    let bits: Vec<f64> = if data {
        (0..units(n, rate, 1_187.5)).map(|_| level(signals, 2)).collect()
    } else {
        vec![0.0; 2]
    };
    // The biphase symbols of RDS have their power at half of the bit rate, without one at 0.
    let data = interpolate_real(signals, &bits, n, |frequency| {
        (0.5 * TAU * frequency.clamp(-1.0, 1.0)).sin().abs()
    });
    let frequencies = programme.iter().zip(&data).enumerate().map(|(i, (audio, data))| {
        let (sum, difference) = (f64::from(audio.re), f64::from(audio.im));
        let turns = 19_000.0 / rate * i as f64;
        let wave = |k: f64| (TAU * (k * turns).fract()).sin();
        let multiplex = if stereo {
            0.9 * (0.65 * sum + 0.35 * difference * wave(2.0)) + 0.1 * wave(1.0) + 0.04 * data * wave(3.0)
        } else {
            sum
        };
        75_000.0 * multiplex
    });
    let frequencies: Vec<f64> = frequencies.collect();
    frequency_modulated(signals, frequencies.into_iter(), rate)
}

/// Voice with narrow FM. `tone_hz` is a CTCSS tone, 0 for none.
pub(crate) fn narrow_voice(
    signals: &mut Signals,
    n: usize,
    rate: f64,
    deviation_hz: f64,
    tone_hz: f64,
) -> Vec<Complex32> {
    let audio = speech(signals, n, rate, 3_000.0, true);
    let frequencies = audio.into_iter().enumerate().map(|(i, audio)| {
        let tone = 0.12 * (TAU * (tone_hz / rate * i as f64).fract()).sin();
        deviation_hz * (audio + if tone_hz > 0.0 { tone } else { 0.0 })
    });
    frequency_modulated(signals, frequencies, rate)
}

/// Packet radio on an FM transmitter: 1,200 bit/s of 1,200 and 2,200 Hz.
pub(crate) fn packet_1200(signals: &mut Signals, n: usize, rate: f64) -> Vec<Complex32> {
    let symbols: Vec<f64> = (0..units(n, rate, 1_200.0)).map(|_| level(signals, 2)).collect();
    let tones = interpolate_real(signals, &symbols, n, |frequency| gaussian(2.0, frequency));
    let mut turns = 0.0;
    let frequencies: Vec<f64> = tones
        .iter()
        .map(|tone| {
            turns += (1_700.0 + 500.0 * tone) / rate;
            3_000.0 * (TAU * turns).sin()
        })
        .collect();
    frequency_modulated(signals, frequencies.into_iter(), rate)
}

/// Speech on a carrier.
pub(crate) fn am_voice(signals: &mut Signals, n: usize, rate: f64, upper_hz: f64) -> Vec<Complex32> {
    let audio = speech(signals, n, rate, upper_hz, false);
    real(audio.iter().map(|audio| 1.0 + 0.8 * audio))
}

/// A tone on a carrier.
pub(crate) fn am_tone(n: usize, rate: f64, tone_hz: f64) -> Vec<Complex32> {
    real((0..n).map(|i| 1.0 + 0.8 * (TAU * (tone_hz / rate * i as f64).fract()).sin()))
}

/// Speech with one side band and no carrier, its middle at 0 Hz.
pub(crate) fn single_side_band(signals: &mut Signals, n: usize, rate: f64, upper: bool) -> Vec<Complex32> {
    const MIDDLE_HZ: f64 = 1_500.0;
    let audio = speech(signals, n, rate, 2_700.0, false);
    let mut samples = real(audio.into_iter());
    signals.transform(&mut samples);
    for (bin, sample) in samples.iter_mut().enumerate() {
        if bin_frequency(bin, n) <= 0.0 {
            *sample = Complex32::default();
        }
    }
    // A whole number of bins, so that it stays circular.
    let middle = (MIDDLE_HZ / rate * n as f64).round() as usize;
    samples.rotate_left(middle);
    signals.inverse(&mut samples);
    if !upper {
        for sample in &mut samples {
            *sample = sample.conj();
        }
    }
    unit_power(samples)
}

/// A keyed carrier of power 1 while on.
pub(crate) fn telegraphy(signals: &mut Signals, n: usize, rate: f64, dot_s: f64) -> Vec<Complex32> {
    let keying = morse(signals, n, rate, dot_s);
    keying.iter().map(|part| single((*part).into())).collect()
}

/// Pictures of weather satellites: a subcarrier of 2,400 Hz with the brightness as amplitude, FM
/// with a deviation of 17 kHz.
pub(crate) fn weather_picture(signals: &mut Signals, n: usize, rate: f64) -> Vec<Complex32> {
    let count = units(n, rate, 4_160.0);
    let mut brightness = 0.5;
    let pixels: Vec<f64> = (0..count)
        .map(|_| {
            let change = if signals.uniform() < 0.02 { 0.5 } else { 0.05 };
            brightness += change * (2.0 * signals.uniform() - 1.0);
            brightness = f64::clamp(brightness, 0.05, 0.95);
            brightness
        })
        .collect();
    let brightness = interpolate_real(signals, &pixels, n, |frequency| {
        rectangle(frequency) * f64::from(u8::from(frequency.abs() < 0.5))
    });
    let frequencies = brightness.into_iter().enumerate().map(|(i, brightness)| {
        let carrier = (TAU * (2_400.0 / rate * i as f64).fract()).sin();
        17_000.0 * brightness * carrier
    });
    frequency_modulated(signals, frequencies, rate)
}

/// A time signal: each second the carrier is at 15 % of its amplitude for 0.1 or 0.2 s, and the
/// phase is keyed by 13 degrees, 645.8 times a second, in between.
pub(crate) fn time_signal(signals: &mut Signals, n: usize, rate: f64) -> Vec<Complex32> {
    let start = signals.uniform();
    let longer = choice(signals, 2) == 1;
    let chips: Vec<f64> = (0..units(n, rate, 645.8)).map(|_| level(signals, 2)).collect();
    let chips = interpolate_real(signals, &chips, n, |frequency| gaussian(1.0, frequency));
    let fade = 0.005;
    let samples = chips.iter().enumerate().map(|(i, chip)| {
        let second = (start + i as f64 / rate).fract();
        let low = if longer { 0.2 } else { 0.1 };
        let edge = (second / fade).min((low - second) / fade).clamp(0.0, 1.0);
        let keyed = f64::from(u8::from((0.2..0.993).contains(&second)));
        let phase = 13.0_f64.to_radians() * chip * keyed;
        let (sin, cos) = phase.sin_cos();
        let amplitude = 1.0 - 0.85 * edge;
        Complex32::new(single((amplitude * cos).into()).re, single((amplitude * sin).into()).re)
    });
    unit_power(samples.collect())
}

fn real(samples: impl Iterator<Item = f64>) -> Vec<Complex32> {
    unit_power(samples.map(|sample| single(sample.into())).collect())
}
