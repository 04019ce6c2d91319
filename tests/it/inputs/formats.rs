//! Which source of the format counts, and which formats are refused.

use heimdall_daemon::sandbox::objects::Metadata;
use serde_json::json;

use crate::support::daemon::Daemon;
use crate::support::{BUCKET, Bench, FeatureRow, recordings};

/// Extracts the tone at these locations after an update of the measurements, and returns the rows.
async fn extract_tones(bench: &Bench, locations: &[&str], update: &str) -> Vec<FeatureRow> {
    let session = bench.record(locations).await;
    bench.execute(update).await;
    let daemon = Daemon::start(bench).await;
    bench.complete(&session).await;
    let rows = bench.rows(&session).await;
    daemon.stop().await;
    for row in &rows {
        row.assert_tone();
        assert_eq!(row.metadata["sample_rate_hz"], 12_000.0);
    }
    rows
}

/// Container, format, source of the format, source of the sample rate.
fn sources(row: &FeatureRow) -> [String; 4] {
    ["container", "iq_format", "iq_format_source", "sample_rate_source"]
        .map(|key| row.metadata[key].as_str().unwrap_or("").to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sources_of_format_and_rate_decide_in_order() {
    let bench = Bench::new().await;
    bench.put("column.bin", recordings::tone_ci16());
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
        .put(BUCKET, "metadata_48k.bin", recordings::tone_ci16(), metadata);
    bench.put("name_12k.cs16", recordings::tone_ci16());
    let rows = extract_tones(
        &bench,
        &["column.bin", "metadata_48k.bin", "name_12k.cs16"],
        "UPDATE heimdall.measurements SET iq_data_format = 'int16', iq_samples_count = 12000, duration_seconds = 1
             WHERE iq_data_location = 'column.bin';
         UPDATE heimdall.measurements SET iq_sample_rate = NULL WHERE iq_data_location <> 'column.bin'",
    )
    .await;

    assert_eq!(
        sources(&rows[0]),
        ["none", "ci16_le", "column iq_data_format", "column iq_sample_rate"]
    );
    assert_eq!(rows[0].warnings(), &json!([]));
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
    assert_eq!(rows[1].warnings(), &json!(["sample_rate_doubtful"]));
    assert_eq!(
        rows[1].metadata["warnings"],
        json!(["file name says 48000 Hz, object metadata says 12000 Hz: 12000 Hz was used"])
    );

    assert_eq!(sources(&rows[2]), ["none", "ci16_le", "extension", "file name"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn contradictions_between_header_and_columns_are_warnings_in_the_row() {
    let bench = Bench::new().await;
    bench.put(
        "wrapped.bin",
        recordings::npy("<c8", recordings::SAMPLES, &recordings::tone()),
    );
    bench.put("odd.cf32", recordings::tone());
    let rows = extract_tones(
        &bench,
        &["wrapped.bin", "odd.cf32"],
        "UPDATE heimdall.measurements SET iq_data_format = 'int16', iq_samples_count = 24000, duration_seconds = 2
             WHERE iq_data_location = 'wrapped.bin';
         UPDATE heimdall.measurements SET iq_data_format = 'npy' WHERE iq_data_location = 'odd.cf32'",
    )
    .await;

    assert_eq!(
        sources(&rows[0]),
        ["npy", "cf32_le", "npy header", "column iq_sample_rate"]
    );
    assert_eq!(
        rows[0].warnings(),
        &json!(["format_doubtful", "sample_rate_doubtful", "sample_count_doubtful"])
    );
    assert_eq!(
        rows[0].metadata["warnings"],
        json!([
            "column iq_data_format says ci16_le, npy header says cf32_le: read as cf32_le",
            "column iq_samples_count says 24000 samples, the object has 12000 as cf32_le (npy header); \
             it would have 24000 as ci16_le",
            "column duration_seconds says 2 s, 12000 samples at 12000 Hz (column iq_sample_rate) are 1.000 s; \
             2 s would need 6000 Hz",
        ])
    );

    assert_eq!(
        sources(&rows[1]),
        ["none", "cf32_le", "extension", "column iq_sample_rate"]
    );
    assert_eq!(
        rows[1].metadata["warnings"],
        json!(["column iq_data_format says npy, the object has no npy header: read as cf32_le (extension)"])
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unsupported_format_is_refused_by_name_with_its_source() {
    let bench = Bench::new().await;
    bench.put("a.bin", recordings::tone());
    let session = bench.record(&["a.bin"]).await;
    bench
        .execute("UPDATE heimdall.measurements SET iq_data_format = 'cf16_le'")
        .await;
    let daemon = Daemon::start(&bench).await;
    bench.complete(&session).await;
    let row = bench.rows(&session).await.remove(0);
    assert_eq!(row.error_kind.as_deref(), Some("invalid_format"));
    assert_eq!(
        row.error_message.as_deref(),
        Some(
            "Invalid IQ data format: sample format cf16_le (column iq_data_format) is not supported; \
             supported are cf32, cf64, ci16, ci32, cu16, cu32 and the real rf32, rf64, ri16, ri32, ru16, ru32, each \
             with _le or _be; ci8, cu8, ri8, ru8, ci24_le, sc16q11"
        )
    );
    assert_eq!(row.metadata["said"][0]["value"], "cf16_le");
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bytes_that_are_no_recording_are_refused_with_what_they_look_like() {
    let bench = Bench::new().await;
    let doubles: Vec<u8> = recordings::tone()
        .as_chunks::<4>()
        .0
        .iter()
        .flat_map(|bytes| f64::from(f32::from_le_bytes(*bytes)).to_le_bytes())
        .collect();
    let cases = [
        ("doubles.bin", doubles, None, "looks like complex128 read as complex64"),
        (
            "floats.bin",
            recordings::tone(),
            Some("int16"),
            "Invalid IQ data format: read as ci16_le (column iq_data_format), looks like cf32_le (complex64)",
        ),
        (
            "late.bin",
            // Without its first byte: the next number begins after three bytes.
            recordings::tone()[1..95_993].to_vec(),
            None,
            "looks like complex64 that begins 3 bytes late",
        ),
        (
            "picture.bin",
            [&b"\x89PNG\r\n\x1a\n"[..], &vec![0; 96_000]].concat(),
            None,
            "Invalid IQ data format: the object is a PNG picture, not a recording in a known format",
        ),
    ];
    let mut locations = Vec::new();
    for (key, content, ..) in &cases {
        bench.put(key, content.clone());
        locations.push(*key);
    }
    let session = bench.record(&locations).await;
    for (key, _, format, _) in &cases {
        if let Some(format) = format {
            let set = format!(
                "UPDATE heimdall.measurements SET iq_data_format = '{format}' WHERE iq_data_location = '{key}'"
            );
            bench.execute(&set).await;
        }
    }
    let daemon = Daemon::start(&bench).await;
    bench.complete(&session).await;
    let rows = bench.rows(&session).await;
    for (row, (key, _, _, words)) in rows.iter().zip(&cases) {
        let message = row.error_message.as_deref().unwrap_or("none");
        assert!(message.contains(words), "{key}: {message}");
        assert_eq!(row.error_kind.as_deref(), Some("invalid_format"), "{key}");
    }
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bytes_that_look_like_another_format_are_read_with_warnings() {
    let bench = Bench::new().await;
    bench.put("bytes.bin", {
        let components = recordings::tone_ci16();
        let pairs = components.as_chunks::<2>().0.iter();
        pairs.map(|pair| pair[1].wrapping_mul(3)).collect::<Vec<u8>>()
    });
    let session = bench.record(&["bytes.bin"]).await;
    bench
        .execute("UPDATE heimdall.measurements SET iq_data_format = 'int16', iq_samples_count = 12000")
        .await;
    let daemon = Daemon::start(&bench).await;
    bench.complete(&session).await;
    let row = bench.rows(&session).await.remove(0);
    // 8-bit samples read as 16 bits are plausible: the row has features and two warnings.
    assert_eq!(row.error_message, None);
    assert_eq!(
        row.metadata["warnings"],
        json!([
            "read as ci16_le (column iq_data_format), the bytes look like ci8",
            "column iq_samples_count says 12000 samples, the object has 6000 as ci16_le (column iq_data_format); \
             it would have 12000 as ci8 or cu8",
        ])
    );
    daemon.stop().await;
}
