//! Signals made in the time domain, without a Fourier transform, and their measurement.

use std::f64::consts::TAU;

use heimdall_dsp::{Extraction, Hints, Recording, SampleFormat, SegmentFeatures, Workspace};

/// Samples per second.
pub(crate) const RATE: f64 = 200_000.0;

/// Uniform and Gaussian random numbers, the same for the same seed (xorshift64*).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn uniform(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Complex Gaussian of power 1.
    pub(crate) fn noise(&mut self) -> [f64; 2] {
        let radius = (-self.uniform().max(1e-300).ln()).sqrt();
        let (sin, cos) = (TAU * self.uniform()).sin_cos();
        [radius * cos, radius * sin]
    }
}

pub(crate) type Samples = Vec<[f64; 2]>;

pub(crate) fn noise(n: usize, power: f64, random: &mut Random) -> Samples {
    let gain = power.sqrt();
    (0..n).map(|_| random.noise().map(|part| gain * part)).collect()
}

pub(crate) fn tone(n: usize, frequency_hz: f64, amplitude: f64) -> Samples {
    (0..n)
        .map(|i| {
            let (sin, cos) = (TAU * frequency_hz * i as f64 / RATE).sin_cos();
            [amplitude * cos, amplitude * sin]
        })
        .collect()
}

/// Gaussian noise of power 1, flat over 12.5 kHz around `centre_hz`: white noise through a
/// windowed-sinc low-pass (Blackman, 1,601 coefficients, so that the flanks are 0.7 kHz wide),
/// shifted in frequency.
pub(crate) fn band(n: usize, centre_hz: f64, random: &mut Random) -> Samples {
    const TAPS: usize = 1601;
    let taps: Vec<f64> = (0..TAPS)
        .map(|k| {
            let t = k as f64 - (TAPS / 2) as f64;
            let sinc = if t == 0.0 {
                1.0
            } else {
                (TAU * 6_250.0 / RATE * t).sin() / (TAU * 6_250.0 / RATE * t)
            };
            let x = TAU * (k as f64 + 0.5) / TAPS as f64;
            sinc * (0.42 - 0.5 * x.cos() + 0.08 * (2.0 * x).cos())
        })
        .collect();
    let gain = taps.iter().map(|tap| tap * tap).sum::<f64>().sqrt();
    // Only every 8th sample is not 0, which is enough for 25 kHz: the filter interpolates.
    let white: Samples = (0..n + TAPS)
        .map(|i| {
            if i % 8 == 0 {
                random.noise().map(|part| part * 8_f64.sqrt())
            } else {
                [0.0; 2]
            }
        })
        .collect();
    (0..n)
        .map(|i| {
            let mut sum = [0.0; 2];
            let start = (8 - i % 8) % 8;
            for k in (start..TAPS).step_by(8) {
                sum[0] += taps[k] * white[i + k][0];
                sum[1] += taps[k] * white[i + k][1];
            }
            let (sin, cos) = (TAU * centre_hz * i as f64 / RATE).sin_cos();
            [
                (sum[0] * cos - sum[1] * sin) / gain,
                (sum[0] * sin + sum[1] * cos) / gain,
            ]
        })
        .collect()
}

pub(crate) fn add(samples: &mut Samples, other: &Samples, gain: f64) {
    for (sample, other) in samples.iter_mut().zip(other) {
        sample[0] += gain * other[0];
        sample[1] += gain * other[1];
    }
}

pub(crate) fn extract_as(format: SampleFormat, bytes: &[u8]) -> Extraction {
    let mut workspace = Workspace::new();
    let hints = Hints::default().with_format(format, "argument");
    let mut recording = Recording::new(hints.with_sample_rate_hz(RATE, "argument"));
    recording.push(bytes, &mut workspace).expect("finite samples");
    recording.finish(&mut workspace).expect("at least one chunk")
}

pub(crate) fn extract(samples: &Samples) -> Extraction {
    let bytes: Vec<u8> = samples
        .iter()
        .flatten()
        .flat_map(|part| (*part as f32).to_le_bytes())
        .collect();
    extract_as(SampleFormat::Cf32Le, &bytes)
}

pub(crate) fn first(samples: &Samples) -> SegmentFeatures {
    extract(samples).segments.swap_remove(0)
}

/// The first segment of 8-bit codes, rounded and limited as by a converter.
pub(crate) fn as_ci8(samples: &Samples) -> SegmentFeatures {
    let code = |part: &f64| (part * 128.0).round().clamp(-128.0, 127.0) as i8;
    let bytes: Vec<u8> = samples
        .iter()
        .flatten()
        .map(|part| code(part).cast_unsigned())
        .collect();
    extract_as(SampleFormat::Ci8, &bytes).segments.swap_remove(0)
}

pub(crate) const SECOND: usize = 200_000;

pub(crate) fn near(value: f64, expected: f64, tolerance: f64, what: &str) {
    assert!(
        (value - expected).abs() <= tolerance,
        "{what} is {value}, not {expected} +- {tolerance}"
    );
}
