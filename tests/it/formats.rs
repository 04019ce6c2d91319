//! What is said of a recording, by whom, and what the row tells of it.

use heimdall_daemon::demo::objects::Metadata;
use serde_json::{Value, json};

use crate::support::daemon::Daemon;
use crate::support::{BUCKET, Bench, FeatureRow, iq};

/// The tone as 16-bit integers.
fn tone_ci16() -> Vec<u8> {
    let floats = iq::tone();
    let values = floats.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes));
    #[expect(clippy::cast_possible_truncation, reason = "16 bit are what is wanted")]
    values
        .flat_map(|value| ((value * 8_000.0) as i16).to_le_bytes())
        .collect()
}

/// The tone as `numpy.save` writes it.
fn tone_npy() -> Vec<u8> {
    let dictionary = format!(
        "{{'descr': '<c8', 'fortran_order': False, 'shape': ({},), }}",
        iq::SAMPLES
    );
    let mut bytes = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    bytes.extend(format!("{dictionary:<117}\n").bytes());
    bytes.extend(iq::tone());
    bytes
}

/// What the segment's `quality` warns of.
fn warnings(row: &FeatureRow) -> &Value {
    &row.features[0]["quality"]["warnings"]
}

/// The peak of the tone, where it was put.
fn assert_tone(row: &FeatureRow) {
    assert_eq!(row.error_message, None);
    assert_eq!(
        row.features[0]["frequency_offset_hz"]["mean"], 1_000.0,
        "{}",
        row.metadata
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_said_decides_in_order_and_a_contradiction_stands_in_the_row() {
    let bench = Bench::new().await;
    bench.put("column.bin", tone_ci16());
    let metadata: Metadata = [
        ("iq-format", "int16"),
        ("sample-rate-hz", "12000"),
        ("num-samples", "12000"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    bench
        .store
        .objects()
        .put(BUCKET, "metadata_48k.bin", tone_ci16(), metadata);
    bench.put("name_12k.cs16", tone_ci16());
    bench.put("wrapped.bin", tone_npy());
    bench.put("odd.cf32", iq::tone());
    let locations = [
        "column.bin",
        "metadata_48k.bin",
        "name_12k.cs16",
        "wrapped.bin",
        "odd.cf32",
    ];
    let session = bench.record(&locations).await;
    bench
        .execute(
            "UPDATE heimdall.measurements SET iq_data_format = 'int16', iq_samples_count = 12000, duration_seconds = 1
                 WHERE iq_data_location = 'column.bin';
             UPDATE heimdall.measurements SET iq_sample_rate = NULL WHERE iq_data_location ~ 'metadata|name';
             UPDATE heimdall.measurements SET iq_data_format = 'int16', iq_samples_count = 24000, duration_seconds = 2
                 WHERE iq_data_location = 'wrapped.bin';
             UPDATE heimdall.measurements SET iq_data_format = 'npy' WHERE iq_data_location = 'odd.cf32'",
        )
        .await;
    let daemon = Daemon::start(&bench).await;
    bench.complete(&session).await;
    let rows = bench.rows(&session).await;
    for row in &rows {
        assert_tone(row);
        assert_eq!(row.metadata["sample_rate_hz"], 12_000.0);
    }
    let sources = |row: &FeatureRow| {
        ["container", "iq_format", "iq_format_source", "sample_rate_source"]
            .map(|key| row.metadata[key].as_str().unwrap_or("").to_owned())
    };

    assert_eq!(
        sources(&rows[0]),
        ["none", "ci16_le", "column iq_data_format", "column iq_sample_rate"]
    );
    assert_eq!(warnings(&rows[0]), &json!([]));
    assert_eq!(rows[0].metadata.get("warnings"), None);

    assert_eq!(
        sources(&rows[1]),
        ["none", "ci16_le", "object metadata", "object metadata"]
    );
    assert_eq!(
        rows[1].metadata["said"],
        json!([
            {"what": "iq_format", "value": "ci16_le", "source": "object metadata"},
            {"what": "sample_rate_hz", "value": 12_000.0, "source": "object metadata"},
            {"what": "sample_rate_hz", "value": 48_000.0, "source": "file name"},
            {"what": "samples", "value": 12_000, "source": "object metadata"},
        ])
    );
    assert_eq!(warnings(&rows[1]), &json!(["sample_rate_doubtful"]));
    assert_eq!(
        rows[1].metadata["warnings"],
        json!(["file name says 48000 Hz, object metadata says 12000 Hz: 12000 Hz was used"])
    );

    assert_eq!(sources(&rows[2]), ["none", "ci16_le", "extension", "file name"]);

    assert_eq!(
        sources(&rows[3]),
        ["npy", "cf32_le", "npy header", "column iq_sample_rate"]
    );
    assert_eq!(
        warnings(&rows[3]),
        &json!(["format_doubtful", "sample_rate_doubtful", "sample_count_doubtful"])
    );
    assert_eq!(
        rows[3].metadata["warnings"],
        json!([
            "column iq_data_format says ci16_le, npy header says cf32_le: read as cf32_le",
            "column iq_samples_count says 24000 samples, the object has 12000 as cf32_le (npy header); \
             it would have 24000 as ci16_le",
            "column duration_seconds says 2 s, 12000 samples at 12000 Hz (column iq_sample_rate) are 1.000 s; \
             2 s would need 6000 Hz",
        ])
    );

    assert_eq!(
        sources(&rows[4]),
        ["none", "cf32_le", "extension", "column iq_sample_rate"]
    );
    assert_eq!(
        rows[4].metadata["warnings"],
        json!(["column iq_data_format says npy, the object has no npy header: read as cf32_le (extension)"])
    );
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_format_that_is_not_read_is_refused_by_name_and_the_row_says_who_named_it() {
    let bench = Bench::new().await;
    bench.put("a.bin", iq::tone());
    let session = bench.record(&["a.bin"]).await;
    bench
        .execute("UPDATE heimdall.measurements SET iq_data_format = 'cu16_le'")
        .await;
    let daemon = Daemon::start(&bench).await;
    bench.complete(&session).await;
    let row = bench.rows(&session).await.remove(0);
    assert_eq!(row.error_kind.as_deref(), Some("invalid_format"));
    assert_eq!(
        row.error_message.as_deref(),
        Some(
            "Invalid IQ data format: sample format cu16_le (column iq_data_format) is not supported; \
             supported are cf32_le, cf64_le, ci16_le, ci24_le, ci32_le, ci8, cu8"
        )
    );
    assert_eq!(row.metadata["said"][0]["value"], "cu16_le");
    daemon.stop().await;
}
