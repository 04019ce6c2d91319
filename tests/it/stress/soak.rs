//! Full load for a long time: the resources of the daemon and its queue at the end, compared with
//! the beginning. Then the cost of a transaction that is held open.
//!
//! A normal run takes ten seconds and only shows that the test works. `tests/load/soak.sh` runs it
//! for minutes.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::support::daemon::Daemon;
use crate::support::{Bench, connect, recordings};

/// Measurements queued at any time, so that the queue is never empty.
const BACKLOG: i64 = 1_500;
/// Sessions inserted by one statement, of seven measurements each.
const SESSIONS: i32 = 100;
/// Time between two readings.
const READING_INTERVAL: Duration = Duration::from_millis(500);
/// The default of `autovacuum_naptime`.
const NAP: Duration = Duration::from_mins(1);
/// Finished sessions are deleted after this number of seconds. Otherwise a long run would fill the
/// disk.
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

/// Makes one value of many readings.
type Aggregate = fn(&[Reading], fn(&Reading) -> i64) -> i64;

/// A line of the report: name with unit, value, aggregate, and how much larger the value at the end
/// may be: a share of the beginning, and an absolute addition.
type Line = (&'static str, fn(&Reading) -> i64, Aggregate, Option<(f64, i64)>);

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
    // Sizes grow until autovacuum comes, and may shrink then. So their peaks are compared.
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
    Duration::from_secs(text.map_or(otherwise, |text| text.parse().expect("a number of seconds")))
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
    last_reading: Instant,
}

impl Soak {
    /// Keeps the queue full for this time, and takes readings.
    async fn run(&mut self, time: Duration) -> Vec<Reading> {
        let (begun, mut readings) = (Instant::now(), Vec::new());
        while begun.elapsed() < time {
            self.fill_up().await;
            tokio::time::sleep(READING_INTERVAL).await;
            readings.push(self.read().await);
        }
        readings
    }

    /// Readings of the beginning, when caches are full, statements are prepared and the queue has
    /// its size.
    async fn beginning(&mut self, time: Duration) -> Vec<Reading> {
        let begun = Instant::now();
        let readings = self.run(time).await;
        if time < NAP {
            return readings[readings.len() / 2..].to_vec();
        }
        // Space of dead rows is reused only after autovacuum, so the queue has its size after two visits.
        while self.autovacuums().await < 2 {
            assert!(begun.elapsed() < time + 4 * NAP, "autovacuum does not come");
            self.run(READING_INTERVAL).await;
        }
        self.run(2 * NAP).await
    }

    /// The rate before, and in each tenth of this time, during which a transaction is held open.
    async fn with_open_transaction(&mut self, time: Duration, before: i64) -> Vec<i64> {
        let (holder, _driving) = connect(&self.bench.url().await).await;
        holder
            .batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM heimdall.feature_queue")
            .await
            .expect("a snapshot");
        let mut rates = vec![before];
        for _ in 0..10 {
            rates.push(median(&self.run(time / 10).await, |reading| reading.rate));
        }
        holder
            .batch_execute("COMMIT")
            .await
            .expect("the transaction was open until now");
        rates
    }

    async fn autovacuums(&self) -> i64 {
        let count = "SELECT autovacuum_count FROM pg_stat_user_tables WHERE relid = 'heimdall.feature_queue'::regclass";
        self.bench.value(count, &[]).await
    }

    async fn fill_up(&self) {
        while self.bench.count("heimdall.feature_queue").await < BACKLOG {
            let insert = "WITH session AS (
                    INSERT INTO heimdall.recording_sessions (status, frequency_hz, duration_seconds)
                    SELECT 'recording', 145000000, 1 FROM generate_series(1, $1::int) RETURNING id
                ), measurement AS (
                    INSERT INTO heimdall.measurements (frequency_hz, iq_data_location, recording_session_id, iq_sample_rate)
                    SELECT 145000000, 'a.bin', id, $2::float8 FROM session, generate_series(1, 7)
                ) SELECT count(*) FROM session";
            let inserted: i64 = self
                .bench
                .value(insert, &[&SESSIONS, &recordings::SAMPLE_RATE_HZ])
                .await;
            assert_eq!(inserted, i64::from(SESSIONS));
            self.bench
                .execute("UPDATE heimdall.recording_sessions SET status = 'completed' WHERE status = 'recording'")
                .await;
            self.bench.expand().await;
        }
        let delete_old = format!(
            "WITH old AS MATERIALIZED (
                 SELECT s.id FROM heimdall.recording_sessions s WHERE s.created_at < now() - interval '{KEPT_S} seconds'
                   AND NOT EXISTS (SELECT FROM heimdall.feature_queue q WHERE q.recording_session_id = s.id)
             ), features AS (
                 DELETE FROM heimdall.measurement_features WHERE recording_session_id IN (SELECT id FROM old)
             ), measurements AS (
                 DELETE FROM heimdall.measurements WHERE recording_session_id IN (SELECT id FROM old)
             ) DELETE FROM heimdall.recording_sessions WHERE id IN (SELECT id FROM old)"
        );
        self.bench.execute(&delete_old).await;
    }

    async fn read(&mut self) -> Reading {
        let process = format!("/proc/{}", self.daemon.pid());
        let status = std::fs::read_to_string(Path::new(&process).join("status")).expect("the daemon runs");
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let resident = resident.and_then(|text| text.trim().trim_end_matches(" kB").parse().ok());
        let descriptors = std::fs::read_dir(Path::new(&process).join("fd"))
            .expect("its descriptors")
            .count();
        // Every queued measurement takes a number of the sequence.
        let finished =
            "SELECT (SELECT last_value FROM heimdall.feature_queue_id_seq) - count(*) FROM heimdall.feature_queue";
        let begun: i64 = self.bench.value(finished, &[]).await;
        let elapsed = self.last_reading.elapsed().as_millis().max(1);
        let rate = i128::from(begun - self.finished) * 1_000 / i128::try_from(elapsed).expect("a short time");
        (self.finished, self.last_reading) = (begun, Instant::now());
        let size = |function: &str| format!("SELECT {function}('heimdall.feature_queue') / 1024");
        Reading {
            resident_kib: resident.expect("its resident memory"),
            descriptors: i64::try_from(descriptors).expect("few"),
            connections: self.bench.count_connections("true").await,
            table_kib: self.bench.value(&size("pg_table_size"), &[]).await,
            indexes_kib: self.bench.value(&size("pg_indexes_size"), &[]).await,
            rate: i64::try_from(rate).expect("a rate"),
        }
    }
}

/// Compares the end with the beginning, prints the table, and returns the names of the lines that
/// fail.
fn report(beginning: &[Reading], end: &[Reading], [first, whole]: [Duration; 2]) -> Vec<&'static str> {
    println!("| what | after {first:.0?} | after {whole:.0?} | allowed | |\n| --- | ---: | ---: | ---: | --- |");
    let mut failed = Vec::new();
    for (what, of, aggregate, allowed) in LINES {
        let (before, after) = (aggregate(beginning, of), aggregate(end, of));
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
    failed
}

/// Prints twenty readings of the whole time, which show whether a size still grows.
fn print_course(readings: &[Reading]) {
    let course: Vec<_> = readings
        .iter()
        .step_by(readings.len().div_ceil(20))
        .map(|reading| (reading.rate, reading.table_kib, reading.indexes_kib))
        .collect();
    println!("over time, (recordings/s, feature_queue KiB, its indexes KiB): {course:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn resource_use_does_not_grow_under_full_load() {
    let first = seconds("HEIMDALL_SOAK_FIRST_SECONDS", 3);
    let rest = seconds("HEIMDALL_SOAK_SECONDS", 4);
    let held = seconds("HEIMDALL_SOAK_HELD_SECONDS", 2);
    let bench = Bench::with_own_cluster().await;
    // One chunk, so that the queue is the bottleneck and not the extractor.
    bench.put("a.bin", recordings::tone_of(1, 2_400));
    // Two log lines per recording would fill the memory of this process.
    let daemon = Daemon::spawn_with(&bench, &[("HEIMDALL_LOG", "warn")]).await;
    bench.wait_count("heimdall.extraction_workers", 1).await;
    let mut soak = Soak {
        bench,
        daemon,
        finished: 0,
        last_reading: Instant::now(),
    };
    let begun = Instant::now();
    let beginning = soak.beginning(first).await;
    let first = begun.elapsed();
    let whole = soak.run(rest).await;
    let end = &whole[whole.len().saturating_sub(beginning.len())..];
    let failed = report(&beginning, end, [first, first + rest]);
    print_course(&whole);

    let rates = soak
        .with_open_transaction(held, median(end, |reading| reading.rate))
        .await;
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
