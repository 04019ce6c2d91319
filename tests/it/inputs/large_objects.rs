//! The memory of the daemon does not grow with the size of an object.

use std::time::{Duration, Instant};

use hyper::body::Bytes;

use crate::support::daemon::Daemon;
use crate::support::s3_replies::no_such_key;
use crate::support::scripted_store::{Reply, ScriptedStore};
use crate::support::{Bench, recordings, wait_for};

/// Recordings in flight: the default.
const IN_FLIGHT: u64 = 16;
/// Limit of the daemon's memory with 16 recordings in flight, without the pages of the program file: a
/// debug build has 32 MB of them.
const LIMIT_KIB: u64 = 40 * 1024;

/// `HEIMDALL_LARGE_OBJECT_BYTES` sets the size, for example 10000000000. Fifteen other objects have a sixteenth of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_object_takes_no_more_memory_than_a_small_one() {
    let bytes = match std::env::var("HEIMDALL_LARGE_OBJECT_BYTES") {
        Ok(text) => text.parse().expect("a number of bytes"),
        Err(_) => 160_000_000_u64,
    };
    let (rate_hz, sample_bytes) = (200_000_u64, 8);
    let block = Bytes::from(recordings::tone().repeat(10));
    let store = ScriptedStore::start(move |request| {
        let size = match request
            .path
            .split("size-")
            .nth(1)
            .and_then(|rest| rest.strip_suffix(".bin"))
        {
            Some(size) => size.parse().expect("a size in the key"),
            None => return Reply::Send(no_such_key()),
        };
        let head = format!("HTTP/1.1 200 OK\r\nETag: \"{size}\"\r\nContent-Length: {size}\r\n\r\n");
        Reply::Repeat(head.into_bytes(), block.clone(), size)
    })
    .await;
    let bench = Bench::new().await;
    let whole = |size: u64| size / sample_bytes * sample_bytes;
    let mut keys = vec![format!("size-{}.bin", whole(bytes))];
    keys.extend((1..IN_FLIGHT).map(|n| format!("{n}-size-{}.bin", whole(bytes / IN_FLIGHT))));
    let session = bench.record(&keys.iter().map(String::as_str).collect::<Vec<_>>()).await;
    bench
        .execute(&format!("UPDATE heimdall.measurements SET iq_sample_rate = {rate_hz}"))
        .await;
    let endpoint = store.endpoint();
    let daemon = Daemon::start_with(&bench, &[("HEIMDALL_S3_ENDPOINT", &endpoint)]).await;
    bench.complete(&session).await;
    let begun = Instant::now();
    // At 20 MB/s: a debug build on a machine under load.
    let limit = Duration::from_secs(60 + bytes / 10_000_000);
    while bench.count("heimdall.measurement_features").await < i64::try_from(IN_FLIGHT).expect("few") {
        assert!(begun.elapsed() < limit, "not finished after {limit:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let took = begun.elapsed();
    let rows = bench.rows(&session).await;
    for row in &rows {
        assert_eq!(row.error_message, None);
    }
    assert_eq!(rows[0].metadata["object_bytes"], whole(bytes));
    let segments = bytes.div_ceil(rate_hz * sample_bytes);
    assert_eq!(rows[0].metadata["num_segments"], segments);
    let peak_kib = wait_for("the peak of the memory", || async { peak_kib(daemon.pid()) }).await;
    println!(
        "{bytes} bytes and fifteen objects of a sixteenth in {took:?}, peak {} MiB",
        peak_kib / 1024
    );
    assert!(peak_kib < LIMIT_KIB, "{peak_kib} KiB, the limit is {LIMIT_KIB} KiB");
    daemon.stop().await;
}

fn peak_kib(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let value = |name: &str| -> Option<u64> {
        let line = status.lines().find(|line| line.starts_with(name))?;
        line.split_whitespace().nth(1)?.parse().ok()
    };
    Some(value("VmHWM:")?.saturating_sub(value("RssFile:")?))
}
