//! Database outages: terminated backends, a crash, a long outage, silent connections, a switch-over. All are real.

use std::time::{Duration, Instant};

use crate::support::daemon::Daemon;
use crate::support::store_proxy::{Fault, StoreProxy};
use crate::support::tcp_proxy::{Mode, Target, TcpProxy};
use crate::support::{Bench, assert_extracted, connect, recordings, wait_for, wait_until};

/// Longer than a lease. `HEIMDALL_OUTAGE_SECONDS` makes it longer.
const AWAY: Duration = Duration::from_secs(40);
/// Time to the first row after the database is back.
const BACK_AT_WORK: Duration = Duration::from_secs(2);
/// The listener tests its connection every 5 s, with 5 s for the answer.
const SILENCE_NOTICED: Duration = Duration::from_secs(15);
/// Added to a limit for a machine under load.
const SLACK: Duration = Duration::from_secs(2);
/// Attempts to connect, all tasks of a daemon together: each waits 0.75 to 1.5 s, after shorter delays at first.
const ATTEMPTS_PER_SECOND: f64 = 6.0;

async fn database_proxy(bench: &Bench) -> TcpProxy {
    TcpProxy::to(Target::of_url(&bench.url().await)).await
}

/// A daemon that reaches the database through the proxy.
async fn start(bench: &Bench, database_proxy: &TcpProxy, settings: &[(&str, &str)]) -> Daemon {
    let url = database_proxy.url_as("daemon", &bench.database);
    Daemon::start_with(bench, &[&[("HEIMDALL_DATABASE_URL", url.as_str())], settings].concat()).await
}

/// CPU time so far, user and system.
fn cpu_time(daemon: &Daemon) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", daemon.pid())).expect("the daemon runs");
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    let ticks: u64 = fields[11..13]
        .iter()
        .map(|ticks| ticks.parse::<u64>().expect("ticks"))
        .sum();
    // USER_HZ is 100 on every Linux.
    Duration::from_millis(ticks * 10)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn extraction_continues_within_two_seconds_of_a_long_database_outage() {
    let away = std::env::var("HEIMDALL_OUTAGE_SECONDS").ok();
    let away = away.map_or(AWAY, |text| Duration::from_secs(text.parse().expect("seconds")));
    let mut bench = Bench::with_own_cluster().await;
    bench.put("a.bin", recordings::tone());
    let session = bench.record(&["a.bin"]).await;
    let database_proxy = database_proxy(&bench).await;
    let daemon = start(&bench, &database_proxy, &[]).await;
    let (attempts, cpu) = (database_proxy.accepted(), cpu_time(&daemon));
    tokio::task::block_in_place(|| bench.own_cluster().stop_immediate()).expect("it stops");
    tokio::time::sleep(away).await;
    let (attempts, cpu) = (
        database_proxy.accepted() - attempts,
        cpu_time(&daemon).saturating_sub(cpu),
    );
    tokio::task::block_in_place(|| bench.own_cluster().start_again()).expect("it starts");
    let back = Instant::now();
    bench.reconnect().await;
    bench.complete(&session).await;
    assert!(!bench.rows(&session).await.remove(0).failed);
    let took = back.elapsed();
    println!("outage of {away:?}: row {took:?} after its end, {attempts} attempts to connect, {cpu:?} of CPU");
    assert!(took < BACK_AT_WORK + SLACK, "{took:?}");
    assert!(
        f64::from(attempts) < ATTEMPTS_PER_SECOND * away.as_secs_f64(),
        "{attempts} attempts"
    );
    assert!(cpu < away / 20, "{cpu:?} of CPU in {away:?}");

    // One log line for each change of state, whatever the number of attempts.
    daemon.wait_for_log("heartbeat again").await;
    for (change, most) in [
        ("listener lost", 1),
        ("no heartbeat", 1),
        ("cannot claim, retrying", 1),
        ("heartbeat again", 1),
        ("claiming again", 1),
        ("listening", 2),
    ] {
        let lines = daemon.log_lines(change);
        assert!(lines.len() <= most, "{change}: {lines:#?}");
    }
    daemon.assert_logged("listener lost", 1).await;
    assert!(daemon.log_lines("").len() < 20, "{:#?}", daemon.log_lines(""));
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_finished_result_is_written_when_the_database_is_back_and_nobody_takes_it_over() {
    let mut bench = Bench::with_own_cluster().await;
    bench.put("a.bin", recordings::tone());
    let session = bench.record(&["a.bin"]).await;
    let store_proxy = StoreProxy::with_fault(&bench, "a.bin", Fault::Delay(Duration::from_millis(1_500))).await;
    let endpoint = store_proxy.endpoint();
    let settings = [("HEIMDALL_LEASE", "3s"), ("HEIMDALL_S3_ENDPOINT", endpoint.as_str())];
    let owner = Daemon::start_with(&bench, &settings).await;
    bench.complete(&session).await;
    store_proxy.wait_requested("a.bin").await;
    let other = Daemon::start_with(&bench, &settings).await;
    tokio::task::block_in_place(|| bench.own_cluster().stop_immediate()).expect("it stops");
    owner.wait_for_log("results cannot be written").await;
    // Longer than both their leases.
    tokio::time::sleep(Duration::from_secs(4)).await;
    tokio::task::block_in_place(|| bench.own_cluster().start_again()).expect("it starts");
    bench.reconnect().await;
    assert_extracted(&bench.rows(&session).await, 1);
    owner.wait_for_log("results written, the database is back").await;
    other.wait_for_log("heartbeat again").await;
    for daemon in [&owner, &other] {
        daemon.assert_logged("taken", 0).await;
    }
    owner.stop().await;
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn silent_connections_are_replaced_in_time_and_finished_results_are_written() {
    let bench = Bench::new().await;
    bench.put("a.bin", recordings::tone());
    let session = bench.record(&["a.bin"]).await;
    let store_proxy = StoreProxy::with_fault(&bench, "a.bin", Fault::Delay(Duration::from_secs(2))).await;
    let endpoint = store_proxy.endpoint();
    let database_proxy = database_proxy(&bench).await;
    let daemon = start(&bench, &database_proxy, &[("HEIMDALL_S3_ENDPOINT", &endpoint)]).await;
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
    let backends = "pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'heimdalld%'";
    wait_until("no old connection is left", || async {
        bench.count(backends).await <= 5
    })
    .await;
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_heartbeat_succeeds_within_the_lease_although_its_connection_falls_silent() {
    let bench = Bench::new().await;
    let database_proxy = database_proxy(&bench).await;
    let daemon = start(&bench, &database_proxy, &[("HEIMDALL_LEASE", "8s")]).await;
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
    let database_proxy = database_proxy(&bench).await;
    // The lease is long, so only the daemon itself can release the claim. It polls seldom, so that no poll is in
    // progress when replies begin to be dropped; that would cost it the connection.
    let daemon = start(
        &bench,
        &database_proxy,
        &[("HEIMDALL_POLL_INTERVAL", "3s"), ("HEIMDALL_LEASE", "10min")],
    )
    .await;
    bench.complete(&first).await;
    assert!(!bench.rows(&first).await[0].failed);
    wait_until("half a second without a statement", || async {
        let busy = "pg_stat_activity WHERE application_name = 'heimdalld'
                    AND state_change > clock_timestamp() - interval '500 ms'";
        bench.count(busy).await == 0
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
    let database_proxy = database_proxy(&bench).await;
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
async fn a_switch_over_is_followed_although_the_old_server_still_answers() {
    let mut bench = Bench::with_own_cluster().await;
    bench.put("a.bin", recordings::tone());
    let database_proxy = database_proxy(&bench).await;
    let daemon = start(&bench, &database_proxy, &[]).await;
    let standby = tokio::task::block_in_place(|| bench.own_cluster().standby()).expect("a standby");
    // The old server is made read-only. Its sessions stay open and answer.
    bench
        .execute("ALTER SYSTEM SET default_transaction_read_only = on")
        .await;
    bench.execute("SELECT pg_reload_conf()").await;
    tokio::task::block_in_place(|| standby.promote()).expect("the standby is promoted");
    database_proxy.lead_to(Target::of_url(&standby.url(&bench.database)));
    let switched = Instant::now();
    (bench.sql, _) = connect(&standby.url(&bench.database)).await;
    daemon.wait_for_log("has another taken over?").await;
    wait_until("the listener is connected to the new server", || async {
        daemon.log_lines("listening").len() == 2
    })
    .await;
    let followed = switched.elapsed();
    let session = bench.record(&["a.bin"]).await;
    bench.complete(&session).await;
    assert_extracted(&bench.rows(&session).await, 1);
    println!("switch-over: the listener reconnected after {followed:?}");
    assert!(followed < SILENCE_NOTICED, "{followed:?}");
    let (old, _driving) = connect(&bench.url().await).await;
    let left = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'heimdalld%'";
    wait_until("no connection to the old server is left", || async {
        let row = old.query_one(left, &[]).await.expect("it answers");
        row.get::<_, i64>(0) == 0
    })
    .await;
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_reconnect_the_listener_listens_before_it_claims() {
    let mut bench = Bench::with_own_cluster().await;
    for setting in ["log_statement = 'all'", "log_line_prefix = '%a: '"] {
        bench.execute(&format!("ALTER SYSTEM SET {setting}")).await;
    }
    bench.execute("SELECT pg_reload_conf()").await;
    let database_proxy = database_proxy(&bench).await;
    let daemon = start(&bench, &database_proxy, &[]).await;
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
    while bench.count("heimdall.feature_queue").await > 0 && rounds < 20 {
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
    daemon.stop().await;
}
