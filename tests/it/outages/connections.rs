//! Connections to the database that are cut, fall silent or lose replies.

use std::collections::HashSet;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::support::daemon::Daemon;
use crate::support::store_proxy::{Fault, StoreProxy};
use crate::support::tcp_proxy::{Mode, TcpProxy};
use crate::support::{Bench, assert_extracted, recordings, wait_for, wait_until};

/// The listener tests its connection every 5 s, with 5 s for the answer.
pub(super) const SILENCE_NOTICED: Duration = Duration::from_secs(15);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn silent_connections_are_replaced_in_time_and_finished_results_are_written() {
    let bench = Bench::new().await;
    bench.put("a.bin", recordings::tone());
    let session = bench.record(&["a.bin"]).await;
    let store_proxy = StoreProxy::with_fault(&bench, "a.bin", Fault::Delay(Duration::from_secs(2))).await;
    let endpoint = store_proxy.endpoint();
    let database_proxy = TcpProxy::to_database(&bench).await;
    let daemon = Daemon::start_through(&bench, &database_proxy, &[("HEIMDALL_S3_ENDPOINT", &endpoint)]).await;
    bench.complete(&session).await;
    store_proxy.wait_requested("a.bin").await;
    database_proxy.set(Mode::DropAll);
    let silent = Instant::now();
    daemon.wait_for_log("listener lost").await;
    let listener_noticed = silent.elapsed();
    daemon.wait_for_log("results cannot be written").await;
    let writer_noticed = silent.elapsed();
    database_proxy.set(Mode::Forward);
    let row = bench.rows(&session).await.remove(0);
    let written = silent.elapsed();
    println!(
        "silent connections, lease 30 s: listener noticed after {listener_noticed:?}, writer after {writer_noticed:?}, row after {written:?}"
    );
    assert!(listener_noticed < SILENCE_NOTICED, "{listener_noticed:?}");
    assert_eq!((row.failed, row.attempts), (false, 1));
    daemon.assert_logged("lease expired: the claims are lost", 0).await;
    wait_until("the listener has reconnected", || async {
        daemon.log_lines("listening").len() == 2
    })
    .await;
    // No old connection is left at either end.
    wait_until("no old connection is left", || async {
        bench.count_connections("true").await <= 5
    })
    .await;
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_heartbeat_succeeds_within_the_lease_although_its_connection_falls_silent() {
    let bench = Bench::new().await;
    let database_proxy = TcpProxy::to_database(&bench).await;
    let daemon = Daemon::start_through(&bench, &database_proxy, &[("HEIMDALL_LEASE", "8s")]).await;
    for _ in 0..2 {
        database_proxy.set(Mode::DropAll);
        let failed = daemon.log_lines("no heartbeat").len();
        wait_until("a failed heartbeat", || async {
            daemon.log_lines("no heartbeat").len() > failed
        })
        .await;
        database_proxy.set(Mode::Forward);
        wait_until("a heartbeat again", || async {
            daemon.log_lines("heartbeat again").len() > failed
        })
        .await;
    }
    assert_eq!(bench.count("heimdall.extraction_workers").await, 1);
    daemon.assert_logged("lease expired: the claims are lost", 0).await;
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_whose_response_is_lost_is_released_by_its_daemon() {
    let bench = Bench::new().await;
    bench.put("a.bin", recordings::tone());
    let first = bench.record(&["a.bin"]).await;
    let session = bench.record(&["a.bin", "a.bin", "a.bin"]).await;
    let database_proxy = TcpProxy::to_database(&bench).await;
    let listener = bench.url_as("daemon").await;
    // The lease is long, so only the daemon itself can release the claim. It polls seldom, so that no poll is in
    // progress when replies begin to be dropped; that would cost it the connection.
    let daemon = Daemon::start_through(
        &bench,
        &database_proxy,
        &[
            ("HEIMDALL_POLL_INTERVAL", "3s"),
            ("HEIMDALL_LEASE", "10min"),
            // The notification must arrive, so that the claim comes before the next look for notes.
            ("HEIMDALL_LISTENER_DATABASE_URL", &listener),
        ],
    )
    .await;
    bench.complete(&first).await;
    assert!(!bench.rows(&first).await[0].failed);
    // The next claim takes the connection that was used last. It must have the claim prepared, because that takes a
    // reply; and the daemon must not look for notes at this moment, because the lost reply would cost it the connection.
    let last = async |statement: &str| -> Option<i32> {
        let query = "SELECT pid FROM (SELECT pid, query, state, state_change FROM pg_stat_activity
                WHERE datname = current_database() AND application_name = 'heimdalld' ORDER BY state_change DESC LIMIT 1) a
            WHERE state = 'idle' AND query LIKE '%' || $1 || '%'
              AND state_change BETWEEN clock_timestamp() - interval '500 ms' AND clock_timestamp() - interval '50 ms'";
        let rows = bench.sql.query(query, &[&statement]).await.expect("the connections");
        rows.first().map(|row| row.get(0))
    };
    // Which connection is used last differs from poll to poll.
    let have_claimed = Mutex::new(HashSet::new());
    wait_until("a look for notes on a connection that has claimed", || async {
        if let Some(pid) = last("claim_measurements").await {
            have_claimed.lock().expect("no panic").insert(pid);
        }
        let looked = last("expand_notes").await;
        looked.is_some_and(|pid| have_claimed.lock().expect("no panic").contains(&pid))
    })
    .await;
    database_proxy.set(Mode::DropReplies);
    bench.complete(&session).await;
    bench.wait_claimed(3).await;
    daemon.wait_for_log("cannot claim, retrying").await;
    database_proxy.set(Mode::Forward);
    assert_extracted(&bench.rows(&session).await, 1);
    assert_eq!(
        daemon
            .log_lines("claim response lost: the claimed rows are ready again")
            .len(),
        1,
        "{:#?}",
        daemon.log_lines("")
    );
    assert_eq!(bench.count("heimdall.feature_queue").await, 0);
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daemon_waits_at_its_start_for_a_database_that_never_answers() {
    let bench = Bench::new().await;
    let database_proxy = TcpProxy::to_database(&bench).await;
    database_proxy.set(Mode::DropAll);
    let url = database_proxy.url_as("daemon", &bench.database);
    let daemon = Daemon::spawn_with(&bench, &[("HEIMDALL_DATABASE_URL", url.as_str())]).await;
    daemon.wait_for_log("database not ready").await;
    database_proxy.set(Mode::Forward);
    daemon.wait_for_log("listening").await;
    daemon.assert_logged("database not ready", 1).await;
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_reconnect_the_listener_listens_before_it_claims() {
    let mut bench = Bench::with_own_cluster().await;
    for setting in ["log_statement = 'all'", "log_line_prefix = '%a: '"] {
        bench.execute(&format!("ALTER SYSTEM SET {setting}")).await;
    }
    bench.execute("SELECT pg_reload_conf()").await;
    let database_proxy = TcpProxy::to_database(&bench).await;
    let daemon = Daemon::start_through(&bench, &database_proxy, &[]).await;
    for reconnects in 1..=5 {
        database_proxy.cut();
        wait_until("the listener has reconnected", || async {
            daemon.log_lines("listening").len() > reconnects
        })
        .await;
        let listened = "heimdalld listener: LOG:  statement: LISTEN";
        let looked = wait_for("a claim after LISTEN", || async {
            let log = bench.own_cluster.as_ref().expect("an own cluster").log();
            let after = log.rsplit(listened).next()?.to_owned();
            assert_eq!(log.matches(listened).count(), reconnects + 1);
            after.contains("heimdall.claim_measurements").then_some(())
        });
        looked.await;
    }
    bench.own_cluster();
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn terminated_backends_only_cost_a_reconnect() {
    let bench = Bench::new().await;
    bench.put("a.bin", recordings::tone());
    bench.history(300, "a.bin", "recording").await;
    let daemon = Daemon::start_with(&bench, &[("HEIMDALL_CONCURRENCY", "4")]).await;
    bench.complete_all().await;
    let terminate = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                     WHERE datname = current_database() AND application_name LIKE 'heimdalld%'";
    let (mut rounds, mut terminated) = (0, 0);
    while bench.count("heimdall.measurement_features").await < 300 && rounds < 20 {
        terminated += bench.value::<i64>(terminate, &[]).await;
        rounds += 1;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    bench
        .wait_count(
            "heimdall.measurement_features WHERE NOT extraction_failed AND attempts = 1",
            300,
        )
        .await;
    bench.wait_count("heimdall.feature_queue", 0).await;
    println!("{terminated} backends terminated in {rounds} rounds");
    assert!(terminated > 0);
    assert!(daemon.log_lines("listener lost").len() <= rounds);
    // Each loss has a line of ours already.
    assert_eq!(daemon.log_lines("could not be recycled"), Vec::<String>::new());
    daemon.stop().await;
}
