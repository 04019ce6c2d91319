//! The daemon is killed, aborts or freezes at each fault point of a recording.

use std::time::{Duration, Instant};

use futures_util::StreamExt;
use heimdall_daemon::job::failpoint::FailPoint;

use crate::support::daemon::Daemon;
use crate::support::{Bench, Session, recordings, wait_for, wait_until};

/// Other daemons take over after this time.
const LEASE: Duration = Duration::from_secs(1);
/// The take-over comes with a heartbeat, three a lease. The rest is for a machine under load.
const TAKE_OVER_LIMIT: Duration = Duration::from_secs(20);
/// Points tested at the same time, each with its own database and daemons.
const AT_ONCE: usize = 4;

/// Whether the daemon that stops at this point has committed the row.
fn is_committed(point: FailPoint) -> bool {
    matches!(point, FailPoint::AfterCommit | FailPoint::AfterReport)
}

async fn record_one(bench: &Bench) -> Session {
    bench.put("a.bin", recordings::tone());
    bench.record(&["a.bin"]).await
}

async fn start(bench: &Bench, fault: &str) -> Daemon {
    Daemon::start_with(bench, &[("HEIMDALL_LEASE", "1s"), ("HEIMDALL_FAULT", fault)]).await
}

/// There is one good row, the queue is empty, and the session was announced at most once. Returns
/// the attempts.
async fn expect_one_good_row(bench: &Bench, session: &Session, point: FailPoint, heir: &Daemon, first: &Daemon) -> i32 {
    let row = wait_for("the row", || bench.row(session.measurements[0])).await;
    assert!(!row.failed, "{point:?}: {row:?}");
    assert_eq!(row.features[0]["num_chunks"], 5, "{point:?}");
    bench.wait_count("heimdall.feature_queue", 0).await;
    let settled = [heir, first].map(|daemon| daemon.log_lines("feature extraction complete").len());
    assert!(settled.iter().sum::<usize>() <= 1, "{point:?}: announced {settled:?}");
    row.attempts
}

/// Waits until another daemon has removed this one because its lease expired.
async fn wait_removed(bench: &Bench, daemon: &Daemon) {
    let its_row = format!("heimdall.worker_heartbeats WHERE pid = {}", daemon.pid());
    bench.wait_count(&its_row, 0).await;
}

async fn test_death_at(point: FailPoint, how: &str) -> Duration {
    let bench = Bench::new().await;
    let session = record_one(&bench).await;
    let mut first = start(&bench, &format!("{}:{how}", point.name())).await;
    let heir = Daemon::spawn_with(&bench, &[("HEIMDALL_LEASE", "1s")]).await;
    // The other daemon is frozen, so that the first one claims the recording.
    heir.signal("STOP");
    bench.complete(&session).await;
    let status = first.wait_exit().await;
    assert!(!status.success(), "{point:?}: {status}");
    first.assert_logged("fault point", 1).await;
    let died = Instant::now();
    heir.signal("CONT");
    let attempts = expect_one_good_row(&bench, &session, point, &heir, &first).await;
    let took = died.elapsed();
    match point {
        // The COMMIT may or may not have arrived.
        FailPoint::CommitSent => assert!((1..=2).contains(&attempts)),
        _ => assert_eq!(attempts, if is_committed(point) { 1 } else { 2 }, "{point:?}"),
    }
    assert!(took < TAKE_OVER_LIMIT, "{point:?}: {took:?}");
    wait_removed(&bench, &first).await;
    heir.wait_for_log("listening").await;
    heir.stop().await;
    assert_eq!(bench.count("heimdall.worker_heartbeats").await, 0, "{point:?}");
    took
}

async fn test_freeze_at(point: FailPoint) {
    let bench = Bench::new().await;
    let session = record_one(&bench).await;
    let stale = start(&bench, &format!("{}:stop", point.name())).await;
    bench.complete(&session).await;
    wait_until("the process is stopped", || async {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", stale.pid())).unwrap_or_default();
        stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('T'))
    })
    .await;
    // The heir reads another recording, so that a late overwrite would show.
    bench.put("a.bin", recordings::tone_of(2, 2 * recordings::SAMPLES));
    let heir = Daemon::start_with(&bench, &[("HEIMDALL_LEASE", "1s")]).await;
    let committed = is_committed(point);
    let wanted = if committed { 1 } else { 2 };
    // At CommitSent both results are possible. If its transaction is open, the server's time-out ends it.
    let row = wait_for("the row", || bench.row(session.measurements[0])).await;
    bench.wait_count("heimdall.feature_queue", 0).await;
    if point != FailPoint::CommitSent {
        assert_eq!(row.features.as_array().map(Vec::len), Some(wanted), "{point:?}");
    }
    wait_removed(&bench, &stale).await;
    let stamp = "SELECT xmin::text || ' ' || updated_at FROM heimdall.measurement_features";
    let before: String = bench.value(stamp, &[]).await;

    stale.signal("CONT");
    stale.wait_for_log("lease expired: the claims are lost").await;
    stale.stop().await;
    assert_eq!(bench.value::<String>(stamp, &[]).await, before, "{point:?}");
    assert_eq!(bench.count("heimdall.feature_queue").await, 0, "{point:?}");
    heir.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daemon_killed_at_any_fault_point_loses_nothing_and_writes_nothing_twice() {
    let mut killed: Vec<_> = futures_util::stream::iter(FailPoint::ALL)
        .map(|point| async move { (point.name(), test_death_at(*point, "kill").await) })
        .buffered(AT_ONCE)
        .collect()
        .await;
    assert_eq!(killed.len(), FailPoint::ALL.len());
    killed.sort_by_key(|(_, took)| *took);
    println!(
        "killed at {} points, lease {LEASE:?}; until the row existed: {killed:?}",
        killed.len()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daemon_that_aborts_loses_nothing_either() {
    for point in [FailPoint::MidBody, FailPoint::AfterStore] {
        test_death_at(point, "abort").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daemon_frozen_at_any_fault_point_past_its_lease_changes_nothing_afterwards() {
    let tried = futures_util::stream::iter(FailPoint::ALL)
        .map(|point| test_freeze_at(*point))
        .buffered(AT_ONCE)
        .count()
        .await;
    assert_eq!(tried, FailPoint::ALL.len());
}
