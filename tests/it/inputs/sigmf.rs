//! `SigMF` metadata: where they are looked for, and what happens without them.

use serde_json::json;

use crate::support::daemon::Daemon;
use crate::support::{Bench, recordings};

/// Metadata for [`recordings::tone_ci16`].
fn sigmf(global: &str) -> String {
    format!(
        "{{\"global\": {{\"core:datatype\": \"ci16_le\", \"core:sample_rate\": 12000, \"core:version\": \"1.2.0\"{global}}},
          \"captures\": [{{\"core:sample_start\": 0, \"core:frequency\": 145e6}}], \"annotations\": []}}"
    )
}

/// A tar file with the samples before the metadata, as the usual writers make it.
pub(super) fn sigmf_archive() -> Vec<u8> {
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
    let data = entry("r/r.sigmf-data", &recordings::tone_ci16());
    [data, entry("r/r.sigmf-meta", sigmf("").as_bytes()), vec![0; 1024]].concat()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigmf_metadata_are_found_next_to_the_samples_instead_of_them_and_in_archives() {
    let bench = Bench::new().await;
    bench.put("a/pair.sigmf-data", recordings::tone_ci16());
    bench.put("a/pair.sigmf-meta", sigmf(""));
    bench.put("a/foreign.dat", [&[0xff; 100][..], &recordings::tone_ci16()].concat());
    let foreign = sigmf(", \"core:dataset\": \"foreign.dat\"").replace(
        "\"core:sample_start\"",
        "\"core:header_bytes\": 100, \"core:sample_start\"",
    );
    bench.put("a/foreign.sigmf-meta", foreign);
    bench.put("a/declared.dat", recordings::tone_ci16());
    bench.put("a/declared.dat.sigmf-meta", sigmf(""));
    bench.put("a/archive.sigmf", sigmf_archive());
    bench.put("a/plain.bin", recordings::tone());
    bench.put("a/plain.sigmf-meta", "never requested");
    let locations = [
        "a/pair.sigmf-data",
        "a/pair.sigmf-meta",
        "a/foreign.sigmf-meta",
        "a/declared.dat",
        "a/archive.sigmf",
        "a/plain.bin",
    ];
    let session = bench.record(&locations).await;
    bench
        .execute(
            "UPDATE heimdall.measurements SET iq_sample_rate = NULL WHERE iq_data_location <> 'a/plain.bin';
             UPDATE heimdall.measurements SET iq_data_format = 'SigMF' WHERE iq_data_location = 'a/declared.dat'",
        )
        .await;
    let daemon = Daemon::start(&bench).await;
    bench.complete(&session).await;
    let rows = bench.rows(&session).await;
    for (row, location) in rows.iter().zip(locations) {
        row.assert_tone();
        assert_eq!(row.warnings(), &json!([]), "{location}");
    }
    for (index, row) in rows[..5].iter().enumerate() {
        let source = if index < 4 { "SigMF sidecar" } else { "SigMF archive" };
        assert_eq!(row.metadata["iq_format_source"], source, "{}", row.metadata);
        assert_eq!(row.metadata["sample_rate_source"], source);
        assert_eq!(row.metadata["centre_frequency_hz"], 145e6);
    }
    let keys = |index: usize| {
        (
            rows[index].metadata["object_key"].as_str(),
            rows[index].metadata["sigmf_key"].as_str(),
        )
    };
    assert_eq!(keys(0), (Some("a/pair.sigmf-data"), Some("a/pair.sigmf-meta")));
    assert_eq!(keys(1), (Some("a/pair.sigmf-data"), Some("a/pair.sigmf-meta")));
    assert_eq!(keys(2), (Some("a/foreign.dat"), Some("a/foreign.sigmf-meta")));
    assert_eq!(keys(3), (Some("a/declared.dat"), Some("a/declared.dat.sigmf-meta")));
    assert_eq!(keys(4), (Some("a/archive.sigmf"), None));
    assert_eq!(rows[4].metadata["object_bytes"], sigmf_archive().len());
    assert_eq!(keys(5), (Some("a/plain.bin"), None));
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn missing_or_unusable_sigmf_metadata_make_an_error_row_or_a_warning() {
    let bench = Bench::new().await;
    for key in ["alone.sigmf-data", "described.sigmf-data", "wide.sigmf-data"] {
        bench.put(key, recordings::tone_ci16());
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
            Some("Invalid IQ data format: SigMF metadata: core:dataset is '../x', which is not a file name"),
            Some("Invalid IQ data format: SigMF metadata: it has no samples (core:metadata_only)"),
        ]
    );
    rows[1].assert_tone();
    assert_eq!(rows[1].warnings(), &json!(["metadata_missing"]));
    assert_eq!(
        rows[1].metadata["warnings"],
        json!(["no SigMF metadata at described.sigmf-meta"])
    );
    // Metadata that are missing may arrive late, like any object.
    assert_eq!(bench.count("heimdall.feature_queue WHERE recheck").await, 1);
    daemon.stop().await;
}
