//! Claims while an old snapshot is held: by a dump, a report, or an idle transaction.
//!
//! A normal run counts the buffers that a claim reads. With `HEIMDALL_HELD_SNAPSHOT_SECONDS` the
//! rate of claims is measured too, for that time each: without a snapshot, with one and full scans,
//! and with one and the claim cursor (`tests/load/held_snapshot.sh`). Rates are per second and per
//! CPU second of Postgres. Other load on the machine does not change the latter.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use heimdall_daemon::config::secret::Secret;
use heimdall_daemon::job::outcome::Outcome;
use heimdall_daemon::postgres::Database;
use heimdall_daemon::queue::held_leases::HeldLeases;
use heimdall_daemon::queue::{ANSWER_TIMEOUT, Queue};
use heimdall_daemon::worker::cursor::ClaimCursor;
use heimdall_daemon::writer::completed_job::CompletedJob;
use heimdall_daemon::writer::limits::Limits;
use heimdall_daemon::writer::transaction::transact;
use serde_json::Value;
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::support::{Bench, connect};

/// Rows that are always ready.
const BACKLOG: i32 = 5_000;
/// Concurrent workers.
const WORKERS: usize = 4;
/// Rows of each claim.
const ROWS: usize = 10;
/// Rows completed between the snapshot and the measurement: what a few daemons complete in minutes.
const DEAD: i32 = 166_000;
/// Length of one measurement.
const INTERVAL: Duration = Duration::from_secs(10);

const INSERT: &str =
    "INSERT INTO heimdall.feature_queue (measurement_id, recording_session_id, measured_at, source, priority)
                      SELECT gen_random_uuid(), gen_random_uuid(), now(), 'live', 0 FROM generate_series(1, $1::int)";
const HOLD: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM heimdall.feature_queue";

/// Buffers that a claim of 16 rows touches. The claim is rolled back.
async fn buffers(bench: &Bench, worker: Uuid, start_ids: &str) -> i64 {
    bench.execute("BEGIN").await;
    let explain = format!(
        "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT * FROM heimdall.claim_measurements('{worker}', 16, {start_ids})"
    );
    let plan: Value = bench.value(&explain, &[]).await;
    bench.execute("ROLLBACK").await;
    let plan = &plan[0]["Plan"];
    assert_eq!(plan["Actual Rows"].as_f64(), Some(16.0), "{plan}");
    let of = |name: &str| plan[name].as_i64().expect("a number");
    of("Shared Hit Blocks") + of("Shared Read Blocks")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_from_the_cursor_reads_no_more_than_without_the_snapshot() {
    let bench = Bench::new().await;
    let register = "INSERT INTO heimdall.worker_heartbeats (host, pid, version, concurrency, lease_ms, schema_version)
                    VALUES ('test', 1, '0', 16, 3600000, 1000000) RETURNING worker_id";
    let worker: Uuid = bench.value(register, &[]).await;
    let (holder, _) = connect(&bench.url().await).await;
    holder.batch_execute(HOLD).await.expect("held");

    bench.sql.execute(INSERT, &[&100]).await.expect("queued");
    let before = buffers(&bench, worker, "NULL").await;
    bench.execute("DELETE FROM heimdall.feature_queue").await;
    // Each of these leaves a dead row that vacuum must keep.
    bench.sql.execute(INSERT, &[&20_000]).await.expect("queued");
    bench.execute("DELETE FROM heimdall.feature_queue").await;
    bench.sql.execute(INSERT, &[&100]).await.expect("queued");
    let lowest: i64 = bench.value("SELECT min(id) - 1 FROM heimdall.feature_queue", &[]).await;
    let full_scan = buffers(&bench, worker, "NULL").await;
    let from_cursor = buffers(&bench, worker, &format!("ARRAY[{lowest}, 0, 0]")).await;
    assert!(
        full_scan > 3 * from_cursor,
        "{full_scan} buffers in a full scan, {from_cursor} from the cursor"
    );
    assert!(
        from_cursor < 2 * before,
        "{from_cursor} buffers from the cursor, {before} before the snapshot"
    );
}

/// The claims of one worker until the end. Claimed rows are discarded and replaced by as many.
async fn work(bench: &Bench, use_cursor: bool, end: Instant, claims: &AtomicU64) {
    let url = Secret::new(bench.url().await);
    let queue = Queue::new(&Database::new(&url).expect("a URL")).expect("a pool");
    let (sql, _driving) = connect(&bench.url().await).await;
    let insert = sql.prepare(INSERT).await.expect("prepared");
    let worker = queue
        .register("test", 1, 16, Duration::from_hours(1))
        .await
        .expect("registered");
    let places = Arc::new(Semaphore::new(ROWS));
    let mut cursor = ClaimCursor::default();
    while Instant::now() < end {
        let begun = Instant::now();
        let start = if use_cursor { cursor.start_ids(begun) } else { None };
        let taken = queue.claim(worker, ROWS, start).await.expect("an answer");
        cursor.record(start, begun, Instant::now(), &taken, None);
        let rows = i32::try_from(taken.len()).expect("ten");
        let batch: Vec<CompletedJob> = taken
            .into_iter()
            .map(|claim| CompletedJob {
                claim,
                outcome: Outcome::Discard,
                total_ms: 0,
                permit: Arc::clone(&places).try_acquire_owned().ok(),
                held: Arc::new(HeldLeases::default()),
            })
            .collect();
        if !batch.is_empty() {
            let limits = Limits::usual(ANSWER_TIMEOUT);
            transact(&queue, &batch, &limits).await.expect("discarded");
            sql.execute(&insert, &[&rows]).await.expect("queued");
        }
        claims.fetch_add(1, Ordering::Relaxed);
    }
}

/// CPU time of the database's sessions so far, in ticks of 10 ms.
async fn cpu_ticks(bench: &Bench) -> u64 {
    let sessions = "SELECT pid FROM pg_stat_activity WHERE datname = current_database()";
    let mut ticks = 0;
    for row in bench.sql.query(sessions, &[]).await.expect("it answers") {
        let pid: i32 = row.get(0);
        // The process may have ended. User and system time are the 12th and 13th field after the name in brackets.
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
        ticks += fields
            .skip(11)
            .take(2)
            .filter_map(|text| text.parse::<u64>().ok())
            .sum::<u64>();
    }
    ticks
}

/// Claims per second and per CPU second of Postgres, for each interval.
async fn rates(held: bool, use_cursor: bool, duration: Duration) -> Vec<(f64, f64)> {
    let bench = Arc::new(Bench::new().await);
    let (holder, _driving) = connect(&bench.url().await).await;
    if held {
        holder.batch_execute(HOLD).await.expect("held");
    }
    bench.sql.execute(INSERT, &[&DEAD]).await.expect("queued");
    bench.execute("DELETE FROM heimdall.feature_queue").await;
    bench.execute("VACUUM heimdall.feature_queue").await;
    bench.sql.execute(INSERT, &[&BACKLOG]).await.expect("queued");
    let claims = Arc::new(AtomicU64::new(0));
    let end = Instant::now() + duration + Duration::from_secs(2);
    let workers: Vec<_> = (0..WORKERS)
        .map(|_| {
            let (bench, claims) = (Arc::clone(&bench), Arc::clone(&claims));
            tokio::spawn(async move { work(&bench, use_cursor, end, &claims).await })
        })
        .collect();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut rates = Vec::new();
    let mut before = (Instant::now(), claims.load(Ordering::Relaxed), cpu_ticks(&bench).await);
    while before.0 + INTERVAL < end {
        tokio::time::sleep(INTERVAL).await;
        let now = (Instant::now(), claims.load(Ordering::Relaxed), cpu_ticks(&bench).await);
        let done = (now.1 - before.1) as f64;
        rates.push((
            done / (now.0 - before.0).as_secs_f64(),
            done / ((now.2 - before.2) as f64 / 100.0),
        ));
        before = now;
    }
    for worker in workers {
        worker.await.expect("no panic");
    }
    rates
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn claims_keep_most_of_their_rate_while_a_snapshot_is_held() {
    let Ok(seconds) = std::env::var("HEIMDALL_HELD_SNAPSHOT_SECONDS") else {
        eprintln!("HEIMDALL_HELD_SNAPSHOT_SECONDS is not set: rates are not measured");
        return;
    };
    let seconds: u64 = seconds.parse().expect("a number of seconds");
    let duration = Duration::from_secs(seconds).max(INTERVAL);
    let mut per_cpu = Vec::new();
    for (what, held, cursor) in [
        ("no snapshot held", false, true),
        ("held, full scans", true, false),
        ("held, claim cursor", true, true),
    ] {
        let rates = rates(held, cursor, duration).await;
        eprintln!(
            "{what:22} claims of {ROWS} rows in each {INTERVAL:?} (per second, per CPU second of Postgres): {rates:.0?}"
        );
        per_cpu.push(rates.iter().map(|rate| rate.1).sum::<f64>() / rates.len() as f64);
    }
    let (without, with) = (per_cpu[1] / per_cpu[0], per_cpu[2] / per_cpu[0]);
    eprintln!(
        "claims per CPU second, relative to no snapshot: {without:.2} with full scans, {with:.2} with the cursor"
    );
    assert!(with > 0.7, "more than 30 % slower while a snapshot is held");
}
