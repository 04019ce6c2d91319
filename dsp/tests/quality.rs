//! The quality of recordings with known content, and the warnings.

#![expect(clippy::float_cmp, reason = "counts over counts are exact")]

#[path = "support/time_domain.rs"]
#[allow(
    dead_code,
    clippy::cast_possible_truncation,
    reason = "other tests use the rest, and the signals are small"
)]
mod time_domain;

use std::f64::consts::{PI, TAU};

use heimdall_dsp::Warning;
use time_domain::{RATE, Random, SECOND, add, as_ci8, band, extract, first, near, noise, tone};

#[test]
fn a_run_across_a_border_of_chunks_and_segments_is_one_run() {
    let mut random = Random(5);
    let mut samples = noise(2 * SECOND, 1e-2, &mut random);
    let repeated = samples[SECOND - 120];
    samples[SECOND - 120..SECOND + 180].fill(repeated);
    let quality: Vec<_> = extract(&samples)
        .segments
        .into_iter()
        .map(|segment| segment.quality)
        .collect();
    near(quality[0].longest_identical_run_ms, 0.6, 1e-9, "run up to the border");
    near(quality[1].longest_identical_run_ms, 1.5, 1e-9, "run over the border");
    assert_eq!(quality[0].warnings, []);
    assert_eq!(quality[1].warnings, [Warning::Dropout]);
}

#[test]
fn clipping_is_found_in_integers_and_floats_and_not_in_a_sine_wave() {
    let mut random = Random(6);
    let loud = noise(SECOND, 0.3, &mut random);
    let mut limited = loud.clone();
    for part in limited.iter_mut().flatten() {
        *part = part.clamp(-0.7, 0.7);
    }
    let expected = limited.iter().flatten().filter(|part| part.abs() == 0.7).count() as f64 / (2.0 * SECOND as f64);
    let both = [Warning::Clipping, Warning::HeavyClipping];
    for (quality, what) in [
        (first(&limited).quality, "floats"),
        (as_ci8(&limited).quality, "codes below the ends"),
    ] {
        near(quality.clipped_fraction, expected, 0.02 * expected, what);
        assert_eq!(quality.warnings, both, "{what}");
    }
    let quality = as_ci8(&loud.iter().map(|sample| sample.map(|part| part * 2.0)).collect()).quality;
    assert!(quality.clipped_fraction > 0.1, "{quality:?}");
    let mut soft = noise(SECOND, 0.09, &mut random);
    soft.iter_mut()
        .flatten()
        .for_each(|part| *part = part.clamp(-0.75, 0.75));
    let quality = first(&soft).quality;
    assert!((1e-4..1e-2).contains(&quality.clipped_fraction), "{quality:?}");
    assert_eq!(quality.warnings, [Warning::Clipping]);
    for unclipped in [tone(SECOND, 12_345.0, 0.9), noise(SECOND, 0.01, &mut random)] {
        assert_eq!(first(&unclipped).quality.clipped_fraction, 0.0);
    }
    assert_eq!(as_ci8(&tone(SECOND, 12_345.0, 0.9)).quality.clipped_fraction, 0.0);
}

#[test]
fn a_receiver_with_too_little_gain_uses_few_codes() {
    let mut random = Random(7);
    let quality = as_ci8(&noise(SECOND, 1e-4, &mut random)).quality;
    assert!(
        quality.codes_used.unwrap() < 16 && quality.warnings.contains(&Warning::UnderDriven),
        "{quality:?}"
    );
    let quality = as_ci8(&noise(SECOND, 1e-2, &mut random)).quality;
    assert!(
        quality.codes_used.unwrap() > 60 && quality.warnings.is_empty(),
        "{quality:?}"
    );
    assert_eq!(first(&noise(SECOND, 1e-2, &mut random)).quality.codes_used, None);
}

#[test]
fn an_offset_has_a_warning_and_a_carrier_at_0_hz_has_none() {
    let mut random = Random(8);
    let mut offset_alone = noise(SECOND, 1e-4, &mut random);
    for sample in &mut offset_alone {
        sample[0] += 5e-4;
    }
    let mut offset_with_signal = noise(SECOND, 1e-6, &mut random);
    add(&mut offset_with_signal, &band(SECOND, 40_000.0, &mut random), 0.1);
    for sample in &mut offset_with_signal {
        sample[1] += 0.02;
    }
    for samples in [&offset_alone, &offset_with_signal] {
        let segment = first(samples);
        assert_eq!(segment.quality.warnings, [Warning::DcSpike], "{:?}", segment.quality);
    }
    near(
        first(&offset_with_signal).quality.dc_offset_dbfs,
        -33.98,
        0.02,
        "offset",
    );
    near(
        first(&offset_with_signal)
            .extended
            .numbers
            .occupied_lower_edge_hz
            .expect("known")
            .mean,
        33_812.0,
        200.0,
        "lower edge next to an offset",
    );

    // Nothing tells a line as constant as this from an offset, but no offset is that strong.
    let mut steady = noise(SECOND, 1e-4, &mut random);
    add(&mut steady, &tone(SECOND, 0.0, 1.0), 0.1);
    let segment = first(&steady);
    assert_eq!(
        segment.quality.warnings,
        [Warning::DcOrCarrier],
        "{:?}",
        segment.quality
    );
    assert_eq!(segment.extended.detection_rate, 0.0);

    let mut modulated = noise(SECOND, 1e-6, &mut random);
    for (i, sample) in modulated.iter_mut().enumerate() {
        sample[0] += 0.1 * (1.0 + 0.5 * (TAU * 700.0 * i as f64 / RATE).cos());
    }
    let mut keyed = noise(SECOND, 1e-6, &mut random);
    for sample in &mut keyed[30_000..] {
        sample[0] += 0.01;
    }
    for samples in [&modulated, &keyed] {
        let segment = first(samples);
        assert_eq!(segment.quality.warnings, [], "{:?}", segment.quality);
        assert!(segment.extended.detection_rate > 0.7);
    }
}

#[test]
fn gain_and_phase_errors_are_measured_with_any_signal() {
    let mut random = Random(9);
    for (gain_db, phase_deg) in [
        (0.0, 0.0),
        (0.5, 2.0),
        (2.0, 0.0),
        (-1.5, 3.0),
        (0.0, -8.0),
        (6.0, 20.0),
    ] {
        let gain = 10_f64.powf(gain_db / 20.0);
        let mut samples = noise(SECOND, 1e-4, &mut random);
        add(&mut samples, &tone(SECOND, 23_456.7, 0.3), 1.0);
        add(&mut samples, &band(SECOND, -50_000.0, &mut random), 0.1);
        for [i, q] in &mut samples {
            // The gain is the ratio of the amplitudes of I and Q, the correlation is sin(angle).
            let (sin, cos) = (phase_deg * PI / 180.0).sin_cos();
            *q = (*i * sin + *q * cos) / gain;
        }
        let quality = first(&samples).quality;
        near(
            quality.iq_gain_imbalance_db.expect("known"),
            gain_db,
            0.25 + 0.05 * gain_db.abs(),
            "gain imbalance",
        );
        near(
            quality.iq_phase_error_deg.expect("known"),
            phase_deg,
            2.0,
            "phase error",
        );
        let is_fault = gain_db.abs() > 1.3 || phase_deg.abs() > 7.0;
        assert_eq!(
            quality.warnings.contains(&Warning::IqImbalance),
            is_fault,
            "{quality:?}"
        );
    }
}

#[test]
fn samples_off_the_usual_scale_are_used_with_a_warning() {
    let mut random = Random(10);
    let segment = first(&noise(SECOND, 1e6, &mut random));
    assert_eq!(segment.quality.warnings, [Warning::Unscaled]);
    near(
        segment.extended.numbers.power_dbfs.expect("known").mean,
        60.0,
        0.1,
        "power",
    );
}
