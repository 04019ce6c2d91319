//! Compares double precision with the reference, single precision with double precision, and whole
//! recordings with double precision, for signals of every kind, length and amplitude.

use rustfft::num_complex::Complex32;

use super::Recording;
use crate::chunk::Workspace;
use crate::chunk::double_precision::DoublePrecision;
use crate::chunk::single_precision::{Precision, SinglePrecision};
use crate::detector::SegmentDetector;
use crate::estimators::envelope::ClippingLevels;
use crate::features::Features;
use crate::format::SampleFormat;
use crate::input::Hints;
use crate::test_signals::{KINDS, Random, signal};
use crate::timeline::CHUNKS_PER_SEGMENT;

/// Any levels: these tests do not look at clipping.
const CLIPPING: ClippingLevels = ClippingLevels {
    low: -1.0,
    high: 1.0,
    at_ends: [true; 2],
};

fn tolerance(feature: &str, reference: f64, bin_hz: f64, rate: f64) -> f64 {
    match feature {
        "rssi_dbm" | "snr_db" | "noise_floor_dbm" | "psd_dbm_per_hz" | "peak_to_avg_ratio_db" => 1e-3,
        "frequency_offset_hz" | "bandwidth_hz" | "zero_crossing_rate" => 1e-9 * reference.abs(),
        "spectral_rolloff_hz" => 2.001 * bin_hz,
        "spectral_centroid_hz" => 1e-4 * reference.abs() + 1e-12 * rate,
        _ => 1e-4 * reference.abs(),
    }
}

fn compare(single: &Features<f64>, double: &Features<f64>, bin_hz: f64, rate: f64, what: &str) {
    for ((name, ours), (_, reference)) in single.iter().zip(double.iter()) {
        let allowed = tolerance(name, *reference, bin_hz, rate);
        assert!(
            (ours - reference).abs() <= allowed,
            "{what}: {name} is {ours}, in double precision {reference}"
        );
    }
}

#[test]
fn single_precision_is_within_the_tolerances_or_reports_insufficient_precision() {
    let mut random = Random(7);
    let (mut all, mut insufficient) = (0, 0);
    for (n, rounds) in [
        (1600, 24),
        (1601, 16),
        (2400, 24),
        (9600, 16),
        (10_000, 8),
        (38_400, 8),
        (40_000, 16),
        (40_009, 8),
        (409_600, 1),
    ] {
        let mut single = SinglePrecision::new(n);
        let mut double = DoublePrecision::new(n);
        for round in 0..rounds {
            for kind in 0..KINDS {
                let amplitude = 10_f64.powf(9.0 * random.uniform() - 6.0);
                let snr_db = 100.0 * random.uniform() - 10.0;
                let samples = signal(kind, n, amplitude, snr_db, &mut random);
                let rate = 5.0 * n as f64;
                let what = format!("n {n}, kind {kind}, round {round}, {amplitude:e}, {snr_db} dB");
                let chunk = single.measure(&samples, 1.0, 0.0, rate, CLIPPING, &mut SegmentDetector::default());
                let reference = double.features(&samples, 1.0, rate);
                all += 1;
                match chunk.features {
                    Precision::Sufficient(features) => compare(&features, &reference, 5.0, rate, &what),
                    Precision::CentroidInsufficient(features) => {
                        let spectral_centroid_hz = double.centroid_hz(&samples, 1.0, rate);
                        let features = Features {
                            spectral_centroid_hz,
                            ..features
                        };
                        compare(&features, &reference, 5.0, rate, &what);
                    }
                    Precision::Insufficient if snr_db < 35.0 && kind != 5 && kind != 10 => insufficient += 1,
                    Precision::Insufficient => {}
                }
            }
        }
    }
    // Single precision may be insufficient above 35 dB; for real-valued signals, which have two
    // equal peaks and a centroid of zero; and for whole numbers, which may be a pure tone.
    assert!(insufficient * 50 < all, "{insufficient} of {all} insufficient");
}

/// A click in noise flattens the spectrum. The higher the click, the closer the SNR is to 0 dB, and
/// the larger the part of rounding errors in it.
#[test]
fn an_snr_close_to_0_db_has_a_small_relative_error() {
    let mut random = Random(3);
    for n in [1600, 1601, 40_000] {
        let (mut single, mut double) = (SinglePrecision::new(n), DoublePrecision::new(n));
        for round in 0..60 {
            let mut samples = signal(7, n, 1.0, 0.0, &mut random);
            let click = 10_f64.powf(0.05 * f64::from(round)) * (n as f64).sqrt();
            samples[n / 3] += Complex32::new(click as f32, 0.0);
            let rate = 5.0 * n as f64;
            let chunk = single.measure(&samples, 1.0, 0.0, rate, CLIPPING, &mut SegmentDetector::default());
            if let Precision::Sufficient(features) = chunk.features {
                let reference = double.features(&samples, 1.0, rate);
                compare(&features, &reference, 5.0, rate, &format!("n {n}, click {click}"));
            }
        }
    }
}

#[test]
fn double_precision_agrees_with_the_reference() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut cases = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        cases += 1;
        let expected: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let rate = expected["sample_rate_hz"].as_f64().unwrap();
        #[expect(clippy::cast_sign_loss, reason = "a sample rate")]
        let n = (0.2 * rate) as usize;
        let mut samples = Vec::new();
        SampleFormat::Cf32Le.decode(&std::fs::read(path.with_extension("cf32")).unwrap(), &mut samples);
        let mut double = DoublePrecision::new(n);
        let chunks: Vec<_> = samples
            .chunks_exact(n)
            .map(|chunk| double.features(chunk, 1.0, rate))
            .collect();
        let segments = expected["segments"].as_array().unwrap();
        for (chunks, expected) in chunks.chunks(CHUNKS_PER_SEGMENT).zip(segments) {
            for (name, statistics) in Features::over(chunks).iter() {
                for (which, ours) in [
                    ("mean", statistics.mean),
                    ("min", statistics.min),
                    ("max", statistics.max),
                ] {
                    let reference = expected[name][which].as_f64().unwrap();
                    // Only the rounding of double precision, relative to the rate where the value
                    // is 0.
                    let allowed = 1e-8 * reference.abs() + 1e-11 * rate;
                    let what = format!("{}: {name}.{which}", path.display());
                    assert!((ours - reference).abs() <= allowed, "{what} is {ours}, not {reference}");
                }
            }
        }
    }
    assert_eq!(cases, 8);
}

#[test]
fn a_recording_of_any_signal_has_the_numbers_of_double_precision() {
    let mut random = Random(11);
    let mut workspace = Workspace::new();
    // Chunks of 200 to 4,000,000 samples: among them 1,601 and 40,009 (primes) and 4,050 (half of
    // it is odd).
    for (n, segments) in [
        (200, 48),
        (1600, 24),
        (1601, 24),
        (2400, 24),
        (4050, 12),
        (9600, 12),
        (40_009, 12),
        (400_000, 2),
    ]
    .into_iter()
    .chain([(4_000_000, 1)])
    {
        let rate = 5.0 * n as f64;
        let mut double = DoublePrecision::new(n);
        for kind in 0..segments {
            let chunks = if n > 100_000 { 1 } else { 2 };
            let amplitude = 10_f64.powf(9.0 * random.uniform() - 6.0);
            let snr_db = 100.0 * random.uniform() - 10.0;
            let samples: Vec<_> = (0..chunks)
                .flat_map(|_| signal(kind + n / 1000, n, amplitude, snr_db, &mut random))
                .collect();
            let bytes: Vec<u8> = samples
                .iter()
                .flat_map(|x| [x.re, x.im])
                .flat_map(f32::to_le_bytes)
                .collect();
            let mut recording = Recording::new(Hints::default().with_sample_rate_hz(rate, "argument"));
            for piece in bytes.chunks(65_535) {
                recording.push(piece, &mut workspace).unwrap();
            }
            let extraction = recording.finish(&mut workspace).unwrap();
            let reference: Vec<_> = samples
                .chunks_exact(n)
                .map(|chunk| double.features(chunk, 1.0, rate))
                .collect();
            let reference = Features::over(&reference);
            for ((name, ours), (_, expected)) in extraction.segments[0].features.iter().zip(reference.iter()) {
                for (ours, expected) in [(ours.min, expected.min), (ours.max, expected.max)] {
                    let allowed = tolerance(name, expected, 5.0, rate);
                    assert!(
                        (ours - expected).abs() <= allowed,
                        "n {n}, kind {kind}, {amplitude:e}, {snr_db} dB: {name} is {ours}, in double precision {expected}"
                    );
                }
            }
        }
    }
}
