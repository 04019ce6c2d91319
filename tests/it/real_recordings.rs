//! Recordings made by others, over the air, where `HEIMDALL_IQ_CORPUS` names a folder of them.

use std::path::{Path, PathBuf};

use crate::support::daemon::Daemon;
use crate::support::{Bench, iq};

/// Three `KiwiSDR` receivers of the time signal DCF77, at the same moment.
const RECEIVERS: [&str; 3] = ["DF0KL", "F1JEK", "HB9RYZ"];
/// As the files' header has it.
const SAMPLE_RATE_HZ: f64 = 12_001.0;

/// The samples of a `KiwiSDR` file as `cf32_le`: RIFF chunks, `data` among stamps, 16-bit I and Q.
fn kiwi_to_cf32(file: &[u8]) -> Vec<u8> {
    let mut samples = Vec::new();
    let mut rest = &file[12..];
    while let [a, b, c, d, e, f, g, h, body @ ..] = rest {
        let length = u32::from_le_bytes([*e, *f, *g, *h]) as usize;
        let (chunk, behind) = body.split_at(length.min(body.len()));
        if [*a, *b, *c, *d] == *b"data" {
            let part = |bytes: &[u8]| f32::from(i16::from_le_bytes([bytes[0], bytes[1]])) / 32_768.0;
            samples.extend(chunk.chunks_exact(4).map(|pair| (part(&pair[..2]), part(&pair[2..]))));
        }
        rest = behind;
    }
    iq::to_bytes(samples)
}

fn file_of(corpus: &Path, receiver: &str) -> PathBuf {
    let entries = std::fs::read_dir(corpus).expect("the corpus is readable");
    let wanted = |path: &PathBuf| path.to_string_lossy().ends_with(&format!("_{receiver}_iq.wav"));
    entries
        .flatten()
        .map(|entry| entry.path())
        .find(wanted)
        .unwrap_or_else(|| panic!("no recording of {receiver}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_simultaneous_receivers_of_a_time_signal_stand_side_by_side() {
    let Some(corpus) = std::env::var_os("HEIMDALL_IQ_CORPUS").filter(|folder| !folder.is_empty()) else {
        println!("not tried: HEIMDALL_IQ_CORPUS names no folder");
        return;
    };
    let bench = Bench::new().await;
    for receiver in RECEIVERS {
        let file = std::fs::read(file_of(Path::new(&corpus), receiver)).expect("a recording");
        bench.put(receiver, kiwi_to_cf32(&file));
    }
    let session = bench.record(&RECEIVERS).await;
    bench
        .sql
        .execute(
            "UPDATE heimdall.measurements SET iq_sample_rate = $1",
            &[&SAMPLE_RATE_HZ],
        )
        .await
        .expect("set");
    let daemon = Daemon::start(&bench).await;
    bench.complete(&session).await;
    for row in bench.rows(&session).await {
        assert_eq!(row.error_message, None);
        assert_eq!(row.detected, 1, "a time signal is heard all over Europe");
    }
    // 30 s each: thirty segments at least, in each of them all three receivers.
    let segments =
        "SELECT count(*) FILTER (WHERE cardinality(receiver_features) = 3), count(*) FROM heimdall.session_features";
    let segments = bench.sql.query_one(segments, &[]).await.expect("one row");
    let (complete, all): (i64, i64) = (segments.get(0), segments.get(1));
    assert!(
        complete >= 29 && all - complete <= 1,
        "{complete} of {all} segments have all receivers"
    );
    daemon.stop().await;
}
