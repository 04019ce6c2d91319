//! Known signals, the same for the same seed, and their measurement.

use std::f64::consts::TAU;

use heimdall_dsp::{Hints, Recording, SegmentFeatures, Workspace};
use rustfft::FftPlanner;
use rustfft::num_complex::{Complex32, Complex64};

/// Makes signals and measures them.
pub(crate) struct Signals {
    state: u64,
    planner: FftPlanner<f32>,
    workspace: Workspace,
}

impl Signals {
    /// `seed` must not be 0.
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            state: seed,
            planner: FftPlanner::new(),
            workspace: Workspace::new(),
        }
    }

    /// Uniform from 0 to 1 (xorshift64*).
    pub(crate) fn uniform(&mut self) -> f64 {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        (self.state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Complex Gaussian number of power 1.
    pub(crate) fn gaussian(&mut self) -> Complex64 {
        let radius = (-self.uniform().max(1e-300).ln()).sqrt();
        Complex64::from_polar(radius, TAU * self.uniform())
    }

    /// Fourier transform in place, without a scale.
    pub(crate) fn transform(&mut self, samples: &mut [Complex32]) {
        self.planner.plan_fft_forward(samples.len()).process(samples);
    }

    /// Inverse Fourier transform in place, without a scale.
    pub(crate) fn inverse(&mut self, samples: &mut [Complex32]) {
        self.planner.plan_fft_inverse(samples.len()).process(samples);
    }

    /// Gaussian noise of this power density at frequencies from -0.5 to 0.5 times the rate.
    pub(crate) fn noise(&mut self, n: usize, density: impl Fn(f64) -> f64) -> Vec<Complex32> {
        let scale = 1.0 / (n as f64).sqrt();
        let mut samples: Vec<Complex32> = (0..n)
            .map(|bin| {
                let frequency = bin as f64 / n as f64;
                let frequency = frequency - f64::from(u8::from(frequency >= 0.5));
                single(self.gaussian() * (scale * density(frequency).sqrt()))
            })
            .collect();
        self.planner.plan_fft_inverse(n).process(&mut samples);
        samples
    }

    /// Gaussian noise of density 1 within a band, 0 outside. Frequencies in parts of the rate.
    pub(crate) fn band(&mut self, n: usize, centre: f64, width: f64) -> Vec<Complex32> {
        self.noise(n, |frequency| {
            f64::from(u8::from((frequency - centre).abs() < width / 2.0))
        })
    }

    /// Frequency modulation of power 1 by noise of up to 3 kHz, similar to speech. Centre, rms
    /// deviation and rate in Hz.
    pub(crate) fn speech_fm(&mut self, n: usize, centre_hz: f64, deviation_hz: f64, rate: usize) -> Vec<Complex32> {
        let audio = self.band(n, 0.0, 6_000.0 / rate as f64);
        // One component has half of the power of noise with density 1 in 6 kHz.
        let gain = deviation_hz / (3_000.0 / rate as f64).sqrt();
        let mut turns = 0.0;
        audio
            .iter()
            .map(|part| {
                turns = (turns + (centre_hz + gain * f64::from(part.re)) / rate as f64).fract();
                single(Complex64::from_polar(1.0, TAU * turns))
            })
            .collect()
    }

    /// The numbers of the first segment.
    pub(crate) fn measure(&mut self, samples: &[Complex32], rate: usize) -> SegmentFeatures {
        let mut recording = Recording::new(Hints::default().with_sample_rate_hz(rate as f64, "argument"));
        let bytes: Vec<u8> = samples
            .iter()
            .flat_map(|x| [x.re, x.im])
            .flat_map(f32::to_le_bytes)
            .collect();
        recording.push(&bytes, &mut self.workspace).expect("finite samples");
        let mut extraction = recording.finish(&mut self.workspace).expect("at least one chunk");
        extraction.segments.swap_remove(0)
    }
}

/// A tone of power 1. Frequency as a part of the rate.
pub(crate) fn tone(n: usize, frequency: f64) -> Vec<Complex32> {
    let turns = |i: usize| (frequency * i as f64).fract();
    (0..n)
        .map(|i| single(Complex64::from_polar(1.0, TAU * turns(i))))
        .collect()
}

/// Adds `other` times `gain`.
pub(crate) fn add(samples: &mut [Complex32], other: &[Complex32], gain: f64) {
    for (sample, other) in samples.iter_mut().zip(other) {
        *sample += *other * single(Complex64::from(gain)).re;
    }
}

/// Amplitude of a level in decibels.
pub(crate) fn amplitude(db: f64) -> f64 {
    10_f64.powf(db / 20.0)
}

/// Power density of AR(1) noise with this pole.
pub(crate) fn one_pole(pole: f64, frequency: f64) -> f64 {
    1.0 / (1.0 - Complex64::from_polar(pole, TAU * frequency)).norm_sqr()
}

/// Samples of an 8-bit converter. A component of power 1 / 2 has `rms_steps` of its steps as root
/// mean square.
pub(crate) fn quantised(samples: &[Complex32], rms_steps: f64) -> Vec<Complex32> {
    let step = |part: f32| {
        let steps = f64::from(part) * rms_steps * std::f64::consts::SQRT_2;
        single(Complex64::from(steps.round().clamp(-128.0, 127.0) / 128.0)).re
    };
    samples.iter().map(|x| Complex32::new(step(x.re), step(x.im))).collect()
}

/// A number in single precision.
#[expect(clippy::cast_possible_truncation, reason = "samples are stored in single precision")]
pub(crate) fn single(value: Complex64) -> Complex32 {
    Complex32::new(value.re as f32, value.im as f32)
}
