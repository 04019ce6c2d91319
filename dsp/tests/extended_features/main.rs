//! The extended features of recordings with known content.

#![expect(clippy::float_cmp, reason = "counts over counts are exact")]

#[path = "../support/modulations/mod.rs"]
#[allow(
    dead_code,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "other programs use the rest, and the numbers of samples are small"
)]
mod modulations;
mod readings;
#[path = "../support/signals.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod signals;
#[path = "../support/time_domain.rs"]
#[allow(
    dead_code,
    clippy::cast_possible_truncation,
    reason = "other tests use the rest, and the signals are small"
)]
mod time_domain;
mod uncertainty;

use heimdall_dsp::{Unknown, Warning};
use time_domain::{RATE, Random, SECOND, add, band, first, near, noise};

#[test]
fn white_noise_has_its_density_no_emission_and_no_warning() {
    let mut random = Random(1);
    let segment = first(&noise(SECOND, 1e-4, &mut random));
    let set = &segment.extended.numbers;
    near(set.power_dbfs.expect("known").mean, -40.0, 0.05, "power");
    near(
        set.noise_density_dbfs_hz.expect("known").mean,
        -40.0 - 10.0 * RATE.log10(),
        0.05,
        "noise density",
    );
    near(set.spectral_flatness.expect("known").mean, 1.0, 0.01, "flatness");
    near(set.envelope_kurtosis.expect("known").mean, 2.0, 0.05, "kurtosis");
    assert_eq!(set.duty_cycle.expect("known").max, 0.0);
    // Without a signal there is no ratio and no place, and 0 would look like one.
    let unknown: Vec<_> = segment.extended.unknown.iter().collect();
    let expected = [
        "carrier_offset_hz",
        "occupied_bandwidth_99_hz",
        "occupied_lower_edge_hz",
        "occupied_upper_edge_hz",
        "snr_unbiased_db",
    ];
    assert_eq!(
        unknown,
        expected
            .iter()
            .map(|name| (name, &Unknown::NoSignal))
            .collect::<Vec<_>>()
    );
    assert_eq!(set.iter().filter(|(_, value)| value.is_none()).count(), expected.len());
    assert_eq!(segment.quality.warnings, []);
    near(
        segment.quality.iq_gain_imbalance_db.expect("known"),
        0.0,
        0.3,
        "gain imbalance",
    );
    near(
        segment.quality.iq_phase_error_deg.expect("known"),
        0.0,
        2.0,
        "phase error",
    );
}

#[test]
fn width_power_and_place_of_a_12_5_khz_band_are_measured() {
    let mut random = Random(2);
    for (snr_db, centre_hz) in [
        (0.0, 31_000.0),
        (10.0, -61_000.0),
        (20.0, 3_000.0),
        (30.0, 40_000.0),
        (40.0, -9_000.0),
    ] {
        let mut samples = noise(SECOND, 1e-6, &mut random);
        add(
            &mut samples,
            &band(SECOND, centre_hz, &mut random),
            (1e-6 * 10_f64.powf(snr_db / 10.0)).sqrt(),
        );
        let segment = first(&samples);
        let set = &segment.extended.numbers;
        near(set.snr_unbiased_db.expect("known").mean, snr_db, 0.2, "SNR");
        near(
            set.noise_density_dbfs_hz.expect("known").mean,
            -60.0 - 10.0 * RATE.log10(),
            0.15,
            "noise density",
        );
        near(
            set.carrier_offset_hz.expect("known").mean,
            centre_hz,
            150.0,
            "carrier offset",
        );
        assert_eq!(
            set.duty_cycle.expect("known").mean > 0.9,
            snr_db >= 10.0,
            "{:?}",
            set.duty_cycle
        );
        if snr_db >= 10.0 {
            near(
                set.occupied_bandwidth_99_hz.expect("known").mean,
                12_375.0,
                250.0,
                "occupied bandwidth",
            );
            near(
                set.occupied_lower_edge_hz.expect("known").mean,
                centre_hz - 6_187.0,
                200.0,
                "lower edge",
            );
            near(
                set.occupied_upper_edge_hz.expect("known").mean,
                centre_hz + 6_187.0,
                200.0,
                "upper edge",
            );
        }
        assert_eq!(segment.quality.warnings, [], "{snr_db} dB");
    }
}

#[test]
fn emission_numbers_are_statistics_of_the_chunks_that_contain_it() {
    let mut random = Random(3);
    let mut samples = noise(SECOND, 1e-6, &mut random);
    let burst = band(SECOND / 5, 20_000.0, &mut random);
    for (sample, part) in samples[2 * SECOND / 5..].iter_mut().zip(&burst) {
        *sample = [sample[0] + 0.1 * part[0], sample[1] + 0.1 * part[1]];
    }
    let segment = first(&samples);
    assert_eq!(segment.extended.detection_rate, 0.2);
    let set = &segment.extended.numbers;
    near(
        set.occupied_bandwidth_99_hz.expect("known").min,
        12_375.0,
        500.0,
        "occupied bandwidth",
    );
    near(
        set.carrier_offset_hz.expect("known").min,
        20_000.0,
        300.0,
        "carrier offset",
    );
    assert_eq!(
        (set.duty_cycle.expect("known").min, set.duty_cycle.expect("known").max),
        (0.0, 1.0)
    );
    // The signal-to-noise ratio too: the other chunks have none.
    assert!(set.snr_unbiased_db.expect("known").min > 35.0);
}

#[test]
fn silence_is_finite() {
    let mut random = Random(4);
    let mut samples = noise(SECOND, 1e-2, &mut random);
    samples[..SECOND / 5].fill([0.0; 2]);
    let segment = first(&samples);
    assert!(
        segment
            .extended
            .numbers
            .iter()
            .filter_map(|(_, value)| *value)
            .all(|value| value.mean.is_finite() && value.std.is_finite() && value.standard_error.is_finite())
    );
    assert_eq!(segment.extended.numbers.power_dbfs.expect("known").min, -300.0);
    near(segment.quality.zero_fraction, 0.2, 1e-9, "zeros");
    near(segment.quality.longest_identical_run_ms, 200.0, 1e-9, "longest run");
    assert_eq!(segment.quality.warnings, [Warning::Dropout]);
}
