//! The numbers of signals that people record, at any tuning: right, or unknown with a reason.

mod across_the_end;
mod bursts;
mod hidden_noise;
#[path = "../support/modulations/mod.rs"]
#[allow(
    dead_code,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "other programs use the rest, and the numbers of samples are small"
)]
mod modulations;
mod narrow_filter;
#[path = "../support/signals.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod signals;

use heimdall_dsp::{Estimate, SegmentFeatures, Unknown, Warning};
use modulations::{Modulation, Truth, chunk_samples, noises, place};
use rustfft::num_complex::Complex32;
use signals::{Signals, add, amplitude, tone};

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "whole numbers of Hz"
)]
fn measured(samples: &[Complex32], rate: f64) -> SegmentFeatures {
    Signals::new(1).measure(samples, rate as usize)
}

fn placed(name: &str, recording: (f64, usize), offset_hz: f64, snr_db: f64) -> (SegmentFeatures, Truth) {
    let (samples, truth) = place(modulations::named(name), recording, offset_hz, snr_db, 7);
    (measured(&samples, recording.0), truth)
}

/// What excludes one another in a row.
fn assert_consistent(segment: &SegmentFeatures, what: &str) {
    let numbers = &segment.extended.numbers;
    let is = |value: Option<Estimate>| value.is_some();
    let present = segment.extended.detection_rate;
    if present <= 0.0 {
        assert!(!is(numbers.snr_unbiased_db), "{what}: an SNR without a signal");
        assert!(
            !is(numbers.occupied_bandwidth_99_hz),
            "{what}: a width without a signal"
        );
        assert!(
            numbers.duty_cycle.is_some_and(|duty| duty.max <= 0.0),
            "{what}: a duty cycle without a signal"
        );
    }
    if present >= 1.0 {
        assert!(
            numbers.duty_cycle.is_none_or(|duty| duty.min > 0.0),
            "{what}: a signal without a duty cycle"
        );
    }
    if let Some(width) = numbers.occupied_bandwidth_99_hz {
        assert!(width.min > 0.0, "{what}: {width:?}");
    }
    for (name, value) in numbers.iter() {
        let has_reason = segment.extended.unknown.contains_key(name);
        assert_eq!(value.is_none(), has_reason, "{what}: {name}");
    }
}

#[test]
fn snr_and_width_do_not_depend_on_the_tuning() {
    for (name, rate, snr_db, offsets_hz) in [
        ("FM broadcast stereo", 500e3, 40.0, &[0.0, 60e3, -110e3][..]),
        ("LoRa SF12", 500e3, 20.0, &[0.0, 100e3]),
        ("AM voice", 48e3, 40.0, &[0.0, 5e3, -12e3]),
        ("DRM", 24e3, 30.0, &[0.0, 2e3, 6e3]),
        ("TETRA", 72e3, 30.0, &[0.0, 20e3]),
        ("NFM voice 5 kHz", 48e3, 30.0, &[0.0, 10e3]),
    ] {
        for &offset_hz in offsets_hz {
            for chunks in [1, 5] {
                let (segment, truth) = placed(name, (rate, chunks), offset_hz, snr_db);
                let what = format!("{name} at {offset_hz} Hz, {chunks} chunks");
                assert!((segment.extended.detection_rate - 1.0).abs() < 1e-9, "{what}");
                let numbers = &segment.extended.numbers;
                let snr = numbers.snr_unbiased_db.unwrap_or_else(|| panic!("{what}: no SNR"));
                assert!((snr.mean - truth.snr_db).abs() < 1.0, "{what}: {snr:?}");
                let width_hz = numbers.occupied_bandwidth_99_hz.expect("a width").mean;
                let right = truth.mean_widths_hz();
                assert!(
                    right.iter().any(|right| (width_hz / right - 1.0).abs() < 0.05),
                    "{what}: {width_hz} for {right:?}"
                );
                assert_consistent(&segment, &what);
            }
        }
    }
}

#[test]
fn a_strong_smooth_signal_is_present_in_every_chunk() {
    for (name, rate) in [
        ("GMSK BT 0.3, GSM", 1_083_330.0),
        ("FM broadcast stereo", 300e3),
        ("FM broadcast mono", 500e3),
        ("GFSK BT 0.5", 250e3),
        ("NFM voice 5 kHz", 48e3),
    ] {
        for snr_db in [6.0, 15.0, 40.0] {
            for chunks in [1, 5] {
                let (segment, _) = placed(name, (rate, chunks), 0.0, snr_db);
                let present = segment.extended.detection_rate;
                assert!(
                    (present - 1.0).abs() < 1e-9,
                    "{name}, {snr_db} dB, {chunks}: {present:?}"
                );
            }
        }
    }
}

#[test]
fn a_noise_like_signal_in_most_of_the_band_is_undecidable() {
    let (segment, _) = placed("DRM", (12e3, 5), 0.0, 30.0);
    assert!(segment.quality.warnings.contains(&Warning::PresenceUndecidable));
    for name in ["snr_unbiased_db", "noise_density_dbfs_hz"] {
        assert_eq!(segment.extended.unknown[name], Unknown::PresenceUndecidable, "{name}");
    }
    // The level of the hump is that of the noise, or of the signal above it.
    let bounds = segment.extended.bounds.expect("a bound");
    let density = bounds.noise_density_at_most_dbfs_hz;
    let power = segment.extended.numbers.power_dbfs.expect("known").mean;
    assert!(
        (density - (power - 10.0 * 9.5e3_f64.log10())).abs() < 0.5,
        "{density}, {power}"
    );
    assert_eq!(bounds.snr_at_least_db, None);
    assert_consistent(&segment, "DRM");
}

#[test]
fn a_band_across_the_end_of_the_spectrum_has_its_width() {
    for offset_hz in [100e3, 96e3, -95e3] {
        let (segment, truth) = placed("TETRA", (250e3, 5), offset_hz + 25e3 * f64::signum(offset_hz), 25.0);
        let numbers = &segment.extended.numbers;
        let width_hz = numbers.occupied_bandwidth_99_hz.expect("a width").mean;
        let right = truth.upper_hz - truth.lower_hz;
        assert!((width_hz / right - 1.0).abs() < 0.05, "{width_hz} for {right}");
        let edge = |value: Option<Estimate>| value.expect("an edge").mean;
        let (lower, upper) = (
            edge(numbers.occupied_lower_edge_hz),
            edge(numbers.occupied_upper_edge_hz),
        );
        let carrier = edge(numbers.carrier_offset_hz);
        assert!(lower < carrier && carrier < upper, "{lower} {carrier} {upper}");
    }
}

#[test]
fn an_offset_of_any_strength_is_named_and_counts_for_nothing() {
    const RATE: usize = 200_000;
    for offset_db in [-20.0, -10.0, 0.0, 10.0] {
        let mut signals = Signals::new(5);
        // 0 dB is the power of all the noise.
        let mut samples = signals.noise(RATE, |_| 1e-4);
        add(&mut samples, &tone(RATE, 0.0), amplitude(offset_db - 40.0));
        let segment = measured(&samples, RATE as f64);
        assert_eq!(segment.quality.warnings, [Warning::DcSpike], "{offset_db} dB");
        assert!(segment.extended.detection_rate <= 0.0, "{offset_db} dB");
        let density = segment.extended.numbers.noise_density_dbfs_hz.expect("noise").mean;
        assert!((density + 40.0 + 10.0 * (RATE as f64).log10()).abs() < 0.1, "{density}");
        assert_consistent(&segment, "an offset");

        let band = signals.band(RATE, 0.2, 12_500.0 / RATE as f64);
        add(
            &mut samples,
            &band,
            amplitude(5.0 - 40.0) / (12_500.0 / RATE as f64).sqrt(),
        );
        let segment = measured(&samples, RATE as f64);
        let numbers = &segment.extended.numbers;
        assert!(segment.quality.warnings.contains(&Warning::DcSpike), "{offset_db} dB");
        let near = |value: Option<Estimate>, right: f64, tolerance: f64| {
            let mean = value.expect("known").mean;
            assert!(
                (mean - right).abs() < tolerance,
                "{mean} for {right}, offset {offset_db} dB"
            );
        };
        near(numbers.snr_unbiased_db, 5.0, 0.2);
        near(numbers.occupied_bandwidth_99_hz, 12_375.0, 250.0);
        near(numbers.carrier_offset_hz, 40_000.0, 150.0);
    }
}

#[test]
fn a_carrier_at_0_hz_with_side_bands_is_no_offset() {
    // The carrier line of FM by a low tone is constant, and one bin wide.
    const RATE: usize = 200_000;
    let mut signals = Signals::new(6);
    let mut samples = signals.noise(RATE, |_| 1e-6);
    for (n, sample) in samples.iter_mut().enumerate() {
        let phase = (std::f64::consts::TAU * 100.0 * n as f64 / RATE as f64).sin();
        let (sin, cos) = phase.sin_cos();
        *sample += signals::single(rustfft::num_complex::Complex64::new(cos, sin) * 0.03);
    }
    let segment = measured(&samples, RATE as f64);
    assert_eq!(segment.quality.warnings, []);
    assert!((segment.extended.detection_rate - 1.0).abs() < 1e-9);
    let width_hz = segment.extended.numbers.occupied_bandwidth_99_hz.expect("a width").mean;
    assert!((380.0..=430.0).contains(&width_hz), "{width_hz}");
}

#[test]
fn tails_of_a_signal_do_not_count_as_noise() {
    // Symbols without a filter have tails that fall with the square of the distance: 3 dB of what is
    // left between them is the signal's.
    for (name, rate) in [("OFDM 10 %, no filter", 12e3), ("NFM FSK9600", 25e3)] {
        let (segment, truth) = placed(name, (rate, 5), 0.0, 30.0);
        let extended = &segment.extended;
        assert_eq!(extended.unknown["snr_unbiased_db"], Unknown::NoiseHidden, "{name}");
        let bounds = extended.bounds.expect("bounds");
        let least_db = bounds.snr_at_least_db.expect("a least SNR");
        assert!(least_db < truth.snr_db, "{name}: {bounds:?}");
        assert!(extended.numbers.occupied_bandwidth_99_hz.is_some(), "{name}");
    }
    // Small tails are subtracted.
    let (segment, truth) = placed("LoRa SF9", (500e3, 5), 0.0, 30.0);
    let snr = segment.extended.numbers.snr_unbiased_db.expect("known").mean;
    assert!((snr - truth.snr_db).abs() < 0.7, "{snr}");
}

#[test]
fn a_signal_of_half_the_band_is_present_in_all_chunks_at_0_db() {
    for (name, rate) in [
        ("OFDM 50 %", 12e3),
        ("BPSK 0.35", 12e3),
        ("16QAM 0.5", 25e3),
        ("C4FM", 25e3),
    ] {
        for offset in [0.0, 0.8] {
            let modulation = modulations::named(name);
            let (segment, _) = placed(name, (rate, 5), offset * modulation.room_hz(rate), 0.0);
            let present = segment.extended.detection_rate;
            assert!((present - 1.0).abs() < 1e-9, "{name} at {offset}: {present:?}");
        }
    }
}

#[test]
fn a_weak_carrier_at_0_hz_with_speech_is_a_carrier() {
    for rate in [12e3, 20_250.0] {
        let (segment, truth) = placed("AM voice", (rate, 5), 0.0, 5.0);
        assert!(!segment.quality.warnings.contains(&Warning::DcSpike), "{rate}");
        let numbers = &segment.extended.numbers;
        if let Some(snr) = numbers.snr_unbiased_db {
            assert!((snr.mean - truth.snr_db).abs() < 1.0, "{rate}: {snr:?}");
        }
    }
}

#[test]
fn a_line_inside_a_weak_signal_is_an_offset_or_its_carrier() {
    const RATE: usize = 48_000;
    let mut signals = Signals::new(11);
    let mut samples = signals.noise(RATE, |_| 1e-4);
    // 0 dB in a band of 12.5 kHz around 0 Hz, and a line 3 dB above all the noise.
    let width = 12_500.0 / RATE as f64;
    let band = signals.band(RATE, 0.0, width);
    add(&mut samples, &band, amplitude(0.0 - 40.0));
    add(&mut samples, &tone(RATE, 0.0), amplitude(3.0 - 40.0));
    let segment = measured(&samples, RATE as f64);
    assert!(segment.quality.warnings.contains(&Warning::DcOrCarrier));
    assert!((segment.extended.detection_rate - 1.0).abs() < 1e-9);
    for name in ["snr_unbiased_db", "occupied_bandwidth_99_hz", "carrier_offset_hz"] {
        assert_eq!(segment.extended.unknown[name], Unknown::DcOrCarrier, "{name}");
    }
}

#[test]
fn no_number_of_a_row_contradicts_another() {
    let cheapest = |modulation: &Modulation| modulation.rates.iter().copied().fold(f64::INFINITY, f64::min);
    for modulation in modulations::all().filter(|modulation| cheapest(modulation) < 300e3) {
        let rate = cheapest(modulation);
        for (offset, snr_db) in [(0.0, 0.0), (0.7, 10.0), (-0.3, 35.0)] {
            let (samples, _) = place(modulation, (rate, 2), offset * modulation.room_hz(rate), snr_db, 3);
            let what = format!("{} at {rate} Hz, {snr_db} dB", modulation.name);
            assert_consistent(&measured(&samples, rate), &what);
        }
    }
    for noise in noises::TABLE {
        let rate = noise.rates.iter().copied().fold(f64::INFINITY, f64::min);
        let samples = noise.samples(&mut Signals::new(8), 5 * chunk_samples(rate), rate);
        assert_consistent(&measured(&samples, rate), noise.name);
    }
}
