//! Full load for a long time: what the daemon and its queue take at the end, against the beginning; and what a
//! transaction that somebody else holds open costs.
//!
//! Ten seconds in a normal run, which shows that it works; `tests/load/soak.sh` makes minutes of it.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::support::daemon::Daemon;
use crate::support::{Bench, connect, recordings};

/// Queued at any time: never empty, whatever the daemon does in a moment.
const BACKLOG: i64 = 1_500;
/// Sessions that come in at once, seven receivers each.
const SESSIONS: i32 = 100;
/// Between two looks, and of the readings whose median counts.
const LOOK: Duration = Duration::from_millis(500);
/// `autovacuum_naptime`, at its default.
const NAP: Duration = Duration::from_mins(1);
/// Finished ones are taken out after this many seconds, or a long run would fill the disk.
const KEPT_S: i32 = 20;

/// One reading.
#[derive(Debug, Clone, Copy)]
struct Reading {
    resident_kib: i64,
    descriptors: i64,
    connections: i64,
    table_kib: i64,
    indexes_kib: i64,
    /// Recordings per second since the reading before.
    rate: i64,
}

/// What of many readings counts.
type Gist = fn(&[Reading], fn(&Reading) -> i64) -> i64;

/// A line of the report: name, unit, value, how much larger the end may be than the beginning: share, and so many.
type Line = (&'static str, fn(&Reading) -> i64, Gist, Option<(f64, i64)>);

const LINES: [Line; 6] = [
    (
        "resident memory, KiB",
        |reading| reading.resident_kib,
        median,
        Some((0.10, 2_048)),
    ),
    (
        "file descriptors",
        |reading| reading.descriptors,
        median,
        Some((0.0, 4)),
    ),
    ("connections", |reading| reading.connections, median, Some((0.0, 1))),
    // They grow from one visit of autovacuum to the next and may be cut short then: it is their peaks that tell.
    (
        "feature_queue at most, KiB",
        |reading| reading.table_kib,
        peak,
        Some((0.25, 1_024)),
    ),
    (
        "its indexes at most, KiB",
        |reading| reading.indexes_kib,
        peak,
        Some((0.25, 1_024)),
    ),
    ("recordings/s", |reading| reading.rate, median, None),
];

fn seconds(name: &str, otherwise: u64) -> Duration {
    let text = std::env::var(name).ok();
    Duration::from_secs(text.map_or(otherwise, |text| text.parse().expect("seconds, as a number")))
}

fn median(readings: &[Reading], of: fn(&Reading) -> i64) -> i64 {
    let mut values: Vec<i64> = readings.iter().map(of).collect();
    values.sort_unstable();
    values[values.len() / 2]
}

fn peak(readings: &[Reading], of: fn(&Reading) -> i64) -> i64 {
    readings.iter().map(of).max().unwrap_or_default()
}

struct Soak {
    bench: Bench,
    daemon: Daemon,
    finished: i64,
    looked: Instant,
}

impl Soak {
    /// Keeps the load up and reads, for so long.
    async fn run(&mut self, time: Duration) -> Vec<Reading> {
        let (begun, mut readings) = (Instant::now(), Vec::new());
        while begun.elapsed() < time {
            self.fill_up().await;
            tokio::time::sleep(LOOK).await;
            readings.push(self.read().await);
        }
        readings
    }

    async fn autovacuums(&self) -> i64 {
        let count = "SELECT autovacuum_count FROM pg_stat_user_tables WHERE relid = 'heimdall.feature_queue'::regclass";
        self.bench.value(count, &[]).await
    }

    async fn fill_up(&self) {
        while self.bench.count("heimdall.feature_queue").await < BACKLOG {
            let enter = "WITH session AS (
                    INSERT INTO heimdall.recording_sessions (status, frequency_hz, duration_seconds)
                    SELECT 'recording', 145000000, 1 FROM generate_series(1, $1::int) RETURNING id
                ), measurement AS (
                    INSERT INTO heimdall.measurements (frequency_hz, iq_data_location, recording_session_id, iq_sample_rate)
                    SELECT 145000000, 'a.bin', id, $2::float8 FROM session, generate_series(1, 7)
                ) SELECT count(*) FROM session";
            let entered: i64 = self.bench.value(enter, &[&SESSIONS, &recordings::SAMPLE_RATE_HZ]).await;
            assert_eq!(entered, i64::from(SESSIONS));
            self.bench
                .execute("UPDATE heimdall.recording_sessions SET status = 'completed' WHERE status = 'recording'")
                .await;
        }
        let gone = format!(
            "WITH old AS MATERIALIZED (
                 SELECT s.id FROM heimdall.recording_sessions s WHERE s.created_at < now() - interval '{KEPT_S} seconds'
                   AND NOT EXISTS (SELECT FROM heimdall.feature_queue q WHERE q.recording_session_id = s.id)
             ), features AS (
                 DELETE FROM heimdall.measurement_features WHERE recording_session_id IN (SELECT id FROM old)
             ), measurements AS (
                 DELETE FROM heimdall.measurements WHERE recording_session_id IN (SELECT id FROM old)
             ) DELETE FROM heimdall.recording_sessions WHERE id IN (SELECT id FROM old)"
        );
        self.bench.execute(&gone).await;
    }

    async fn read(&mut self) -> Reading {
        let process = format!("/proc/{}", self.daemon.pid());
        let status = std::fs::read_to_string(Path::new(&process).join("status")).expect("the daemon lives");
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let resident = resident.and_then(|text| text.trim().trim_end_matches(" kB").parse().ok());
        let descriptors = std::fs::read_dir(Path::new(&process).join("fd"))
            .expect("its descriptors")
            .count();
        // Every claim draws a number; the sequence is the count of all that was ever begun.
        let begun: i64 = self.bench.value("SELECT last_value FROM heimdall.claim_ids", &[]).await;
        let elapsed = self.looked.elapsed().as_millis().max(1);
        let rate = i128::from(begun - self.finished) * 1_000 / i128::try_from(elapsed).expect("no eternity");
        (self.finished, self.looked) = (begun, Instant::now());
        let size = |function: &str| format!("SELECT {function}('heimdall.feature_queue') / 1024");
        Reading {
            resident_kib: resident.expect("its resident memory"),
            descriptors: i64::try_from(descriptors).expect("few"),
            connections: self
                .bench
                .count("pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'heimdalld%'")
                .await,
            table_kib: self.bench.value(&size("pg_table_size"), &[]).await,
            indexes_kib: self.bench.value(&size("pg_indexes_size"), &[]).await,
            rate: i64::try_from(rate).expect("a rate"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn resource_use_does_not_grow_under_full_load() {
    let first = seconds("HEIMDALL_SOAK_FIRST_SECONDS", 3);
    let rest = seconds("HEIMDALL_SOAK_SECONDS", 4);
    let held = seconds("HEIMDALL_SOAK_HELD_SECONDS", 2);
    let bench = Bench::with_own_cluster().await;
    // One chunk: the queue is to be the bottleneck, not the extractor.
    bench.put("a.bin", recordings::tone_of(1, 2_400));
    // Two lines a recording would fill this process's memory.
    let daemon = Daemon::spawn_with(&bench, &[("HEIMDALL_LOG", "warn")]).await;
    bench.wait_count("heimdall.extraction_workers", 1).await;
    let mut soak = Soak {
        bench,
        daemon,
        finished: 0,
        looked: Instant::now(),
    };
    let begun = Instant::now();
    let mut beginning = soak.run(first).await;
    // The readings of the beginning are from its end: caches have filled, prepared statements stand.
    let mut count = beginning.len().div_ceil(2);
    if first >= NAP {
        // Between two visits of autovacuum the queue's rows die and nothing is used again, so it has its size after two.
        while soak.autovacuums().await < 2 {
            assert!(begun.elapsed() < first + 4 * NAP, "autovacuum does not come");
            soak.run(LOOK).await;
        }
        beginning = soak.run(2 * NAP).await;
        count = beginning.len();
    }
    let first = begun.elapsed();
    let beginning = &beginning[beginning.len().saturating_sub(count)..];
    let whole = soak.run(rest).await;
    let end = &whole[whole.len().saturating_sub(beginning.len())..];

    println!(
        "| what | after {first:.0?} | after {:.0?} | allowed | |\n| --- | ---: | ---: | ---: | --- |",
        first + rest
    );
    let mut failed = Vec::new();
    for (what, of, gist, allowed) in LINES {
        let (before, after) = (gist(beginning, of), gist(end, of));
        #[expect(clippy::cast_possible_truncation, reason = "a limit need not be exact")]
        let limit = allowed.map(|(share, more)| before + (before as f64 * share) as i64 + more);
        let passed = limit.is_none_or(|limit| after <= limit);
        let shown = limit.map_or_else(String::new, |limit| limit.to_string());
        println!(
            "| {what} | {before} | {after} | {shown} | {} |",
            if passed { "pass" } else { "**fail**" }
        );
        if !passed {
            failed.push(what);
        }
    }

    // Twenty points of the way: whether a size grows on or has found its level.
    let step = whole.len().div_ceil(20);
    let course: Vec<_> = whole
        .iter()
        .step_by(step)
        .map(|reading| (reading.rate, reading.table_kib, reading.indexes_kib))
        .collect();
    println!("on the way, (recordings/s, feature_queue KiB, its indexes KiB): {course:?}");

    let (other, _driving) = connect(&soak.bench.url().await).await;
    other
        .batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM heimdall.feature_queue")
        .await
        .expect("a snapshot");
    let mut rates = vec![median(end, |reading| reading.rate)];
    for _ in 0..10 {
        rates.push(median(&soak.run(held / 10).await, |reading| reading.rate));
    }
    other.batch_execute("COMMIT").await.expect("it has held it to the end");
    let after = soak.run(first.min(NAP)).await;
    println!(
        "recordings/s before and in each tenth of {held:?} with a transaction held open: {rates:?}, afterwards: {}; feature_queue {} KiB, indexes {} KiB",
        median(&after, |reading| reading.rate),
        after[after.len() - 1].table_kib,
        after[after.len() - 1].indexes_kib,
    );
    assert!(failed.is_empty(), "grew: {failed:?}");
    assert_eq!(
        soak.bench
            .count("heimdall.measurement_features WHERE extraction_failed")
            .await,
        0
    );
    assert!(rates.iter().all(|rate| *rate > 0), "{rates:?}");
    soak.daemon.stop().await;
    assert_eq!(
        soak.bench.count("heimdall.feature_queue WHERE state = 'claimed'").await,
        0
    );
}
