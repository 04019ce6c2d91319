//! A log that cannot be written ends nothing: full disk, closed pipe, a reader that does not read.

use std::fs::OpenOptions;
use std::io::{Read, pipe};
use std::net::TcpListener;
use std::process::Stdio;

use crate::support::daemon::{Daemon, get};
use crate::support::prometheus::Scrape;
use crate::support::{Bench, assert_extracted, recordings, wait_for};

const DROPPED: &str = "heimdalld_log_lines_dropped_total";

/// An address for HTTP that is free, since the log cannot say which one the daemon took.
fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its number").to_string()
}

/// The metrics, when this many log lines at least are dropped.
async fn dropped(address: &str, least: u64) -> Scrape {
    let url = format!("http://{address}/metrics");
    wait_for("dropped lines", || async {
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        let text = client.get(&url).send().await.ok()?.text().await.ok()?;
        let scrape = Scrape::parse(&text);
        (scrape.count(DROPPED) >= least).then_some(scrape)
    })
    .await
}

/// A daemon whose standard error is `stderr` extracts recordings, one of which panics.
async fn works_with(stderr: Stdio, fault: bool) {
    let bench = Bench::new().await;
    bench.put("a.bin", recordings::tone());
    bench.put("b.bin", recordings::tone());
    let address = free_address();
    let mut settings = vec![("HEIMDALL_HTTP_ADDR", address.as_str())];
    if fault {
        settings.push(("HEIMDALL_FAULT", "after_get:panic:1:b.bin"));
    }
    let daemon = Daemon::spawn_with_stderr(&bench, &settings, stderr).await;
    let session = bench.record(&["a.bin", "b.bin", "a.bin"]).await;
    bench.complete(&session).await;
    let rows = bench.rows(&session).await;
    assert!(!rows[0].failed && !rows[2].failed, "{rows:?}");
    if fault {
        assert_eq!(rows[1].error_kind.as_deref(), Some("internal"), "{rows:?}");
    }
    let scrape = dropped(&address, 5).await;
    assert_eq!(scrape.count("heimdalld_in_flight"), 0);
    daemon.stop().await;
    assert_eq!(bench.count("heimdall.worker_heartbeats").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_full_disk_the_daemon_works_and_counts_the_lines_and_a_panic_is_no_second_one() {
    let full = OpenOptions::new().write(true).open("/dev/full").expect("the device");
    works_with(full.into(), true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_closed_pipe_the_daemon_works_and_counts_the_lines() {
    let (reader, writer) = pipe().expect("a pipe");
    drop(reader);
    works_with(writer.into(), true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_reader_that_does_not_read_the_daemon_works_and_later_says_how_many_lines_are_lost() {
    let bench = Bench::new().await;
    bench.put("a.bin", recordings::tone());
    let address = free_address();
    let (mut reader, writer) = pipe().expect("a pipe");
    let settings = [("HEIMDALL_HTTP_ADDR", address.as_str()), ("HEIMDALL_LOG", "trace")];
    let daemon = Daemon::spawn_with_stderr(&bench, &settings, writer.into()).await;
    let mut sessions = Vec::new();
    // The pipe and the queue of lines are full.
    while dropped(&address, 0).await.count(DROPPED) == 0 {
        let session = bench.record(&["a.bin", "a.bin", "a.bin"]).await;
        bench.complete(&session).await;
        assert_extracted(&bench.rows(&session).await, 1);
        sessions.push(session);
    }
    assert!(!sessions.is_empty());
    assert_eq!(get(&format!("http://{address}/healthz")).await.0, 200);
    let reading = std::thread::spawn(move || {
        let mut text = Vec::new();
        reader.read_to_end(&mut text).expect("the pipe is read");
        String::from_utf8_lossy(&text).into_owned()
    });
    let session = bench.record(&["a.bin"]).await;
    bench.complete(&session).await;
    assert_extracted(&bench.rows(&session).await, 1);
    daemon.stop().await;
    let text = reading.join().expect("no panic");
    assert!(
        text.contains("log lines could not be written and are lost lines="),
        "{} bytes",
        text.len()
    );
    assert!(text.contains(" INFO stopped "), "the last lines are written");
}
