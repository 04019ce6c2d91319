//! A synthetic transmission, as a receiver with a given noise records it.

use std::f64::consts::TAU;

use fastrand::Rng;

/// Sample rate of the made recordings. The network's receivers use the same.
pub const SAMPLE_RATE_HZ: f64 = 200_000.0;
/// Samples in one made recording: one second.
pub const SAMPLES: usize = 200_000;
/// Bytes of one complex sample, two little-endian 32-bit floats.
pub const SAMPLE_BYTES: usize = 8;

/// Deviation of narrow-band FM in a 12.5 kHz channel.
const DEVIATION_HZ: f64 = 2_500.0;
/// Range of speech in such a channel. Carson's rule gives a bandwidth of 11 kHz.
const SPEECH_HZ: std::ops::Range<f64> = 300.0..3_000.0;
/// Tones in the made speech: enough that no two chunks are alike.
const TONES: usize = 24;
/// RMS amplitude of the complex noise. The strongest signal (24 dB) is then far below full scale.
const NOISE_AMPLITUDE: f64 = 0.01;

/// How a receiver receives the transmission.
#[derive(Debug, Clone, Copy)]
pub struct Reception {
    /// Signal power divided by the noise power in the whole band, in dB. `None` means only noise.
    pub snr_db: Option<f64>,
    /// Distance of the carrier from the centre frequency.
    pub carrier_offset_hz: f64,
    /// Seed of the receiver's noise.
    pub noise_seed: u64,
}

/// Makes the recording of one receiver as `cf32_le` bytes. All receivers of a session must use the
/// same `speech_seed`.
#[must_use]
pub fn record(speech_seed: u64, reception: Reception) -> Vec<u8> {
    let mut noise = Rng::with_seed(reception.noise_seed);
    // The power of complex noise is twice the variance of each component.
    let noise_sigma = NOISE_AMPLITUDE / 2.0_f64.sqrt();
    let amplitude = reception
        .snr_db
        .map_or(0.0, |snr_db| NOISE_AMPLITUDE * 10.0_f64.powf(snr_db / 20.0));
    let mut speech = Speech::new(speech_seed);
    let mut phase = 0.0_f64;
    let mut bytes = Vec::with_capacity(SAMPLES * SAMPLE_BYTES);
    for _ in 0..SAMPLES {
        let frequency_hz = reception.carrier_offset_hz + DEVIATION_HZ * speech.next_sample();
        phase = (phase + TAU * frequency_hz / SAMPLE_RATE_HZ) % TAU;
        let (noise_i, noise_q) = normal_pair(&mut noise);
        for component in [
            amplitude * phase.cos() + noise_sigma * noise_i,
            amplitude * phase.sin() + noise_sigma * noise_q,
        ] {
            #[expect(clippy::cast_possible_truncation, reason = "the samples are 32-bit floats")]
            bytes.extend_from_slice(&(component as f32).to_le_bytes());
        }
    }
    bytes
}

/// A sum of tones with random frequency and phase. It rarely exceeds -1 and 1.
struct Speech {
    /// For each tone a rotating phasor and its rotation per sample.
    tones: Vec<[(f64, f64); 2]>,
}

impl Speech {
    fn new(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let tones = (0..TONES)
            .map(|_| {
                let tone_hz = SPEECH_HZ.start + (SPEECH_HZ.end - SPEECH_HZ.start) * rng.f64();
                let (sin, cos) = (TAU * rng.f64()).sin_cos();
                let (step_sin, step_cos) = (TAU * tone_hz / SAMPLE_RATE_HZ).sin_cos();
                [(cos, sin), (step_cos, step_sin)]
            })
            .collect();
        Self { tones }
    }

    fn next_sample(&mut self) -> f64 {
        let mut sum = 0.0;
        for [phasor, step] in &mut self.tones {
            *phasor = (
                phasor.0 * step.0 - phasor.1 * step.1,
                phasor.0 * step.1 + phasor.1 * step.0,
            );
            sum += phasor.0;
        }
        // The RMS of the sum is sqrt(TONES / 2). Speech has a third of the full deviation.
        sum / (3.0 * (TONES as f64 / 2.0).sqrt())
    }
}

/// Two independent numbers from the standard normal distribution (Box and Muller, 1958).
fn normal_pair(rng: &mut Rng) -> (f64, f64) {
    let radius = (-2.0 * (1.0 - rng.f64()).ln()).sqrt();
    let (sin, cos) = (TAU * rng.f64()).sin_cos();
    (radius * cos, radius * sin)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean_power(bytes: &[u8]) -> f64 {
        let squares = bytes.chunks_exact(4).map(|bytes| {
            let component = f32::from_le_bytes(bytes.try_into().expect("four bytes"));
            f64::from(component).powi(2)
        });
        squares.sum::<f64>() / SAMPLES as f64
    }

    #[test]
    fn a_recording_has_the_given_snr_and_is_reproducible() {
        let reception = |snr_db| Reception {
            snr_db,
            carrier_offset_hz: 700.0,
            noise_seed: 3,
        };
        let noise = mean_power(&record(1, reception(None)));
        let both = mean_power(&record(1, reception(Some(6.0))));
        // The mean of 200,000 exponential powers has a deviation of 1 / sqrt(200,000) = 0.22 %. The
        // tolerance is five times that.
        assert!((noise / NOISE_AMPLITUDE.powi(2) - 1.0).abs() < 0.011, "{noise}");
        let snr_db = 10.0 * ((both - noise) / noise).log10();
        assert!((snr_db - 6.0).abs() < 0.1, "{snr_db}");
        assert_eq!(record(1, reception(None)), record(1, reception(None)));
    }

    #[test]
    fn receivers_of_one_session_have_the_same_speech_and_different_noise() {
        let reception = |noise_seed| Reception {
            snr_db: None,
            carrier_offset_hz: 0.0,
            noise_seed,
        };
        assert_ne!(record(1, reception(1)), record(1, reception(2)));
        let (mut one, mut other) = (Speech::new(7), Speech::new(7));
        let rms = (0..SAMPLES).map(|_| one.next_sample().powi(2)).sum::<f64>() / SAMPLES as f64;
        assert!((rms.sqrt() - 1.0 / 3.0).abs() < 0.02, "{rms}");
        assert!((0..SAMPLES).all(|_| other.next_sample().abs() < 2.0));
    }
}
