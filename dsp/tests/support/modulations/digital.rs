//! Symbols on one carrier.

use std::f64::consts::{FRAC_1_SQRT_2, TAU};

use rustfft::num_complex::{Complex32, Complex64};

use super::shaping::{
    choice, frequency_modulated, gaussian, interpolate, interpolate_real, level, raised_cosine, root_raised_cosine,
    unit_power, units,
};
use crate::signals::{Signals, single};

/// The points of a constellation.
#[derive(Clone, Copy)]
pub(crate) enum Points {
    Bpsk,
    Qpsk,
    Psk8,
    Qam16,
}

impl Points {
    fn any(self, signals: &mut Signals) -> Complex64 {
        match self {
            Self::Bpsk => level(signals, 2).into(),
            Self::Qpsk => Complex64::new(level(signals, 2), level(signals, 2)) * FRAC_1_SQRT_2,
            Self::Psk8 => Complex64::from_polar(1.0, TAU * choice(signals, 8) as f64 / 8.0),
            Self::Qam16 => Complex64::new(level(signals, 4), level(signals, 4)),
        }
    }
}

/// Symbols through a root raised cosine filter.
pub(crate) fn linear(
    signals: &mut Signals,
    (n, rate): (usize, f64),
    points: Points,
    roll_off: f64,
    symbol_rate: f64,
) -> Vec<Complex32> {
    let symbols = (0..units(n, rate, symbol_rate))
        .map(|_| single(points.any(signals)))
        .collect();
    shaped(signals, symbols, n, roll_off)
}

fn shaped(signals: &mut Signals, symbols: Vec<Complex32>, n: usize, roll_off: f64) -> Vec<Complex32> {
    unit_power(interpolate(signals, symbols, n, |frequency| {
        root_raised_cosine(roll_off, frequency).into()
    }))
}

/// Phase steps of 45 and 135 degrees, as of TETRA.
pub(crate) fn differential_qpsk(
    signals: &mut Signals,
    (n, rate): (usize, f64),
    roll_off: f64,
    symbol_rate: f64,
) -> Vec<Complex32> {
    let mut eighths = 0;
    let symbols = (0..units(n, rate, symbol_rate))
        .map(|_| {
            eighths = (eighths + 1 + 2 * choice(signals, 4)) % 8;
            single(Complex64::from_polar(1.0, TAU * eighths as f64 / 8.0))
        })
        .collect();
    shaped(signals, symbols, n, roll_off)
}

/// QPSK whose imaginary part is half a symbol later.
pub(crate) fn offset_qpsk(
    signals: &mut Signals,
    (n, rate): (usize, f64),
    roll_off: f64,
    symbol_rate: f64,
) -> Vec<Complex32> {
    let count = units(n, rate, symbol_rate);
    let mut parts = [0.0, 0.5].map(|delay| {
        let symbols: Vec<Complex32> = (0..count).map(|_| single(level(signals, 2).into())).collect();
        interpolate(signals, symbols, n, |frequency| {
            Complex64::from_polar(root_raised_cosine(roll_off, frequency), -TAU * delay * frequency)
        })
    });
    let [real, imaginary] = &mut parts;
    for (real, imaginary) in real.iter_mut().zip(imaginary) {
        real.im = imaginary.re;
    }
    unit_power(std::mem::take(real))
}

/// Frequency keying with `levels` levels. The outermost deviate by `deviation_hz`.
pub(crate) fn frequency_keying(
    signals: &mut Signals,
    (n, rate): (usize, f64),
    levels: usize,
    (symbol_rate, deviation_hz): (f64, f64),
    response: impl Fn(f64) -> f64,
) -> Vec<Complex32> {
    let symbols: Vec<f64> = (0..units(n, rate, symbol_rate))
        .map(|_| deviation_hz * level(signals, levels))
        .collect();
    let frequencies = interpolate_real(signals, &symbols, n, response);
    frequency_modulated(signals, frequencies.into_iter(), rate)
}

/// Frequency keying with a Gaussian filter. `index` is the shift in parts of the symbol rate: 0.5
/// for GMSK.
pub(crate) fn gaussian_keying(
    signals: &mut Signals,
    size: (usize, f64),
    bt: f64,
    index: f64,
    symbol_rate: f64,
) -> Vec<Complex32> {
    frequency_keying(
        signals,
        size,
        2,
        (symbol_rate, 0.5 * index * symbol_rate),
        |frequency| gaussian(bt, frequency),
    )
}

/// C4FM of P25: 4,800 symbols a second, 600 and 1,800 Hz.
pub(crate) fn c4fm(signals: &mut Signals, size: (usize, f64)) -> Vec<Complex32> {
    frequency_keying(signals, size, 4, (4_800.0, 1_800.0), |frequency| {
        let x = 0.5 * TAU * frequency.abs().clamp(1e-9, 0.6);
        raised_cosine(0.2, frequency) * x / x.sin()
    })
}

/// DMR: 4,800 symbols a second, 648 and 1,944 Hz.
pub(crate) fn dmr(signals: &mut Signals, size: (usize, f64)) -> Vec<Complex32> {
    frequency_keying(signals, size, 4, (4_800.0, 1_944.0), |frequency| {
        root_raised_cosine(0.2, frequency)
    })
}

/// DMR of one handheld: every other slot of 30 ms, of which 27.5 ms are sent.
pub(crate) fn dmr_slots(signals: &mut Signals, size: (usize, f64)) -> Vec<Complex32> {
    let mut samples = dmr(signals, size);
    let start = signals.uniform();
    for (i, sample) in samples.iter_mut().enumerate() {
        let at = 0.060 * (start + i as f64 / size.1 / 0.060).fract();
        let edge = (at / 0.0015).min((0.0275 - at) / 0.0015).clamp(0.0, 1.0);
        *sample *= single((0.25 * TAU * edge).sin().powi(2).into()).re;
    }
    samples
}
