//! Compressed objects, and recordings with a text next to them, through the daemon and `heimdalld
//! extract`.

use std::io::Write as _;
use std::path::Path;

use serde_json::json;

use super::sigmf::sigmf_archive;
use crate::support::daemon::{Daemon, command};
use crate::support::s3_replies::no_such_key;
use crate::support::scripted_store::{Reply, ScriptedStore};
use crate::support::{Bench, recordings};

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(content).expect("a write to memory");
    encoder.finish().expect("a write to memory")
}

/// A zstd frame of this many blocks of 128 KiB of the same value, four bytes each.
fn zstd_bomb(blocks: usize) -> Vec<u8> {
    let block = [&((128_u32 * 1024) << 3 | 2).to_le_bytes()[..3], &[7]].concat();
    [&b"\x28\xb5\x2f\xfd\0\x58"[..], &block.repeat(blocks), b"\x01\0\0"].concat()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_compressed_object_is_read_and_its_row_says_so() {
    let bench = Bench::new().await;
    let samples = recordings::tone_ci16();
    let objects = [
        ("name_12k.cs16.gz", gzip(&samples)),
        ("unnamed.bin", gzip(&samples)),
        ("tail.sigmf.gz", gzip(&sigmf_archive())),
        ("damaged_12k.cs16.gz", gzip(&samples)[..20_000].to_vec()),
        ("twice_12k.cs16.gz", gzip(&gzip(&samples))),
    ];
    for (key, content) in &objects {
        bench.put(key, content.clone());
    }
    let session = bench.record(&objects.each_ref().map(|(key, _)| *key)).await;
    bench
        .execute(
            "UPDATE heimdall.measurements SET iq_sample_rate = NULL WHERE iq_data_location <> 'unnamed.bin';
             UPDATE heimdall.measurements SET iq_data_format = 'int16' WHERE iq_data_location = 'unnamed.bin'",
        )
        .await;
    let daemon = Daemon::start(&bench).await;
    bench.complete(&session).await;
    let rows = bench.rows(&session).await;
    daemon.stop().await;
    for (row, (key, content)) in rows.iter().zip(&objects).take(3) {
        row.assert_tone();
        assert_eq!(row.warnings(), &json!([]), "{key}");
        assert_eq!(row.metadata["compression"], "gzip");
        assert_eq!(row.metadata["object_key"], *key);
        assert_eq!(row.metadata["object_bytes"], content.len());
        assert!(row.metadata["object_etag"].is_string());
        let whole = if *key == "tail.sigmf.gz" {
            sigmf_archive().len()
        } else {
            samples.len()
        };
        assert_eq!(row.metadata["decompressed_bytes"], whole, "{key}");
        assert_eq!(row.metadata["sample_rate_hz"], 12_000.0);
    }
    assert_eq!(rows[0].metadata["sample_rate_source"], "file name");
    assert_eq!(rows[2].metadata["iq_format_source"], "SigMF archive");
    for (row, words) in [
        (&rows[3], "gzip-compressed: the compressed data end too early ("),
        (
            &rows[4],
            "the object is gzip-compressed, and what comes out is gzip-compressed again",
        ),
    ] {
        let message = row.error_message.as_deref().unwrap_or_default();
        assert!(message.contains(words), "{message}");
        assert_eq!(row.error_kind.as_deref(), Some("invalid_format"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_out_of_an_object_is_limited() {
    let bench = Bench::new().await;
    // 512 MiB come out of 16 KiB.
    bench.put("bomb.cs16.zst", zstd_bomb(4096));
    bench.put("bomb.sigmf.gz", gzip(&vec![7; 4_000_000]));
    bench.put("good_12k.cs16.gz", gzip(&recordings::tone_ci16()));
    let session = bench
        .record(&["bomb.cs16.zst", "bomb.sigmf.gz", "good_12k.cs16.gz"])
        .await;
    let daemon = Daemon::start_with(&bench, &[("HEIMDALL_MAX_OBJECT_BYTES", "1000000")]).await;
    bench.complete(&session).await;
    let rows = bench.rows(&session).await;
    daemon.stop().await;
    for (row, compression) in rows.iter().zip(["zstd", "gzip"]) {
        assert_eq!(
            row.error_message.as_deref(),
            Some(&*format!(
                "IQ file too large: more than 1000000 bytes come out of its {compression} compression, which is the \
                 limit (HEIMDALL_MAX_OBJECT_BYTES)"
            ))
        );
        assert_eq!(row.error_kind.as_deref(), Some("too_large"));
        assert_eq!(row.attempts, 1);
    }
    rows[2].assert_tone();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_content_encoding_changes_no_byte_and_is_compared_with_them() {
    let stored = [gzip(&recordings::tone_ci16()), recordings::tone_ci16()];
    let bodies = stored.clone();
    let store = ScriptedStore::start(move |request| {
        let body = match &request.path {
            path if path.contains("encoded") => &bodies[0],
            path if path.contains("plain") => &bodies[1],
            _ => return Reply::Send(no_such_key()),
        };
        let head = format!(
            "HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        Reply::Send([head.as_bytes(), body].concat())
    })
    .await;
    let bench = Bench::new().await;
    let session = bench.record(&["encoded.cs16", "plain.cs16"]).await;
    let endpoint = store.endpoint();
    let daemon = Daemon::start_with(&bench, &[("HEIMDALL_S3_ENDPOINT", &endpoint)]).await;
    bench.complete(&session).await;
    let rows = bench.rows(&session).await;
    daemon.stop().await;
    for (row, stored) in rows.iter().zip(&stored) {
        row.assert_tone();
        assert_eq!(row.metadata["object_bytes"], stored.len());
        assert_eq!(
            row.metadata["said"][0],
            json!({"what": "compression", "value": "gzip", "source": "Content-Encoding"})
        );
    }
    assert_eq!(rows[0].metadata["compression"], "gzip");
    assert_eq!(rows[0].warnings(), &json!([]));
    assert_eq!(rows[1].metadata.get("compression"), None);
    assert_eq!(
        rows[1].metadata["warnings"],
        json!(["Content-Encoding says gzip, the object is not compressed"])
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_text_of_portapack_is_requested_only_if_nothing_states_the_rate() {
    let bench = Bench::new().await;
    let samples = recordings::tone_ci16();
    for key in ["a/BBD_0001.C16", "a/bbd_0002.c16", "a/BBD_0003.C16", "a/BBD_0004.C16"] {
        bench.put(key, samples.clone());
    }
    for key in ["a/BBD_0001.TXT", "a/bbd_0002.TXT", "a/BBD_0003.TXT"] {
        bench.put(key, "sample_rate=12000\r\ncenter_frequency=433920000\r\n");
    }
    let session = bench
        .record(&["a/BBD_0001.C16", "a/bbd_0002.c16", "a/BBD_0003.C16", "a/BBD_0004.C16"])
        .await;
    bench
        .execute("UPDATE heimdall.measurements SET iq_sample_rate = NULL WHERE iq_data_location !~ '0003'")
        .await;
    let daemon = Daemon::start(&bench).await;
    bench.complete(&session).await;
    let rows = bench.rows(&session).await;
    daemon.stop().await;
    for (row, key) in rows[..2].iter().zip(["a/BBD_0001.TXT", "a/bbd_0002.TXT"]) {
        row.assert_tone();
        assert_eq!(row.metadata["portapack_key"], key);
        assert_eq!(row.metadata["sample_rate_source"], "PortaPack text");
        assert_eq!(row.metadata["centre_frequency_hz"], 433_920_000.0);
    }
    rows[2].assert_tone();
    assert_eq!(rows[2].metadata.get("portapack_key"), None);
    assert_eq!(rows[2].metadata["sample_rate_source"], "column iq_sample_rate");
    // Without the text, the rate is the default.
    assert_eq!(
        rows[3].error_message.as_deref(),
        Some("Recording too short: 12000 samples, one chunk needs 40000")
    );
}

/// What `heimdalld extract` writes: the first segment of the file, and the standard error.
fn extract(folder: &Path, file: &str, arguments: &[&str]) -> (serde_json::Value, String) {
    let output = command()
        .arg("extract")
        .arg(folder.join(file))
        .args(arguments)
        .output()
        .expect("the binary runs");
    let printed: serde_json::Value = serde_json::from_slice(&output.stdout).expect("a JSON object");
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    (printed["segments"][0].clone(), errors)
}

#[test]
fn files_are_read_without_a_server() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let write = |name: &str, content: &[u8]| std::fs::write(folder.join(name), content).expect("a file");
    let samples = recordings::tone_ci16();
    write("x_12k.cs16.gz", &gzip(&samples));
    write("tail.sigmf.gz", &gzip(&sigmf_archive()));
    write("BBD_0001.C16", &samples);
    write("bbd_0001.Txt", b"sample_rate=12000\ncenter_frequency=433920000\n");
    write("x.sigmf-data.gz", &gzip(&samples));
    write(
        "x.sigmf-meta",
        br#"{"global": {"core:datatype": "ci16_le", "core:sample_rate": 12000, "core:version": "1.2.0"},
            "captures": [], "annotations": []}"#,
    );
    for (file, words) in [
        (
            "x_12k.cs16.gz",
            "read as gzip (48000 bytes come out), ci16_le (extension), scale x / 32768, at 12000 Hz (file name)",
        ),
        ("tail.sigmf.gz", "bytes come out), sigmf, ci16_le (SigMF archive)"),
        ("BBD_0001.C16", "at 12000 Hz (PortaPack text)"),
        ("x.sigmf-data.gz", "at 12000 Hz (SigMF sidecar)"),
    ] {
        let (segment, errors) = extract(folder, file, &[]);
        assert!(errors.contains(words), "{errors}");
        assert_eq!(segment["frequency_offset_hz"]["mean"], 1_000.0, "{errors}");
    }
    let (_, errors) = extract(folder, "BBD_0001.C16", &["--sample-rate", "24000"]);
    assert!(errors.contains("at 24000 Hz (argument)"), "{errors}");
}
