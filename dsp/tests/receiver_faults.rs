//! Clicks, clipping and imbalance: faults that look like signals, and signals that look like faults.

#![expect(clippy::float_cmp, reason = "counts over counts are exact")]

#[path = "support/modulations/mod.rs"]
#[allow(
    dead_code,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "other programs use the rest, and the numbers of samples are small"
)]
mod modulations;
#[path = "support/signals.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod signals;

use std::f64::consts::TAU;

use heimdall_dsp::{Hints, Recording, SampleFormat, SegmentFeatures, Warning, Workspace};
use modulations::noises::TABLE;
use modulations::{chunk_samples, named, place};
use rustfft::num_complex::{Complex32, Complex64};
use signals::{Signals, add, amplitude, single};

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
            assert_eq!(segment.signal_present.max, 0.0, "{what}");
            let others = quality
                .warnings
                .iter()
                .filter(|word| **word != Warning::PresenceUndecidable);
            assert_eq!(others.collect::<Vec<_>>(), [&Warning::Impulses], "{what}");
            assert_near(quality.impulses_per_second, per_second, 0.03 * per_second, &what);
            assert_near(quality.impulse_level_db.expect("clicks"), level_db, 3.0, &what);
            let pass_band = if name.ends_with("Kiwi") { 0.85 } else { 1.0 };
            let density = mean(&segment, "noise_density_dbfs_hz") + 10.0 * rate.log10();
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
        assert_eq!(after.signal_present.min, 1.0, "{name}");
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
        assert_eq!(segment.signal_present.min, 1.0, "squitters at {rate}");
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
        assert_eq!(segment.signal_present.max, 1.0, "{what}");
    }
    for (name, rate) in [("CW", 12e3), ("SSB upper", 12e3), ("AIS", 48e3), ("DMR slots", 25e3)] {
        for seed in 1..=3 {
            let (samples, _) = place(named(name), (rate, 5), 0.1 * rate, 20.0, seed);
            let segment = measured(&samples, rate);
            assert_eq!(segment.quality.impulses_per_second, 0.0, "{name}");
            assert_eq!(segment.signal_present.max, 1.0, "{name}");
        }
    }
}

/// A second of frequency modulation at 200 kHz with a constant envelope, and noise.
fn constant_envelope(peak: f64, noise: f64) -> Vec<Complex32> {
    let mut signals = Signals::new(21);
    let mut samples = signals.speech_fm(200_000, 7_000.0, 3_000.0, 200_000);
    for sample in &mut samples {
        *sample = single(Complex64::new(sample.re.into(), sample.im.into()) * peak + signals.gaussian() * noise);
    }
    samples
}

#[test]
fn reaching_full_scale_is_not_clipping() {
    // Up to 127.4 of 127 codes: the last one is in use, and nothing is cut off.
    for (format, peaks) in [
        (SampleFormat::Ci8, [126.6, 127.0, 127.4]),
        (SampleFormat::Ci16Le, [127.99, 127.996, 127.998]),
    ] {
        for peak in peaks {
            let quality = first(&constant_envelope(peak / 128.0, 0.0), 200e3, format).quality;
            assert_eq!(quality.clipped_fraction, 0.0, "{peak} in {format}");
            assert!(!quality.warnings.contains(&Warning::Clipping), "{peak} in {format}");
        }
    }
}

#[test]
fn a_cut_off_at_any_rail_is_clipping() {
    let expected = |samples: &[Complex32], low: f32, high: f32| {
        let parts = samples.iter().flat_map(|x| [x.re, x.im]);
        parts.filter(|part| *part >= high || *part <= low).count() as f64 / (2.0 * samples.len() as f64)
    };
    let gaussian = |power: f64| constant_envelope(0.0, power.sqrt());
    let limited = |samples: Vec<Complex32>, low: f32, high: f32| -> Vec<Complex32> {
        let limit = |x: Complex32| Complex32::new(x.re.clamp(low, high), x.im.clamp(low, high));
        samples.into_iter().map(limit).collect()
    };
    let coarse = |samples: Vec<Complex32>| -> Vec<Complex32> {
        let code = |part: f32| (part * 2048.0).round().clamp(-2048.0, 2047.0) / 2048.0;
        samples
            .into_iter()
            .map(|x| Complex32::new(code(x.re), code(x.im)))
            .collect()
    };
    let ends = (-127.5 / 128.0, 126.5 / 128.0);
    for (samples, format, (low, high), what) in [
        (
            constant_envelope(1.1, 0.0),
            SampleFormat::Ci8,
            ends,
            "8-bit FM, 10 % too strong",
        ),
        (
            constant_envelope(1.1, 0.03),
            SampleFormat::Ci16Le,
            (-1.0, 0.999_96),
            "16-bit FM, 10 % too strong",
        ),
        (
            coarse(gaussian(0.2)),
            SampleFormat::Ci16Le,
            (-1.0, 0.999_5),
            "12-bit converter in 16 bits",
        ),
        (
            limited(gaussian(0.1), -2.0, 0.5),
            SampleFormat::Ci16Le,
            (-9.0, 0.499_9),
            "one rail in 16 bits",
        ),
        (
            limited(gaussian(0.1), -0.5, 2.0),
            SampleFormat::Cf32Le,
            (-0.5, 9.0),
            "one rail in floats",
        ),
        (
            gaussian(0.145),
            SampleFormat::Ci8,
            ends,
            "noise of which 0.02 % is clipped",
        ),
    ] {
        let quality = first(&samples, 200e3, format).quality;
        let expected = expected(&samples, low, high);
        assert_near(quality.clipped_fraction, expected, 0.02 * expected, what);
        assert!(quality.warnings.contains(&Warning::Clipping), "{what}: {quality:?}");
    }
}

#[test]
fn an_imbalance_is_null_where_the_samples_do_not_show_it() {
    let (carrier, _) = place(named("AM tone 1 kHz"), (12e3, 5), 0.0, 40.0, 31);
    let (full, _) = place(named("FM broadcast stereo"), (300e3, 2), 0.0, 40.0, 32);
    let mut real = constant_envelope(0.3, 0.1);
    for sample in &mut real {
        sample.im = 0.0;
    }
    let mut same = constant_envelope(0.3, 0.1);
    for sample in &mut same {
        sample.im = sample.re;
    }
    let coarse = constant_envelope(0.0, 0.4 / 128.0);
    for (samples, rate, format, what) in [
        (carrier, 12e3, SampleFormat::Cf32Le, "a carrier at 0 Hz"),
        (full, 300e3, SampleFormat::Cf32Le, "a band that is full"),
        (real, 200e3, SampleFormat::Cf32Le, "I alone"),
        (same, 200e3, SampleFormat::Cf32Le, "the same component twice"),
        (coarse, 200e3, SampleFormat::Ci8, "rounding above the noise"),
        (
            constant_envelope(0.0, 0.1)[..800].to_vec(),
            4e3,
            SampleFormat::Cf32Le,
            "few samples",
        ),
    ] {
        let segment = first(&samples, rate, format);
        let quality = &segment.quality;
        assert_eq!(quality.iq_gain_imbalance_db, None, "{what}");
        assert_eq!(quality.iq_phase_error_deg, None, "{what}");
        assert!(!quality.warnings.contains(&Warning::IqImbalance), "{what}");
        let json = serde_json::to_value(quality).expect("numbers");
        assert!(json["iq_gain_imbalance_db"].is_null() && json.get("iq_gain_imbalance_db").is_some());
    }

    // 1.5 dB and 8 degrees, with a signal on one side.
    let mut samples = constant_envelope(0.0, 0.01);
    add(&mut samples, &signals::tone(200_000, 0.117), amplitude(-10.0));
    for sample in &mut samples {
        let (sin, cos) = 8_f32.to_radians().sin_cos();
        sample.im = (sample.re * sin + sample.im * cos) / 10_f32.powf(1.5 / 20.0);
    }
    let quality = measured(&samples, 200e3).quality;
    assert_near(quality.iq_gain_imbalance_db.expect("known"), 1.5, 0.3, "gain");
    assert_near(quality.iq_phase_error_deg.expect("known"), 8.0, 2.0, "phase");
    assert!(quality.warnings.contains(&Warning::IqImbalance));
}
