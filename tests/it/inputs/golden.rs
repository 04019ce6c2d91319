//! The numbers of the reference implementation, through object, queue, daemon and row.

use std::path::Path;

use serde_json::Value;

use crate::support::daemon::Daemon;
use crate::support::{BUCKET, Bench, FeatureRow, recordings};

/// Names of the recordings under `dsp/tests/golden`.
const RECORDINGS: [&str; 8] = [
    "dropout_in_chunk_3_48k",
    "fm_12k5_200k",
    "noise_only_48k",
    "tone_20db_48k",
    "two_segments_and_a_part_12k",
    "two_tones_and_dc_48k",
    "very_strong_48k",
    "very_weak_48k",
];

/// Allowed difference: 0.001 dB for values in dB while the SNR is at most 90 dB; two bins of 5 Hz
/// for the rolloff; the last digits of a sum for peak frequency, bandwidth and zero crossings; one
/// part in 10,000 for all else.
fn tolerance(name: &str, expected: f64, snr_db: f64) -> f64 {
    match name {
        "rssi_dbm" | "psd_dbm_per_hz" | "peak_to_avg_ratio_db" => 0.001,
        "snr_db" | "noise_floor_dbm" if snr_db <= 90.0 => 0.001,
        "snr_db" | "noise_floor_dbm" => 1.0,
        "spectral_rolloff_hz" => 10.0,
        "frequency_offset_hz" | "bandwidth_hz" | "zero_crossing_rate" => 1e-9 * expected.abs().max(1.0),
        _ => 1e-4 * expected.abs().max(1e-9),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_row_has_the_reference_numbers() {
    let bench = Bench::new().await;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../dsp/tests/golden");
    let mut expected: Vec<Value> = Vec::new();
    for name in RECORDINGS {
        bench.put(
            name,
            std::fs::read(folder.join(format!("{name}.cf32"))).expect("a recording"),
        );
        let text = std::fs::read_to_string(folder.join(format!("{name}.json"))).expect("the reference numbers");
        expected.push(serde_json::from_str(&text).expect("JSON"));
    }
    let session = bench.record(&RECORDINGS).await;
    for (measurement, golden) in session.measurements.iter().zip(&expected) {
        let rate = golden["sample_rate_hz"].as_f64().expect("a rate");
        let set = "UPDATE heimdall.measurements SET iq_sample_rate = $2 WHERE id = $1";
        bench.sql.execute(set, &[measurement, &rate]).await.expect("set");
    }
    let daemon = Daemon::start(&bench).await;
    bench.complete(&session).await;

    for ((name, golden), row) in RECORDINGS.iter().zip(&expected).zip(bench.rows(&session).await) {
        assert_eq!(row.error_message, None, "{name}");
        assert_eq!(row.metadata["sample_rate_source"], "column iq_sample_rate");
        let (segments, found) = (
            golden["segments"].as_array().expect("segments"),
            row.features.as_array().expect("an array"),
        );
        assert_eq!(segments.len(), found.len(), "{name}");
        for (index, (segment, found)) in segments.iter().zip(found).enumerate() {
            assert_eq!(found["segment_index"], index);
            compare(&format!("{name} segment {index}"), segment, found);
        }
        let snr: f64 = segments
            .iter()
            .map(|segment| segment["snr_db"]["mean"].as_f64().expect("a number"))
            .sum();
        let mean_snr_db = row.mean_snr_db.expect("a row with features has it");
        assert!(
            (mean_snr_db - snr / segments.len() as f64).abs() < 1.0,
            "{name}: {mean_snr_db}"
        );
    }
    daemon.stop().await;
}

fn compare(what: &str, expected: &Value, found: &Value) {
    let snr_db = expected["snr_db"]["max"].as_f64().expect("a number");
    let mut compared = 0;
    for (feature, statistics) in expected.as_object().expect("an object") {
        let Some(statistics) = statistics.as_object() else {
            assert_eq!(&found[feature], statistics, "{what} {feature}");
            continue;
        };
        for (statistic, value) in statistics {
            let (wanted, got) = (value.as_f64().expect("a number"), found[feature][statistic].as_f64());
            let got = got.unwrap_or_else(|| panic!("{what}: no {feature}.{statistic}"));
            // A standard deviation is as uncertain as the values that it is computed from.
            let scale = if statistic == "std" {
                statistics["mean"].as_f64().expect("a number")
            } else {
                wanted
            };
            let tolerance = tolerance(feature, scale, snr_db);
            assert!(
                (wanted - got).abs() <= tolerance,
                "{what} {feature}.{statistic}: {got}, reference {wanted} +- {tolerance}"
            );
            compared += 1;
        }
    }
    assert_eq!(compared, 17 * 4, "{what}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_numpy_file_is_read_by_its_header_whatever_its_name() {
    let bench = Bench::new().await;
    let single = recordings::tone();
    let double: Vec<u8> = (single.chunks_exact(4))
        .flat_map(|bytes| f64::from(f32::from_le_bytes(bytes.try_into().expect("four bytes"))).to_le_bytes())
        .collect();
    bench.put("raw.bin", single.clone());
    bench.put("single.bin", recordings::npy("<c8", recordings::SAMPLES, &single));
    bench.put("double.bin", recordings::npy("<c16", recordings::SAMPLES, &double));
    bench.put("broken.npy", recordings::npy("<c8", recordings::SAMPLES + 1, &single));
    let session = bench
        .record(&["raw.bin", "single.bin", "double.bin", "broken.npy"])
        .await;
    let daemon = Daemon::start(&bench).await;
    bench.complete(&session).await;
    let rows = bench.rows(&session).await;
    for row in &rows[1..3] {
        assert_eq!(row.error_message, None);
        assert_eq!(row.features[0]["snr_db"], rows[0].features[0]["snr_db"]);
    }
    let message = rows[3].error_message.as_deref().expect("a sample is missing");
    assert!(
        message.starts_with("Invalid IQ data format: ") && message.contains("96008"),
        "{message}"
    );
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sample_rate_is_taken_from_the_column_else_from_the_objects_metadata_else_it_is_200_khz() {
    let bench = Bench::new().await;
    let metadata = [("sample-rate".to_owned(), "24000".to_owned())];
    bench
        .store
        .objects()
        .put(BUCKET, "tagged.bin", recordings::tone(), metadata.into());
    bench.put(
        "plain.bin",
        [
            recordings::tone(),
            recordings::tone(),
            recordings::tone(),
            recordings::tone(),
        ]
        .concat(),
    );
    let session = bench.record(&["tagged.bin", "tagged.bin", "plain.bin"]).await;
    let unknown = "UPDATE heimdall.measurements SET iq_sample_rate = NULL WHERE id = ANY ($1)";
    bench
        .sql
        .execute(unknown, &[&session.measurements[1..].to_vec()])
        .await
        .expect("set");
    let daemon = Daemon::start(&bench).await;
    bench.complete(&session).await;
    let rows = bench.rows(&session).await;
    let rates: Vec<_> = rows
        .iter()
        .map(|row| (&row.metadata["sample_rate_hz"], &row.metadata["sample_rate_source"]))
        .collect();
    assert_eq!(rates[0], (&12_000.0.into(), &"column iq_sample_rate".into()));
    assert_eq!(rates[1], (&24_000.0.into(), &"object metadata".into()));
    assert_eq!(rates[2], (&200_000.0.into(), &"default".into()));
    let is_assumed = |row: &FeatureRow| {
        let warnings = row.warnings().as_array().expect("a list");
        warnings.contains(&"sample_rate_assumed".into())
    };
    assert_eq!(rows.iter().map(is_assumed).collect::<Vec<_>>(), [false, false, true]);
    let sentence = rows[2].metadata["warnings"][0].as_str().expect("a sentence");
    assert!(
        sentence.starts_with("no source names the sample rate: 200000 Hz was assumed"),
        "{sentence}"
    );
    daemon.stop().await;
}
