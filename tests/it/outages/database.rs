//! Outages of the database server: a long outage, a crash, a switch-over. All are real.

use std::time::{Duration, Instant};

use super::connections::SILENCE_NOTICED;
use crate::support::daemon::{Daemon, command};
use crate::support::store_proxy::{Fault, StoreProxy};
use crate::support::tcp_proxy::{Mode, Target, TcpProxy};
use crate::support::{Bench, assert_extracted, connect, recordings, wait_until};

/// Longer than a lease. `HEIMDALL_OUTAGE_SECONDS` makes it longer.
const AWAY: Duration = Duration::from_secs(40);
/// Time to the first row after the database is back.
const BACK_AT_WORK: Duration = Duration::from_secs(2);
/// Added to a limit for a machine under load.
const SLACK: Duration = Duration::from_secs(2);
/// Attempts to connect, all tasks of a daemon together: each waits 0.75 to 1.5 s, after shorter
/// delays at first.
const ATTEMPTS_PER_SECOND: f64 = 6.0;

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
    let database_proxy = TcpProxy::to_database(&bench).await;
    let daemon = Daemon::start_through(&bench, &database_proxy, &[]).await;
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
        daemon.assert_logged("lease expired", 0).await;
    }
    owner.stop().await;
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_switch_over_is_followed_although_the_old_server_still_answers() {
    let mut bench = Bench::with_own_cluster().await;
    bench.put("a.bin", recordings::tone());
    let database_proxy = TcpProxy::to_database(&bench).await;
    let daemon = Daemon::start_through(&bench, &database_proxy, &[]).await;
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

/// As a stopped server does, or one whose disk has gone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_accepts_and_never_answers_gives_way_to_the_next_one() {
    let bench = Bench::new().await;
    bench.put("a.bin", recordings::tone());
    let session = bench.record(&["a.bin"]).await;
    let (silent, good) = (TcpProxy::to_database(&bench).await, TcpProxy::to_database(&bench).await);
    silent.set(Mode::DropAll);
    let hosts = format!("{},{}", silent.address(), good.address());
    let url = good
        .url_as("daemon", &bench.database)
        .replace(&good.address().to_string(), &hosts);
    let daemon = Daemon::start_with(&bench, &[("HEIMDALL_DATABASE_URL", &url)]).await;
    bench.complete(&session).await;
    assert_extracted(&bench.rows(&session).await, 1);
    assert!(silent.accepted() > 0, "{url}");
    // A command does not wait for a second try.
    let status = command()
        .args(["status", "--json"])
        .env("HEIMDALL_DATABASE_URL", &url)
        .output();
    let status = status.expect("the binary runs");
    assert!(status.status.success(), "{}", String::from_utf8_lossy(&status.stderr));
    daemon.stop().await;
}
