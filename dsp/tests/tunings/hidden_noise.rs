//! The noise between and under strong signals: its value, a bound, or the reason why it is unknown.

use heimdall_dsp::{SegmentExtended, Unknown};

use crate::modulations::Truth;

fn placed(name: &str, recording: (f64, usize), offset_hz: f64, snr_db: f64) -> (SegmentExtended, Truth) {
    let (segment, truth) = crate::placed(name, recording, offset_hz, snr_db);
    (segment.extended, truth)
}

#[test]
fn noise_under_the_slopes_of_a_signal_has_a_bound() {
    let (extended, truth) = placed("LoRa SF7", (250e3, 5), 0.0, 30.0);
    assert_eq!(extended.unknown["snr_unbiased_db"], Unknown::NoiseHidden);
    let bounds = extended.bounds.expect("bounds");
    assert!(
        bounds
            .snr_at_least_db
            .is_some_and(|snr_db| snr_db > 15.0 && snr_db < truth.snr_db),
        "{bounds:?}"
    );
    assert!(extended.numbers.occupied_bandwidth_99_hz.is_some());
}

#[test]
fn samples_show_that_a_gap_is_noise() {
    // The tails of LoRa have pauses: the noise is what is between them.
    for (name, rate, offset_hz, snr_db) in [
        ("AM voice", 12e3, 2e3, 40.0),
        ("FM broadcast stereo", 500e3, 0.0, 40.0),
        ("LoRa SF8", 500e3, 0.0, 30.0),
        ("LoRa SF11", 500e3, 60e3, 30.0),
    ] {
        let (extended, truth) = placed(name, (rate, 1), offset_hz, snr_db);
        let snr = extended
            .numbers
            .snr_unbiased_db
            .unwrap_or_else(|| panic!("{name}: no SNR"));
        assert!((snr.mean - truth.snr_db).abs() < 1.0, "{name}: {snr:?}");
    }
}

#[test]
fn a_signal_is_not_taken_for_the_noise_of_a_pass_band() {
    for (name, rate, offset_hz, snr_db) in [
        ("DAB", 2.4e6, 243_725.0, 10.0),
        ("DAB", 2.4e6, -200e3, 8.0),
        ("AM voice", 12e3, 1_294.0, 15.0),
        ("16QAM 0.35", 5e6, 400e3, 10.0),
    ] {
        let (extended, truth) = placed(name, (rate, 1), offset_hz, snr_db);
        let snr = extended.numbers.snr_unbiased_db;
        assert!(
            snr.is_none_or(|snr| (snr.mean - truth.snr_db).abs() < 1.0),
            "{name} at {offset_hz} Hz: {snr:?}"
        );
        assert_eq!(
            snr.is_none(),
            extended.unknown.contains_key("snr_unbiased_db"),
            "{name}"
        );
    }
}
