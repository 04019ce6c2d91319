//! Connections to the database that are cut, fall silent or lose replies.

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
    let session = bench.record(&["a.bin", "a.bin", "a.bin"]).await;
    // A claim of rows takes two seconds, so that the proxy can begin to drop replies while it is at work.
    bench
        .execute(
            "CREATE FUNCTION slow_claim() RETURNS trigger LANGUAGE plpgsql AS $$
             BEGIN
                 IF EXISTS (SELECT FROM claimed WHERE state = 'claimed') THEN PERFORM pg_sleep(2); END IF;
                 RETURN NULL;
             END $$;
             CREATE TRIGGER slow_claim AFTER UPDATE ON heimdall.feature_queue REFERENCING NEW TABLE AS claimed
                 FOR EACH STATEMENT EXECUTE FUNCTION slow_claim()",
        )
        .await;
    let database_proxy = TcpProxy::to_database(&bench).await;
    // The lease is long, so only the daemon itself can release the claim.
    let daemon = Daemon::start_through(&bench, &database_proxy, &[("HEIMDALL_LEASE", "10min")]).await;
    bench.complete(&session).await;
    wait_until("a claim at work", || async {
        bench
            .count("pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'")
            .await
            == 1
    })
    .await;
    database_proxy.set(Mode::DropReplies);
    bench.wait_claimed(3).await;
    daemon.wait_for_log("cannot claim, retrying").await;
    bench.execute("DROP TRIGGER slow_claim ON heimdall.feature_queue").await;
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
