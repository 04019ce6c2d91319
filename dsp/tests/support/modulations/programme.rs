//! What is transmitted: speech, music, Morse code. Real, and limited to about 1.

use std::f64::consts::TAU;

use rustfft::num_complex::Complex32;

use super::shaping::{choice, interpolate, interpolate_real, units};
use crate::signals::{Signals, single};

const SPEECH_RATE_HZ: f64 = 12_000.0;
const MUSIC_RATE_HZ: f64 = 48_000.0;

/// A part of speech: a vowel, a consonant or a pause.
struct Sound {
    seconds: f64,
    vowel: f64,
    consonant: f64,
    pitch_hz: f64,
    formants_hz: [f64; 3],
}

impl Sound {
    fn new(signals: &mut Signals, is_first: bool) -> Self {
        let kind = signals.uniform();
        // A recording begins with a vowel, so that not even the shortest is a pause.
        let is_vowel = is_first || kind < 0.6;
        let is_pause = !is_vowel && kind > 0.85;
        let between = |signals: &mut Signals, low: f64, high: f64| low + (high - low) * signals.uniform();
        Self {
            seconds: between(signals, 0.06, 0.25),
            vowel: if is_vowel { between(signals, 0.6, 1.0) } else { 0.0 },
            consonant: if is_vowel || is_pause {
                0.02
            } else {
                between(signals, 0.2, 0.5)
            },
            pitch_hz: between(signals, 90.0, 220.0),
            formants_hz: [
                between(signals, 300.0, 800.0),
                between(signals, 900.0, 2_000.0),
                between(signals, 2_200.0, 2_900.0),
            ],
        }
    }

    /// Amplitude of a harmonic at this frequency.
    fn envelope(&self, frequency: f64) -> f64 {
        let formant = |centre: &f64| 1.0 / (1.0 + ((frequency - centre) / 120.0).powi(2));
        let slope = 1.0 / (1.0 + frequency / 500.0);
        slope * (0.15 + self.formants_hz.iter().map(formant).sum::<f64>())
    }
}

/// Speech at the audio rate, with syllables, consonants and pauses.
fn voice(signals: &mut Signals, count: usize) -> Vec<f64> {
    let mut audio = Vec::with_capacity(count);
    while audio.len() < count {
        let sound = Sound::new(signals, audio.is_empty());
        let length = ((sound.seconds * SPEECH_RATE_HZ) as usize).min(count - audio.len());
        let edge = 0.015 * SPEECH_RATE_HZ;
        let harmonics: Vec<f64> = (1..40).map(|k| sound.envelope(sound.pitch_hz * f64::from(k))).collect();
        let glide = 0.3 * (signals.uniform() - 0.5);
        let mut turns = signals.uniform();
        for i in 0..length {
            let at = i as f64 / length as f64;
            turns += sound.pitch_hz * (1.0 + glide * at) / SPEECH_RATE_HZ;
            let fade = (i.min(length - i) as f64 / edge).min(1.0);
            let tones: f64 = if sound.vowel > 0.0 {
                let tone = |(k, gain): (usize, &f64)| gain * (TAU * (k + 1) as f64 * turns).sin();
                harmonics.iter().enumerate().map(tone).sum()
            } else {
                0.0
            };
            audio.push(fade * (sound.vowel * tones + sound.consonant * signals.gaussian().re));
        }
    }
    audio
}

/// Speech from 300 Hz to `upper_hz`, rms 0.6. `slope` multiplies the spectrum by the
/// frequency, as the pre-emphasis of voice radios does.
pub(crate) fn speech(signals: &mut Signals, n: usize, rate: f64, upper_hz: f64, slope: bool) -> Vec<f64> {
    let count = units(n, rate, SPEECH_RATE_HZ);
    let audio = voice(signals, count);
    let band = move |frequency: f64| {
        let hz = frequency.abs() * SPEECH_RATE_HZ;
        let flank = |hz: f64, width: f64| (hz / width).clamp(0.0, 1.0);
        let gain = flank(hz - 200.0, 100.0) * flank(upper_hz + 150.0 - hz, 300.0);
        if slope { gain * hz / 1_000.0 } else { gain }
    };
    let audio = interpolate_real(signals, &audio, count, band);
    let rms = (audio.iter().map(|part| part * part).sum::<f64>() / count as f64).sqrt();
    // A limiter, as in every transmitter, then the filter again.
    let limited: Vec<f64> = audio.iter().map(|part| (part / rms).tanh()).collect();
    interpolate_real(signals, &limited, n, |frequency| {
        let hz = frequency.abs() * SPEECH_RATE_HZ;
        ((upper_hz + 400.0 - hz) / 500.0).clamp(0.0, 1.0)
    })
}

/// Music up to 15 kHz with pre-emphasis of 50 µs, limited: the sum of both sides is the real part,
/// their difference the imaginary part.
pub(crate) fn music(signals: &mut Signals, n: usize, rate: f64) -> Vec<Complex32> {
    let count = units(n, rate, MUSIC_RATE_HZ);
    let mut audio = vec![[0.0; 2]; count];
    for _ in 0..8 {
        let pitch_hz = 110.0 * 2_f64.powf(choice(signals, 36) as f64 / 12.0);
        let side = signals.uniform() - 0.5;
        let (beat, phase) = (1.0 + choice(signals, 4) as f64, signals.uniform());
        for (i, audio) in audio.iter_mut().enumerate() {
            let at = i as f64 / MUSIC_RATE_HZ;
            let fade = (-4.0 * (beat * at + phase).fract()).exp();
            let wave: f64 = (1..6)
                .map(|k| (TAU * f64::from(k) * pitch_hz * at).sin() / f64::from(k))
                .sum();
            audio[0] += 0.3 * fade * wave;
            audio[1] += 0.3 * side * fade * wave;
        }
    }
    let drums = signals.noise(count, |frequency| 1.0 / (0.02 + frequency.abs()));
    let symbols = audio.iter().zip(&drums).enumerate().map(|(i, (audio, drum))| {
        let hit = 0.05 + 0.4 * (-12.0 * (2.0 * i as f64 / MUSIC_RATE_HZ).fract()).exp();
        let drum = [f64::from(drum.re), f64::from(drum.im)].map(|part| 0.15 * hit * part);
        [audio[0] + drum[0], audio[1] + 0.4 * drum[1]]
    });
    let symbols = symbols.map(|[sum, difference]| Complex32::new(single(sum.into()).re, single(difference.into()).re));
    let emphasised = interpolate(signals, symbols.collect(), count, |frequency| {
        let hz = frequency * MUSIC_RATE_HZ;
        let emphasis = (1.0 + (TAU * hz * 50e-6).powi(2)).sqrt();
        (emphasis * f64::from(u8::from(hz.abs() < 15_000.0))).into()
    });
    let rms = (emphasised.iter().map(Complex32::norm_sqr).sum::<f32>() / count as f32).sqrt();
    let limited = emphasised.iter().map(|part| {
        let [sum, difference] = [part.re, part.im].map(|part| (part / rms).tanh());
        Complex32::new(sum, difference)
    });
    interpolate(signals, limited.collect(), n, |frequency| {
        let hz = (frequency * MUSIC_RATE_HZ).abs();
        ((15_500.0 - hz) / 500.0).clamp(0.0, 1.0).into()
    })
}

/// Keying of random Morse code with rounded edges, 0 to 1. A dot is `dot_s` long.
pub(crate) fn morse(signals: &mut Signals, n: usize, rate: f64, dot_s: f64) -> Vec<f64> {
    let dot = dot_s * rate;
    let mut keying = Vec::with_capacity(n);
    while keying.len() < n {
        let on = if signals.uniform() < 0.5 { 1.0 } else { 3.0 };
        let kind = signals.uniform();
        let off = if kind < 0.65 {
            1.0
        } else if kind < 0.93 {
            3.0
        } else {
            7.0
        };
        let (on, off) = ((on * dot) as usize, (off * dot) as usize);
        let edge = 0.1 * dot;
        keying.extend((0..on).map(|i| {
            let at = (i.min(on - 1 - i) as f64 / edge).min(1.0);
            (0.25 * TAU * at).sin().powi(2)
        }));
        keying.extend((0..off).map(|_| 0.0));
    }
    keying.truncate(n);
    keying
}
