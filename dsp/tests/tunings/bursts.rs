//! Bursts with hard edges, as many transmitters and simulations have them.

use rustfft::num_complex::Complex32;

use crate::measured;
use crate::modulations::{Scene, named};
use crate::signals::Signals;

/// Switches a modulation on for a part of each period, without a slope, in noise of -60 dBFS. Returns
/// the numbers, and the SNR in dB.
#[expect(clippy::cast_possible_truncation, reason = "amplitudes of samples")]
fn switched(name: &str, rate: f64, period_s: f64, on: f64, snr_db: f64) -> (heimdall_dsp::SegmentFeatures, f64) {
    let mut samples = Vec::new();
    // Far above the noise, which is replaced.
    Scene::new(named(name), rate, 5, 0.1 * rate, 9).mix(120.0, &mut samples);
    for (at, sample) in samples.iter_mut().enumerate() {
        if (at as f64 / rate / period_s).fract() > on {
            *sample = Complex32::default();
        }
    }
    let power = samples.iter().map(|x| f64::from(x.norm_sqr())).sum::<f64>() / samples.len() as f64;
    let gain = (1e-6 * 10_f64.powf(0.1 * snr_db) / power).sqrt() as f32;
    let noise = Signals::new(10).noise(samples.len(), |_| 1e-6);
    for (sample, noise) in samples.iter_mut().zip(noise) {
        *sample = *sample * gain + noise;
    }
    (measured(&samples, rate), snr_db)
}

#[test]
fn hard_edges_of_bursts_are_no_noise() {
    let mut known = 0;
    for (name, rate, period_s, on) in [
        ("OFDM 30 %", 200e3, 0.01, 0.1),
        ("OFDM 10 %", 2.4e6, 0.01, 0.1),
        ("TETRA", 250e3, 0.0567, 0.25),
        ("carrier", 200e3, 0.002, 0.3),
        ("spread, flat", 1e6, 0.05, 0.1),
    ] {
        for snr_db in [20.0, 35.0] {
            let (segment, right_db) = switched(name, rate, period_s, on, snr_db);
            let numbers = &segment.extended.numbers;
            let what = format!("{name}, {snr_db} dB");
            assert!((segment.extended.detection_rate - 1.0).abs() < 1e-9, "{what}");
            // Unknown is right too: the edges are in the whole band.
            if let Some(snr) = numbers.snr_unbiased_db {
                known += 1;
                assert!((snr.mean - right_db).abs() < 1.0, "{what}: {snr:?}");
            }
            if let Some(density) = numbers.noise_density_dbfs_hz {
                let right = -60.0 - 10.0 * rate.log10();
                assert!((density.mean - right).abs() < 1.0, "{what}: {density:?}");
            }
        }
    }
    // Edges that are short show the noise between them.
    assert!(known >= 3, "{known}");
}
