//! The database goes: terminated, crashed, away, silent, switched over. Every one is caused for real.

use std::time::{Duration, Instant};

use crate::support::daemon::Daemon;
use crate::support::store_proxy::{Fault, StoreProxy};
use crate::support::tcp_proxy::{Mode, Target, TcpProxy};
use crate::support::{Bench, assert_extracted, connect, recordings, wait_for, wait_until};

/// Longer than a lease; by hand as long as one likes.
const AWAY: Duration = Duration::from_secs(40);
/// Promised once the database is back.
const BACK_AT_WORK: Duration = Duration::from_secs(2);
/// A notification's way is proved every 5 s, with 5 s for the answer.
const SILENCE_NOTICED: Duration = Duration::from_secs(15);
/// What a machine that does ten other things may add to a promise.
const SLACK: Duration = Duration::from_secs(2);
/// Attempts to connect, all parts of a daemon together: each waits between 0.75 and 1.5 s, after shorter first ones.
const ATTEMPTS_PER_SECOND: f64 = 6.0;

async fn database_proxy(bench: &Bench) -> TcpProxy {
    TcpProxy::to(Target::of_url(&bench.url().await)).await
}

/// A daemon whose way to the database is the wire.
async fn start(bench: &Bench, database_proxy: &TcpProxy, settings: &[(&str, &str)]) -> Daemon {
    let url = database_proxy.url_as("daemon", &bench.database);
    Daemon::start_with(bench, &[&[("HEIMDALL_DATABASE_URL", url.as_str())], settings].concat()).await
}

/// Processor time so far, user and system.
fn cpu_time(daemon: &Daemon) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", daemon.pid())).expect("it lives");
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    let ticks: u64 = fields[11..13]
        .iter()
        .map(|ticks| ticks.parse::<u64>().expect("ticks"))
        .sum();
    // USER_HZ is 100 on every Linux.
    Duration::from_millis(ticks * 10)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_away_for_long_is_back_at_work_within_two_seconds() {
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
    println!("{away:?} away: row {took:?} after it was back, {attempts} attempts to connect, {cpu:?} of CPU");
    assert!(took < BACK_AT_WORK + SLACK, "{took:?}");
    assert!(
        f64::from(attempts) < ATTEMPTS_PER_SECOND * away.as_secs_f64(),
        "{attempts} attempts"
    );
    assert!(cpu < away / 20, "{cpu:?} of CPU in {away:?}");

    // One line for each change of state, whatever the number of tries.
    daemon.wait_for_log("heartbeat again").await;
    for (change, most) in [
        ("listener lost", 1),
        ("no heartbeat", 1),
        ("cannot claim, trying on", 1),
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
async fn a_result_in_hand_is_written_when_the_database_is_back_and_nobody_takes_over_meanwhile() {
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
async fn a_silent_link_is_left_in_time_and_what_is_in_hand_is_written() {
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
        "silent link, lease 30 s: listener noticed after {listener_noticed:?}, writer after {writer_noticed:?}, row after {written:?}"
    );
    assert!(listener_noticed < SILENCE_NOTICED, "{listener_noticed:?}");
    assert_eq!((row.failed, row.attempts), (false, 1));
    daemon.assert_logged("taken for dead", 0).await;
    wait_until("it listens again", || async {
        daemon.log_lines("listening").len() == 2
    })
    .await;
    // Nothing of the old connections is left, at either end.
    let backends = "pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'heimdalld%'";
    wait_until("no connection leaks", || async { bench.count(backends).await <= 5 }).await;
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_heartbeat_gets_through_within_the_lease_though_its_link_falls_silent() {
    let bench = Bench::new().await;
    let database_proxy = database_proxy(&bench).await;
    let daemon = start(&bench, &database_proxy, &[("HEIMDALL_LEASE", "8s")]).await;
    for _ in 0..2 {
        database_proxy.set(Mode::DropAll);
        let failed = daemon.log_lines("no heartbeat").len();
        wait_until("the beat is missed", || async {
            daemon.log_lines("no heartbeat").len() > failed
        })
        .await;
        database_proxy.set(Mode::Forward);
        wait_until("it beats again", || async {
            daemon.log_lines("heartbeat again").len() > failed
        })
        .await;
    }
    assert_eq!(bench.count("heimdall.extraction_workers").await, 1);
    daemon.assert_logged("taken for dead", 0).await;
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_whose_answer_is_lost_is_returned_by_the_daemon_that_lives_on() {
    let bench = Bench::new().await;
    bench.put("a.bin", recordings::tone());
    let first = bench.record(&["a.bin"]).await;
    let session = bench.record(&["a.bin", "a.bin", "a.bin"]).await;
    let database_proxy = database_proxy(&bench).await;
    // Its lease is in nobody's way: only the daemon itself can find out. It looks seldom, so that when the answers begin to be
    // swallowed no look is under way, which would take its connection with it.
    let daemon = start(
        &bench,
        &database_proxy,
        &[("HEIMDALL_POLL_INTERVAL", "3s"), ("HEIMDALL_LEASE", "10min")],
    )
    .await;
    bench.complete(&first).await;
    assert!(!bench.rows(&first).await[0].failed);
    wait_for("half a second without a statement", || async {
        let busy = "pg_stat_activity WHERE application_name = 'heimdalld'
                    AND state_change > clock_timestamp() - interval '500 ms'";
        (bench.count(busy).await == 0).then_some(())
    })
    .await;
    database_proxy.set(Mode::DropReplies);
    bench.complete(&session).await;
    bench.wait_claimed(3).await;
    daemon.wait_for_log("cannot claim, trying on").await;
    database_proxy.set(Mode::Forward);
    assert_extracted(&bench.rows(&session).await, 1);
    assert_eq!(
        daemon.log_lines("claimed, but the answer was lost: ready again").len(),
        1,
        "{:#?}",
        daemon.log_lines("")
    );
    assert_eq!(bench.count("heimdall.feature_queue").await, 0);
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daemon_starts_before_a_database_that_accepts_and_never_answers() {
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
async fn a_switch_over_is_followed_though_the_old_server_goes_on_answering() {
    let mut bench = Bench::with_own_cluster().await;
    bench.put("a.bin", recordings::tone());
    let database_proxy = database_proxy(&bench).await;
    let daemon = start(&bench, &database_proxy, &[]).await;
    let standby = tokio::task::block_in_place(|| bench.own_cluster().standby()).expect("a standby");
    // The old one is fenced by being made read-only: its sessions live and answer.
    bench
        .execute("ALTER SYSTEM SET default_transaction_read_only = on")
        .await;
    bench.execute("SELECT pg_reload_conf()").await;
    tokio::task::block_in_place(|| standby.promote()).expect("it takes over");
    database_proxy.lead_to(Target::of_url(&standby.url(&bench.database)));
    let switched = Instant::now();
    (bench.sql, _) = connect(&standby.url(&bench.database)).await;
    daemon.wait_for_log("has another taken over?").await;
    wait_until("it listens to the new one", || async {
        daemon.log_lines("listening").len() == 2
    })
    .await;
    let followed = switched.elapsed();
    let session = bench.record(&["a.bin"]).await;
    bench.complete(&session).await;
    assert_extracted(&bench.rows(&session).await, 1);
    println!("switch-over: the listener followed after {followed:?}");
    assert!(followed < SILENCE_NOTICED, "{followed:?}");
    let (old, _driving) = connect(&bench.own_cluster().url("apart")).await;
    let left = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'heimdalld%'";
    wait_for("nothing stays with the old one", || async {
        let row = old.query_one(left, &[]).await.expect("it answers");
        (row.get::<_, i64>(0) == 0).then_some(())
    })
    .await;
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_reconnect_the_listener_listens_first_and_looks_second() {
    let mut bench = Bench::with_own_cluster().await;
    for setting in ["log_statement = 'all'", "log_line_prefix = '%a: '"] {
        bench.execute(&format!("ALTER SYSTEM SET {setting}")).await;
    }
    bench.execute("SELECT pg_reload_conf()").await;
    let database_proxy = database_proxy(&bench).await;
    let daemon = start(&bench, &database_proxy, &[]).await;
    for reconnects in 1..=5 {
        database_proxy.cut();
        wait_until("it listens again", || async {
            daemon.log_lines("listening").len() > reconnects
        })
        .await;
        let listened = "heimdalld listener: LOG:  statement: LISTEN";
        let looked = wait_for("it looks", || async {
            let log = bench.own_cluster.as_ref().expect("its own").log();
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
async fn terminated_backends_cost_nothing_but_a_reconnect() {
    let bench = Bench::new().await;
    bench.put("a.bin", recordings::tone());
    bench.history(300, "a.bin", "recording").await;
    let daemon = Daemon::start_with(&bench, &[("HEIMDALL_CONCURRENCY", "4")]).await;
    bench.complete_all().await;
    let terminate = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                     WHERE datname = current_database() AND application_name LIKE 'heimdalld%'";
    let (mut blows, mut terminated) = (0, 0);
    while bench.count("heimdall.feature_queue").await > 0 && blows < 20 {
        terminated += bench.value::<i64>(terminate, &[]).await;
        blows += 1;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    bench
        .wait_count(
            "heimdall.measurement_features WHERE NOT extraction_failed AND attempts = 1",
            300,
        )
        .await;
    bench.wait_count("heimdall.feature_queue", 0).await;
    println!("{terminated} backends terminated in {blows} blows");
    assert!(terminated > 0);
    assert!(daemon.log_lines("listener lost").len() <= blows);
    daemon.stop().await;
}
