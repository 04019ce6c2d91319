//! What is said of a recording, by whom, and what the row tells of it.

use heimdall_daemon::sandbox::objects::Metadata;
use serde_json::{Value, json};

use crate::support::daemon::Daemon;
use crate::support::{BUCKET, Bench, FeatureRow, recordings};

/// The tone as 16-bit integers.
fn tone_ci16() -> Vec<u8> {
    let floats = recordings::tone();
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
        recordings::SAMPLES
    );
    let mut bytes = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    bytes.extend(format!("{dictionary:<117}\n").bytes());
    bytes.extend(recordings::tone());
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
async fn sources_of_the_format_decide_in_order_and_contradictions_are_in_the_row() {
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
    bench.put("odd.cf32", recordings::tone());
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
async fn an_unsupported_format_is_refused_by_name_with_its_source() {
    let bench = Bench::new().await;
    bench.put("a.bin", recordings::tone());
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

/// Metadata for [`tone_ci16`].
fn sigmf(global: &str) -> String {
    format!(
        "{{\"global\": {{\"core:datatype\": \"ci16_le\", \"core:sample_rate\": 12000, \"core:version\": \"1.2.0\"{global}}},
          \"captures\": [{{\"core:sample_start\": 0, \"core:frequency\": 145e6}}], \"annotations\": []}}"
    )
}

/// A tar file with a dataset in front of its metadata, as the usual writers make it.
fn sigmf_archive() -> Vec<u8> {
    let entry = |name: &str, content: &[u8]| {
        let mut header = [0_u8; 512];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[124..136].copy_from_slice(format!("{:011o}\0", content.len()).as_bytes());
        header[156] = b'0';
        header[257..265].copy_from_slice(b"ustar\x0000");
        header[148..156].fill(b' ');
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        let mut entry = [&header[..], content].concat();
        entry.resize(entry.len().next_multiple_of(512), 0);
        entry
    };
    let data = entry("r/r.sigmf-data", &tone_ci16());
    [data, entry("r/r.sigmf-meta", sigmf("").as_bytes()), vec![0; 1024]].concat()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigmf_metadata_are_found_next_to_the_samples_instead_of_them_and_in_archives() {
    let bench = Bench::new().await;
    bench.put("a/pair.sigmf-data", tone_ci16());
    bench.put("a/pair.sigmf-meta", sigmf(""));
    bench.put("a/foreign.dat", [&[0xff; 100][..], &tone_ci16()].concat());
    let foreign = sigmf(", \"core:dataset\": \"foreign.dat\"").replace(
        "\"core:sample_start\"",
        "\"core:header_bytes\": 100, \"core:sample_start\"",
    );
    bench.put("a/foreign.sigmf-meta", foreign);
    bench.put("a/told.dat", tone_ci16());
    bench.put("a/told.dat.sigmf-meta", sigmf(""));
    bench.put("a/archive.sigmf", sigmf_archive());
    bench.put("a/plain.bin", recordings::tone());
    bench.put("a/plain.sigmf-meta", "nothing asks for this");
    let locations = [
        "a/pair.sigmf-data",
        "a/pair.sigmf-meta",
        "a/foreign.sigmf-meta",
        "a/told.dat",
        "a/archive.sigmf",
        "a/plain.bin",
    ];
    let session = bench.record(&locations).await;
    bench
        .execute(
            "UPDATE heimdall.measurements SET iq_sample_rate = NULL WHERE iq_data_location <> 'a/plain.bin';
             UPDATE heimdall.measurements SET iq_data_format = 'SigMF' WHERE iq_data_location = 'a/told.dat'",
        )
        .await;
    let daemon = Daemon::start(&bench).await;
    bench.complete(&session).await;
    let rows = bench.rows(&session).await;
    for (row, location) in rows.iter().zip(locations) {
        assert_tone(row);
        assert_eq!(warnings(row), &json!([]), "{location}");
    }
    let sources = [
        "SigMF sidecar",
        "SigMF sidecar",
        "SigMF sidecar",
        "SigMF sidecar",
        "SigMF archive",
    ];
    for (row, source) in rows.iter().zip(sources) {
        assert_eq!(row.metadata["iq_format_source"], source, "{}", row.metadata);
        assert_eq!(row.metadata["sample_rate_source"], source);
        assert_eq!(row.metadata["centre_frequency_hz"], 145e6);
    }
    let beside = |index: usize| {
        (
            rows[index].metadata["object_key"].as_str(),
            rows[index].metadata["sigmf_key"].as_str(),
        )
    };
    assert_eq!(beside(0), (Some("a/pair.sigmf-data"), Some("a/pair.sigmf-meta")));
    assert_eq!(beside(1), (Some("a/pair.sigmf-data"), Some("a/pair.sigmf-meta")));
    assert_eq!(beside(2), (Some("a/foreign.dat"), Some("a/foreign.sigmf-meta")));
    assert_eq!(beside(3), (Some("a/told.dat"), Some("a/told.dat.sigmf-meta")));
    assert_eq!(beside(4), (Some("a/archive.sigmf"), None));
    assert_eq!(rows[4].metadata["object_bytes"], sigmf_archive().len());
    assert_eq!(beside(5), (Some("a/plain.bin"), None));
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn missing_or_unusable_sigmf_metadata_make_an_error_row_or_a_warning() {
    let bench = Bench::new().await;
    for key in ["alone.sigmf-data", "described.sigmf-data", "wide.sigmf-data"] {
        bench.put(key, tone_ci16());
    }
    bench.put("wide.sigmf-meta", sigmf(", \"core:num_channels\": 2"));
    bench.put("outside.sigmf-meta", sigmf(", \"core:dataset\": \"../x\""));
    bench.put("only.sigmf-meta", sigmf(", \"core:metadata_only\": true"));
    let locations = [
        "alone.sigmf-data",
        "described.sigmf-data",
        "wide.sigmf-data",
        "outside.sigmf-meta",
        "only.sigmf-meta",
    ];
    let session = bench.record(&locations).await;
    bench
        .execute("UPDATE heimdall.measurements SET iq_data_format = 'int16' WHERE iq_data_location ~ 'described'")
        .await;
    let daemon = Daemon::start(&bench).await;
    bench.complete(&session).await;
    let rows = bench.rows(&session).await;
    let errors: Vec<Option<&str>> = rows.iter().map(|row| row.error_message.as_deref()).collect();
    assert_eq!(
        errors,
        [
            Some("IQ file not found: alone.sigmf-meta"),
            None,
            Some("Invalid IQ data format: SigMF metadata: 2 interleaved channels (core:num_channels), one is read"),
            Some("Invalid IQ data format: SigMF metadata: core:dataset is '../x', which is no file name"),
            Some("Invalid IQ data format: SigMF metadata: there are no samples to it (core:metadata_only)"),
        ]
    );
    assert_tone(&rows[1]);
    assert_eq!(warnings(&rows[1]), &json!(["metadata_missing"]));
    assert_eq!(
        rows[1].metadata["warnings"],
        json!(["no SigMF metadata at described.sigmf-meta"])
    );
    // Metadata may be on their way like any object.
    assert_eq!(bench.count("heimdall.feature_queue WHERE recheck").await, 1);
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
            // Without its first byte: the next number begins three bytes on.
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
    bench.put("bytes.bin", {
        let components = tone_ci16();
        let pairs = components.as_chunks::<2>().0.iter();
        pairs.map(|pair| pair[1].wrapping_mul(3)).collect::<Vec<u8>>()
    });
    locations.push("bytes.bin");
    let session = bench.record(&locations).await;
    for (key, _, format, _) in &cases {
        if let Some(format) = format {
            let set = format!(
                "UPDATE heimdall.measurements SET iq_data_format = '{format}' WHERE iq_data_location = '{key}'"
            );
            bench.execute(&set).await;
        }
    }
    bench
        .execute("UPDATE heimdall.measurements SET iq_data_format = 'int16', iq_samples_count = 12000 WHERE iq_data_location = 'bytes.bin'")
        .await;
    let daemon = Daemon::start(&bench).await;
    bench.complete(&session).await;
    let rows = bench.rows(&session).await;
    for (row, (key, _, _, words)) in rows.iter().zip(&cases) {
        let message = row.error_message.as_deref().unwrap_or("none");
        assert!(message.contains(words), "{key}: {message}");
        assert_eq!(row.error_kind.as_deref(), Some("invalid_format"), "{key}");
    }
    // 8 bits read as 16 are plausible: numbers, and two reasons to doubt them.
    assert_eq!(rows[4].error_message, None);
    assert_eq!(
        rows[4].metadata["warnings"],
        json!([
            "read as ci16_le (column iq_data_format), the bytes look like ci8",
            "column iq_samples_count says 12000 samples, the object has 6000 as ci16_le (column iq_data_format); \
             it would have 12000 as ci8 or cu8",
        ])
    );
    daemon.stop().await;
}
