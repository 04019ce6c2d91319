//! A made-up transmission and what a receiver with a given noise makes of it.

use std::f64::consts::TAU;

use fastrand::Rng;

/// Sample rate of the made recordings: that of the network's receivers.
pub const SAMPLE_RATE_HZ: f64 = 200_000.0;
/// Samples in one made recording: one second.
pub const SAMPLES: usize = 200_000;
/// Bytes of one complex sample, two little-endian 32-bit floats.
pub const SAMPLE_BYTES: usize = 8;

/// Deviation of narrow-band FM in a 12.5 kHz channel.
const DEVIATION_HZ: f64 = 2_500.0;
/// Speech between these is what such a channel carries; with the deviation Carson's rule gives 11 kHz.
const SPEECH_HZ: std::ops::Range<f64> = 300.0..3_000.0;
/// Partial tones of the made-up speech: enough that no two chunks look alike.
const PARTIALS: usize = 24;
/// Amplitude of everything together, well inside the range of a receiver's converter.
const NOISE_AMPLITUDE: f64 = 0.01;

/// What one receiver hears.
#[derive(Debug, Clone, Copy)]
pub struct Reception {
    /// Signal power over all the noise in the band, in dB; `None`: only noise.
    pub snr_db: Option<f64>,
    /// Where the carrier lies beside the centre frequency.
    pub carrier_offset_hz: f64,
    /// Makes each receiver's noise its own.
    pub noise_seed: u64,
}

/// The recording of one receiver as `cf32_le` bytes. `speech_seed` is the transmission's: the
/// same for all receivers of a session.
#[must_use]
pub fn record(speech_seed: u64, reception: Reception) -> Vec<u8> {
    let mut noise = Rng::with_seed(reception.noise_seed);
    // Power of complex noise is twice the variance of each component.
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
            #[expect(clippy::cast_possible_truncation, reason = "cf32 is what is wanted")]
            bytes.extend_from_slice(&(component as f32).to_le_bytes());
        }
    }
    bytes
}

/// A sum of tones of random pitch and phase, rarely beyond -1 and 1.
struct Speech {
    /// A rotating phasor for each tone, and its rotation per sample.
    partials: Vec<[(f64, f64); 2]>,
}

impl Speech {
    fn new(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let partials = (0..PARTIALS)
            .map(|_| {
                let pitch_hz = SPEECH_HZ.start + (SPEECH_HZ.end - SPEECH_HZ.start) * rng.f64();
                let (sin, cos) = (TAU * rng.f64()).sin_cos();
                let (step_sin, step_cos) = (TAU * pitch_hz / SAMPLE_RATE_HZ).sin_cos();
                [(cos, sin), (step_cos, step_sin)]
            })
            .collect();
        Self { partials }
    }

    fn next_sample(&mut self) -> f64 {
        let mut sum = 0.0;
        for [phasor, step] in &mut self.partials {
            *phasor = (
                phasor.0 * step.0 - phasor.1 * step.1,
                phasor.0 * step.1 + phasor.1 * step.0,
            );
            sum += phasor.0;
        }
        // The rms of the sum is sqrt(PARTIALS / 2); a third of full deviation, as speech has.
        sum / (3.0 * (PARTIALS as f64 / 2.0).sqrt())
    }
}

/// Two independent normal numbers (Box and Muller, 1958).
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
    fn a_recording_has_the_asked_signal_to_noise_ratio_and_is_the_same_every_time() {
        let reception = |snr_db| Reception {
            snr_db,
            carrier_offset_hz: 700.0,
            noise_seed: 3,
        };
        let noise = mean_power(&record(1, reception(None)));
        let both = mean_power(&record(1, reception(Some(6.0))));
        // The mean of 200,000 exponential powers is right to 1 / sqrt(200,000) = 0.2 %; five of that.
        assert!((noise / NOISE_AMPLITUDE.powi(2) - 1.0).abs() < 0.011, "{noise}");
        let snr_db = 10.0 * ((both - noise) / noise).log10();
        assert!((snr_db - 6.0).abs() < 0.1, "{snr_db}");
        assert_eq!(record(1, reception(None)), record(1, reception(None)));
    }

    #[test]
    fn receivers_of_one_session_hear_the_same_speech_in_other_noise() {
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
