//! Noise alone, as receivers deliver it: no signal is in it.

use std::f64::consts::TAU;

use rustfft::num_complex::{Complex32, Complex64};

use super::shaping::choice;
use crate::signals::{Signals, amplitude, one_pole, single};

/// Power of white noise, dBFS: a click 60 dB above it is within full scale.
const NOISE_DBFS: f64 = -70.0;

/// What happens to the noise after its spectrum is shaped.
#[derive(Clone, Copy)]
pub(crate) enum Then {
    Nothing,
    /// Rounding to this many bits, with this root mean square of a component in steps.
    Quantise {
        bits: i32,
        rms_steps: f64,
    },
    /// A constant, this much above the noise in a bin of 5 Hz.
    Offset {
        db: f64,
    },
    /// Impulses of a few samples, this many a second, with this peak above the noise.
    Clicks {
        per_second: f64,
        db: f64,
    },
}

/// A kind of noise.
#[derive(Clone, Copy)]
pub(crate) struct Noise {
    pub name: &'static str,
    pub rates: &'static [f64],
    density: fn(f64) -> f64,
    then: Then,
}

const fn noise(name: &'static str, rates: &'static [f64], density: fn(f64) -> f64) -> Noise {
    Noise {
        name,
        rates,
        density,
        then: Then::Nothing,
    }
}

const fn then(then: Then, noise: Noise) -> Noise {
    Noise { then, ..noise }
}

const ALL: &[f64] = &[8e3, 12e3, 12_005.0, 20_250.0, 48e3, 200e3, 2e6];
const RATES: &[f64] = &[8e3, 48e3, 200e3, 1e6];
const LOW: &[f64] = &[12e3, 48e3, 200e3];
const RTL: &[f64] = &[250e3, 1.024e6, 2.4e6];
const KIWI: &[f64] = &[12e3, 12_001.0, 20_250.0];

const fn int8(rms_steps: f64) -> Then {
    Then::Quantise { bits: 8, rms_steps }
}

const INT16: Then = Then::Quantise {
    bits: 16,
    rms_steps: 30.0,
};
const FENCE: Then = Then::Clicks {
    per_second: 1.0,
    db: 60.0,
};
const MAINS: Then = Then::Clicks {
    per_second: 100.0,
    db: 30.0,
};

/// Every kind of noise.
pub(crate) const TABLE: &[Noise] = &[
    noise("white", ALL, |_| 1.0),
    noise("one pole, 0.06", RATES, |f| one_pole(0.06, f)),
    noise("one pole, 0.1", RATES, |f| one_pole(0.1, f)),
    noise("one pole, 0.3", RATES, |f| one_pole(0.3, f)),
    noise("one pole, -0.5", RATES, |f| one_pole(-0.5, f)),
    noise("one pole, 0.6", RATES, |f| one_pole(0.6, f)),
    noise("one pole, 0.6 at a fifth", RATES, |f| one_pole(0.6, f - 0.2)),
    noise("two poles, 0.33", RATES, |f| one_pole(0.33, f).powi(2)),
    noise("two poles, 0.7 and -0.7", RATES, |f| {
        one_pole(0.7, f) * one_pole(-0.7, f)
    }),
    noise("two poles, 0.5 at a fifth", RATES, |f| {
        one_pole(0.5, f - 0.2) * one_pole(0.5, f + 0.2)
    }),
    noise("slope of 6 dB", LOW, |f| 10_f64.powf(0.6 * f)),
    noise("CIC1", LOW, |f| cascaded(1, f)),
    noise("CIC2", LOW, |f| cascaded(2, f)),
    noise("CIC3", LOW, |f| cascaded(3, f)),
    noise("CIC4", LOW, |f| cascaded(4, f)),
    noise("CIC5", LOW, |f| cascaded(5, f)),
    noise("half-band, 7 taps", RATES, |f| half_band(&[9.0, 0.0, -1.0], 16.0, f)),
    noise("half-band, 11 taps", RATES, |f| {
        half_band(&[150.0, 0.0, -25.0, 0.0, 3.0], 256.0, f)
    }),
    noise("FIR, 9 taps", LOW, nine_taps),
    noise("pass-band 80 %, steep", LOW, |f| pass_band(0.8, 0.01, 1e-6, f)),
    noise("pass-band 60 %, soft", LOW, |f| pass_band(0.6, 0.1, 1e-6, f)),
    then(int8(6.0), noise("RTL", RTL, rtl)),
    then(Then::Offset { db: 25.0 }, noise("RTL, DC 25 dB", RTL, rtl)),
    then(Then::Offset { db: 50.0 }, noise("RTL, DC 50 dB", RTL, rtl)),
    then(INT16, noise("Kiwi", KIWI, |f| pass_band(0.83, 0.02, 1e-6, f))),
    noise("Kiwi, zeros", KIWI, |f| pass_band(0.83, 0.02, 0.0, f)),
    then(FENCE, noise("electric fence, 60 dB", LOW, |_| 1.0)),
    then(
        FENCE,
        noise("electric fence, Kiwi", KIWI, |f| pass_band(0.83, 0.02, 1e-6, f)),
    ),
    then(MAINS, noise("mains clicks, 30 dB", LOW, |_| 1.0)),
    then(int8(20.0), noise("int8, rms 20 steps", LOW, |_| 1.0)),
    then(int8(0.5), noise("int8, rms 0.5 steps", LOW, |_| 1.0)),
    then(int8(0.3), noise("int8, rms 0.3 steps", LOW, |_| 1.0)),
];

impl Noise {
    /// A recording of `n` samples.
    pub(crate) fn samples(&self, signals: &mut Signals, n: usize, rate: f64) -> Vec<Complex32> {
        let noise = amplitude(NOISE_DBFS);
        let mut samples = signals.noise(n, |frequency| noise.powi(2) * (self.density)(frequency));
        match self.then {
            Then::Nothing => {}
            Then::Quantise { bits, rms_steps } => quantise(&mut samples, bits, rms_steps),
            Then::Offset { db } => {
                let phase = Complex64::from_polar(noise * amplitude(db) / (0.2 * rate).sqrt(), 1.0);
                for sample in &mut samples {
                    *sample += single(phase);
                }
            }
            Then::Clicks { per_second, db } => clicks(signals, &mut samples, rate / per_second, noise * amplitude(db)),
        }
        samples
    }
}

fn quantise(samples: &mut [Complex32], bits: i32, rms_steps: f64) {
    let half = 2_f64.powi(bits - 1);
    let power = samples.iter().map(|x| f64::from(x.norm_sqr())).sum::<f64>() / samples.len() as f64;
    let gain = rms_steps / (0.5 * power).sqrt();
    let round = |part: f32| ((f64::from(part) * gain).round().clamp(-half, half - 1.0) / half).into();
    for sample in samples {
        *sample = Complex32::new(single(round(sample.re)).re, single(round(sample.im)).re);
    }
}

/// Band-limited impulses at about equal distances.
fn clicks(signals: &mut Signals, samples: &mut [Complex32], distance: f64, peak: f64) {
    let n = samples.len();
    let start = signals.uniform();
    let count = (n as f64 / distance).round() as usize;
    for number in 0..count.max(1) {
        let jitter = 0.02 * signals.uniform();
        let place = ((number as f64 + start + jitter) * distance) as usize % n;
        let phase = Complex64::from_polar(peak, TAU * signals.uniform());
        let fraction = signals.uniform() - 0.5;
        let length = 3 + choice(signals, 3);
        let first = place.saturating_sub(length);
        for (i, sample) in samples[first..(place + length).min(n)].iter_mut().enumerate() {
            let t = (first + i) as f64 - place as f64 - fraction;
            let x = 0.5 * TAU * 0.83 * t;
            let sinc = if x.abs() < 1e-6 { 1.0 } else { x.sin() / x };
            let fade = (0.25 * TAU * (t / (length as f64 + 0.5)).clamp(-1.0, 1.0)).cos();
            *sample += single(phase * sinc * fade);
        }
    }
}

/// A decimator of this many integrators and combs by a large factor, without compensation.
fn cascaded(stages: i32, frequency: f64) -> f64 {
    (-20..=20)
        .map(|alias| {
            let x = 0.5 * TAU * (frequency + f64::from(alias)).abs().max(1e-9);
            (x.sin() / x).powi(2 * stages)
        })
        .sum()
}

/// A half-band filter and a decimator by two. `taps` are those on one side of the middle one.
fn half_band(taps: &[f64], middle: f64, frequency: f64) -> f64 {
    let sum = middle + 2.0 * taps.iter().sum::<f64>();
    let response = |frequency: f64| {
        let sides = taps.iter().enumerate().map(|(i, tap)| {
            let turns = (i + 1) as f64 * frequency;
            2.0 * tap * (TAU * turns).cos()
        });
        (middle + sides.sum::<f64>()) / sum
    };
    response(0.5 * frequency).powi(2) + response(0.5 * frequency + 0.5).powi(2)
}

/// A low-pass of nine coefficients (Hamming) up to 0.35 times the rate.
fn nine_taps(frequency: f64) -> f64 {
    let taps = (-4..=4).map(|k: i32| {
        let t = f64::from(k);
        let x = TAU * 0.35 * t;
        let sinc = if k == 0 { 1.0 } else { x.sin() / x };
        0.7 * sinc * (0.54 + 0.46 * (TAU * t / 8.0).cos()) * (TAU * t * frequency).cos()
    });
    taps.sum::<f64>().powi(2)
}

/// Flat over this part of the band, then a slope of this width on either side down to `floor`.
fn pass_band(flat: f64, slope: f64, floor: f64, frequency: f64) -> f64 {
    let beyond = ((frequency.abs() - flat / 2.0) / slope).clamp(0.0, 1.0);
    if beyond >= 1.0 {
        return floor;
    }
    floor + (0.25 * TAU * beyond).cos().powi(2)
}

/// Flat over 80 %, soft ends 10 dB lower, 1 dB more at one end.
fn rtl(frequency: f64) -> f64 {
    10_f64.powf(0.1 * frequency) * pass_band(0.8, 0.13, 0.05, frequency)
}
