//! Clicks, clipping and imbalance: faults that look like signals, and signals that look like
//! faults.

#![expect(clippy::float_cmp, reason = "counts over counts are exact")]

mod clipping_and_imbalance;
mod drifting_offset;
#[path = "../support/modulations/mod.rs"]
#[allow(
    dead_code,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "other programs use the rest, and the numbers of samples are small"
)]
mod modulations;
#[path = "../support/signals.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod signals;

use std::f64::consts::TAU;

use heimdall_dsp::{Hints, Recording, SampleFormat, SegmentFeatures, Warning, Workspace};
use modulations::noises::TABLE;
use modulations::{chunk_samples, named, place};
use rustfft::num_complex::{Complex32, Complex64};
use signals::{Signals, single};

/// The first segment of samples in a format: codes are rounded and limited.
fn first(samples: &[Complex32], rate: f64, format: SampleFormat) -> SegmentFeatures {
    let parts = samples.iter().flat_map(|x| [x.re, x.im]);
    #[expect(clippy::cast_possible_truncation, reason = "conversions of floats saturate")]
    let bytes: Vec<u8> = match format {
        SampleFormat::Ci8 => parts
            .map(|part| ((part * 128.0).round() as i8).cast_unsigned())
            .collect(),
        SampleFormat::Ci16Le => parts
            .flat_map(|part| ((part * 32_768.0).round() as i16).to_le_bytes())
            .collect(),
        _ => parts.flat_map(f32::to_le_bytes).collect(),
    };
    let hints = Hints::default().with_format(format, "argument");
    let mut workspace = Workspace::new();
    let mut recording = Recording::new(hints.with_sample_rate_hz(rate, "argument"));
    recording.push(&bytes, &mut workspace).expect("finite samples");
    let mut extraction = recording.finish(&mut workspace).expect("at least one chunk");
    extraction.segments.swap_remove(0)
}

fn measured(samples: &[Complex32], rate: f64) -> SegmentFeatures {
    first(samples, rate, SampleFormat::Cf32Le)
}

fn mean(segment: &SegmentFeatures, name: &str) -> f64 {
    let mut numbers = segment.extended.numbers.iter();
    let number = numbers
        .find(|(other, _)| *other == name)
        .and_then(|(_, value)| value.as_ref());
    number.map_or(f64::NAN, |statistics| statistics.mean)
}

fn assert_near(value: f64, expected: f64, tolerance: f64, what: &str) {
    assert!(
        (value - expected).abs() <= tolerance,
        "{what} is {value}, not {expected} +- {tolerance}"
    );
}

/// One second of noise with clicks, as the table of noises has it. -70 dBFS without clicks.
fn noise_with_clicks(name: &str, rate: f64, seed: u64) -> SegmentFeatures {
    let noise = TABLE.iter().find(|noise| noise.name == name).expect("a kind of noise");
    // Small seeds begin with small numbers.
    let mut signals = Signals::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let samples = noise.samples(&mut signals, 5 * chunk_samples(rate), rate);
    measured(&samples, rate)
}

#[test]
fn clicks_are_counted_and_are_neither_a_signal_nor_an_imbalance_nor_an_offset() {
    for (name, rate, per_second, level_db) in [
        ("electric fence, 60 dB", 12e3, 1.0, 60.0),
        ("electric fence, 60 dB", 200e3, 1.0, 60.0),
        ("electric fence, Kiwi", 12e3, 1.0, 60.0),
        ("mains clicks, 30 dB", 12e3, 100.0, 30.0),
        ("mains clicks, 30 dB", 48e3, 100.0, 30.0),
    ] {
        for seed in 1..=10 {
            let segment = noise_with_clicks(name, rate, seed);
            let quality = &segment.quality;
            let what = format!("{name} at {rate}, seed {seed}: {quality:?}");
            assert_eq!(segment.extended.detection_rate, 0.0, "{what}");
            let others = quality
                .warnings
                .iter()
                .filter(|word| **word != Warning::PresenceUndecidable);
            assert_eq!(others.collect::<Vec<_>>(), [&Warning::Impulses], "{what}");
            assert_near(quality.impulses_per_second, per_second, 0.03 * per_second, &what);
            assert_near(quality.impulse_level_db.expect("clicks"), level_db, 3.0, &what);
            let pass_band = if name.ends_with("Kiwi") { 0.85 } else { 1.0 };
            // A Kiwi's pass-band may be a signal: then its level is a bound.
            let density = match segment.extended.bounds {
                Some(bounds) => bounds.noise_density_at_most_dbfs_hz,
                None => mean(&segment, "noise_density_dbfs_hz"),
            };
            let density = density + 10.0 * rate.log10();
            assert_near(density, -70.0, 0.5 + 1.0 - pass_band, &what);
            assert_eq!(mean(&segment, "duty_cycle"), 0.0, "{what}");
            assert!(quality.iq_gain_imbalance_db.is_none_or(|db| db.abs() < 1.0), "{what}");
        }
    }
}

/// Adds a click every `distance` samples: the impulse response of a filter of 80 % of the band.
fn add_clicks(samples: &mut [Complex32], distance: usize, peak: f64) {
    for at in (distance / 2..samples.len()).step_by(distance) {
        let phase = Complex64::from_polar(peak, at as f64);
        for step in -8..=8_i32 {
            let x = 0.5 * TAU * 0.8 * (f64::from(step) + 0.2);
            let fade = (0.25 * TAU * f64::from(step) / 9.0).cos();
            let place = at.wrapping_add_signed(step as isize);
            if let Some(sample) = samples.get_mut(place) {
                *sample += single(phase * (x.sin() / x * fade));
            }
        }
    }
}

#[test]
fn clicks_do_not_change_the_numbers_of_a_signal() {
    for (name, rate, distance) in [("NFM FSK9600", 48e3, 4_800), ("AM tone 1 kHz", 12e3, 1_200)] {
        let (mut samples, truth) = place(named(name), (rate, 5), 0.2 * rate, 15.0, 7);
        let before = measured(&samples, rate);
        assert_eq!(before.quality.impulses_per_second, 0.0);
        let power = samples.iter().map(|x| f64::from(x.norm_sqr())).sum::<f64>() / samples.len() as f64;
        add_clicks(&mut samples, distance, (1e4 * power).sqrt());
        let after = measured(&samples, rate);
        assert_near(after.quality.impulses_per_second, 10.0, 0.0, name);
        assert_near(after.quality.impulse_level_db.expect("clicks"), 39.0, 3.0, name);
        assert_eq!(after.extended.detection_rate, 1.0, "{name}");
        assert_near(mean(&after, "snr_unbiased_db"), truth.snr_db, 1.0, name);
        for (number, tolerance) in [
            ("noise_density_dbfs_hz", 1.0),
            ("carrier_offset_hz", 0.01 * rate),
            ("occupied_lower_edge_hz", 0.01 * rate),
            ("duty_cycle", 0.0),
        ] {
            assert_near(mean(&after, number), mean(&before, number), tolerance, number);
        }
        // The reference features are with clicks.
        assert!(after.features.rssi_dbm.mean > before.features.rssi_dbm.mean + 1.0);
    }
}

/// Noise of power 1e-6, and pulses of power 1 at these places in seconds.
fn pulses(rate: f64, starts: impl Iterator<Item = f64>, length_s: f64, seed: u64) -> Vec<Complex32> {
    let mut signals = Signals::new(seed);
    let n = 2 * chunk_samples(rate);
    let mut samples: Vec<_> = (0..n).map(|_| single(signals.gaussian() * 1e-3)).collect();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "places in a recording"
    )]
    let index = |seconds: f64| ((seconds * rate) as usize).min(n);
    for start in starts {
        for sample in &mut samples[index(start)..index(start + length_s)] {
            *sample += single(Complex64::from_polar(1.0, start));
        }
    }
    samples
}

#[test]
fn short_pulses_of_transmitters_are_no_clicks() {
    // Pulse position modulation of a transponder, 120 µs of half microseconds.
    let squitters = |burst: i32| (0..60).map(move |bit| f64::from(burst) * 0.09 + 0.01 + f64::from(bit) * 2e-6);
    for rate in [2e6, 2.4e6, 4e6] {
        let samples = pulses(rate, (0..4).flat_map(squitters), 0.5e-6, 11);
        let segment = measured(&samples, rate);
        assert_eq!(segment.quality.impulses_per_second, 0.0, "squitters at {rate}");
        assert_eq!(segment.extended.detection_rate, 1.0, "squitters at {rate}");
    }
    // On-off keying of a remote control, and a radar.
    let keying = |bit: i32| 0.05 + f64::from(bit) * 1e-3;
    let radar = |pulse: i32| 0.001 + f64::from(pulse) * 1e-3;
    for (samples, rate, what) in [
        (pulses(250e3, (0..50).map(keying), 300e-6, 12), 250e3, "keying"),
        (pulses(10e6, (0..350).map(radar), 2e-6, 13), 10e6, "radar"),
    ] {
        let segment = measured(&samples, rate);
        assert_eq!(segment.quality.impulses_per_second, 0.0, "{what}");
        assert!(segment.extended.detection_rate > 0.0, "{what}");
    }
    for (name, rate) in [("CW", 12e3), ("SSB upper", 12e3), ("AIS", 48e3), ("DMR slots", 25e3)] {
        for seed in 1..=3 {
            let (samples, _) = place(named(name), (rate, 5), 0.1 * rate, 20.0, seed);
            let segment = measured(&samples, rate);
            assert_eq!(segment.quality.impulses_per_second, 0.0, "{name}");
            assert!(segment.extended.detection_rate > 0.0, "{name}");
        }
    }
}
