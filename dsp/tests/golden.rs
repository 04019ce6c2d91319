//! Compares the extractor with the reference, for recordings with known content.

use std::fs;
use std::path::{Path, PathBuf};

use heimdall_dsp::{Extraction, Features, Hints, InstructionSet, Recording, Statistics, Workspace};
use serde_json::Value;

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn extract(bytes: &[u8], sample_rate_hz: f64, piece: usize) -> Extraction {
    let hints = Hints::default().with_sample_rate_hz(sample_rate_hz, "argument");
    let mut workspace = Workspace::new();
    let mut recording = Recording::new(hints);
    for piece in bytes.chunks(piece) {
        recording
            .push(piece, &mut workspace)
            .expect("golden recordings are valid");
    }
    recording
        .finish(&mut workspace)
        .expect("golden recordings are long enough")
}

/// Absolute tolerance for a feature whose reference is `value`: 0.001 for decibels; the rounding of
/// the printed number for counts; two bins of 5 Hz for the roll-off; 1e-4 of the value for the
/// others.
fn tolerance(feature: &str, value: f64) -> f64 {
    match feature {
        "rssi_dbm" | "snr_db" | "noise_floor_dbm" | "psd_dbm_per_hz" | "peak_to_avg_ratio_db" => 1e-3,
        "frequency_offset_hz" | "bandwidth_hz" | "zero_crossing_rate" => 1e-9 * value.abs().max(1.0),
        "spectral_rolloff_hz" => 10.0,
        _ => 1e-4 * value.abs() + 1e-9,
    }
}

#[test]
fn every_golden_recording_agrees_with_the_reference_with_every_set_of_instructions() {
    let of_machine = InstructionSet::in_use();
    let mut cases = 0;
    let paths: Vec<_> = fs::read_dir(golden())
        .expect("the folder is part of the package")
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    for (set, path) in InstructionSet::ALL
        .into_iter()
        .flat_map(|set| paths.iter().map(move |path| (set, path)))
    {
        set.limit();
        assert_eq!(InstructionSet::in_use(), set.min(of_machine));
        cases += 1;
        let expected: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        let bytes = fs::read(path.with_extension("cf32")).unwrap();
        let rate = expected["sample_rate_hz"].as_f64().unwrap();
        let extraction = extract(&bytes, rate, 60_000);
        let segments = expected["segments"].as_array().unwrap();
        assert_eq!(extraction.segments.len(), segments.len(), "{}", path.display());

        for (segment, expected) in extraction.segments.iter().zip(segments) {
            assert_eq!(Value::from(segment.num_chunks), expected["num_chunks"]);
            for (name, statistics) in segment.features.iter() {
                let Statistics { mean, std, min, max } = *statistics;
                // The standard deviation may differ by as much as the values.
                let scale = expected[name]["max"].as_f64().unwrap().abs();
                for (which, ours) in [("mean", mean), ("std", std), ("min", min), ("max", max)] {
                    let reference = expected[name][which].as_f64().unwrap();
                    let allowed = if which == "std" {
                        tolerance(name, reference).max(tolerance(name, scale))
                    } else {
                        tolerance(name, reference)
                    };
                    assert!(
                        (ours - reference).abs() <= allowed,
                        "{}, {set:?}: {name}.{which} is {ours}, in the reference {reference}",
                        path.display()
                    );
                }
            }
        }
    }
    assert_eq!(cases, 3 * 8);
}

#[test]
fn the_json_has_the_names_and_the_order_of_the_training_data() {
    let bytes = fs::read(golden().join("tone_20db_48k.cf32")).unwrap();
    let extraction = extract(&bytes, 48_000.0, bytes.len());
    let text = serde_json::to_string(&extraction.segments[0]).unwrap();
    let names = ["segment_index", "segment_start_ms", "num_chunks"]
        .into_iter()
        .chain(Features::<f64>::NAMES.iter().copied())
        .chain(["signal_present"]);
    let mut at = 0;
    for name in names {
        let found = text[at..].find(&format!("\"{name}\":")).expect(name);
        at += found;
    }
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["segment_index"], 0);
    assert_eq!(value["signal_present"], true);
    assert_eq!(value["extended"]["detection_rate"], 1.0);
    assert_eq!(value["rssi_dbm"].as_object().unwrap().len(), 4);

    let interpretation = serde_json::to_value(extraction.interpretation).unwrap();
    assert_eq!(interpretation["iq_format"], "cf32_le");
    assert_eq!(interpretation["sample_rate_source"], "argument");
}

#[test]
fn noise_is_no_signal_and_the_others_are() {
    for (name, rate, present) in [
        ("noise_only_48k", 48_000.0, false),
        ("tone_20db_48k", 48_000.0, true),
        ("very_weak_48k", 48_000.0, true),
        ("fm_12k5_200k", 200_000.0, true),
        ("two_segments_and_a_part_12k", 12_000.0, true),
    ] {
        let bytes = fs::read(golden().join(format!("{name}.cf32"))).unwrap();
        assert_eq!(
            extract(&bytes, rate, bytes.len()).totals.signal_detected(),
            present,
            "{name}"
        );
    }
}
