//! The system under test: a real database and the daemon's own calls.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use heimdall_daemon::config::secret::Secret;
use heimdall_daemon::job::claim::Claim;
use heimdall_daemon::postgres::Database;
use heimdall_daemon::queue::Queue;
use proptest_state_machine::StateMachineTest;
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;
use tokio_postgres::Client;
use uuid::Uuid;

use super::snapshot;
use super::state::{MEASUREMENTS, SESSIONS, World};
use super::transition::{Outcome, Reference, Transition};
use crate::support::Bench;

mod daemons;
mod features;
mod users;

/// Longer than a case. A lease expires because the test sets its heartbeat back.
const LEASE: Duration = Duration::from_hours(1);
/// Longer than a case too. A row becomes due because the test sets its time back.
const DELAY: Duration = Duration::from_mins(15);

/// What all cases share: a runtime, a database, the daemon's pool on it.
struct Environment {
    runtime: Runtime,
    bench: Bench,
    queue: Queue,
}

static ENVIRONMENT: OnceLock<Environment> = OnceLock::new();

fn environment() -> &'static Environment {
    ENVIRONMENT.get_or_init(|| {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime");
        let (bench, queue) = runtime.block_on(async {
            let bench = Bench::new().await;
            // On a busy machine a lock of vacuum may last longer than their limits.
            for function in ["expand_notes", "claim_measurements", "enqueue_missing"] {
                let wait = format!("ALTER FUNCTION heimdall.{function} SET lock_timeout = '30s'");
                bench.execute(&wait).await;
            }
            let url = Secret::new(bench.url_as("daemon").await);
            let database = Database::new(&url).expect("a URL");
            (bench, Queue::new(&database).expect("a pool"))
        });
        Environment { runtime, bench, queue }
    })
}

pub(super) struct System {
    pub(super) sql: &'static Client,
    queue: Queue,
    pub(super) workers: Vec<Uuid>,
    /// In the order of the model's leases. `None` if the response was lost.
    pub(super) claims: Vec<Option<Claim>>,
    pub(super) backfills: Vec<Uuid>,
    permits: Arc<Semaphore>,
    /// Whether the application has changed something without triggers.
    unnoticed: Cell<bool>,
}

fn session_id(s: usize) -> Uuid {
    Uuid::from_u128(0x0005_E551_0000 + s as u128)
}

fn measurement_id(m: usize) -> Uuid {
    Uuid::from_u128(0x3EA5_0000 + m as u128)
}

pub(super) fn session_of(id: Uuid) -> usize {
    (0..SESSIONS)
        .find(|s| session_id(*s) == id)
        .expect("a session of this test")
}

pub(super) fn measurement_of(id: Uuid) -> usize {
    (0..MEASUREMENTS)
        .find(|m| measurement_id(*m) == id)
        .expect("a measurement of this test")
}

impl StateMachineTest for System {
    type SystemUnderTest = Self;
    type Reference = Reference;

    fn init_test(world: &World) -> Self {
        environment().runtime.block_on(Self::new(world))
    }

    fn apply(mut system: Self, world: &World, transition: Transition) -> Self {
        environment()
            .runtime
            .block_on(system.run_transition(world, &transition));
        system
    }

    fn check_invariants(system: &Self, world: &World) {
        environment().runtime.block_on(async {
            let (found, expected) = (snapshot::of_database(system).await, snapshot::of_model(world));
            assert!(found == expected, "in the database:\n{found}in the model:\n{expected}");
            system.check_queue_invariants().await;
            system.check_coverage().await;
        });
    }

    fn teardown(mut system: Self, _: World) {
        environment().runtime.block_on(system.complete_everything());
    }
}

impl System {
    async fn new(world: &World) -> Self {
        let environment = environment();
        environment
            .bench
            .execute(
                "DELETE FROM heimdall.feature_queue; DELETE FROM heimdall.measurement_features; DELETE FROM heimdall.backfills; DELETE FROM heimdall.backfill_changes;
                 DELETE FROM heimdall.worker_heartbeats; DELETE FROM heimdall.measurements; DELETE FROM heimdall.recording_sessions;
                 UPDATE heimdall.sweep_state SET last_sweep_at = NULL, resume_before = NULL;
                 SELECT heimdall.resume_extraction();",
            )
            .await;
        let mut system = Self {
            sql: &environment.bench.sql,
            queue: environment.queue.clone(),
            workers: Vec::new(),
            claims: Vec::new(),
            backfills: Vec::new(),
            permits: Arc::new(Semaphore::new(1_000)),
            unnoticed: Cell::new(true),
        };
        for s in 0..SESSIONS {
            system.insert_session(s, "recording").await;
        }
        for (m, measurement) in world.measurements.iter().enumerate() {
            if measurement.exists {
                system.insert_measurement(m, measurement.location.is_some()).await;
            }
        }
        let forget = "TRUNCATE heimdall.change_notes, heimdall.cancelled_measurements";
        system.execute(forget, &[]).await;
        system.register().await;
        system
    }

    async fn execute(&self, statement: &str, parameters: &[&(dyn tokio_postgres::types::ToSql + Sync)]) -> u64 {
        self.sql
            .execute(statement, parameters)
            .await
            .unwrap_or_else(|error| panic!("{statement}: {error:?}"))
    }

    async fn register(&mut self) {
        let id = self.queue.register("model", 1, 16, LEASE).await.expect("registered");
        self.workers.push(id);
    }

    /// Invariants of any queue.
    async fn check_queue_invariants(&self) {
        let count =
            async |query: &str| -> i64 { self.sql.query_one(query, &[]).await.expect("the query works").get(0) };
        let twice = "SELECT count(*) - count(DISTINCT measurement_id) FROM heimdall.measurement_features";
        assert_eq!(count(twice).await, 0, "more than one row for a measurement");
        let uncounted = "SELECT count(*) FROM heimdall.backfills b WHERE b.total <> b.done + b.failed
            + (SELECT count(*) FROM heimdall.feature_queue q WHERE q.backfill_id = b.backfill_id)";
        assert_eq!(count(uncounted).await, 0, "a backfill's counts do not add up");
    }

    /// The kept counts are the sums of the sessions, before and after the keeper's turn, unless a
    /// change is still to be expanded or was made without triggers. The walk then finds it.
    async fn check_coverage(&self) {
        let sums = "SELECT (SELECT c::text FROM heimdall.measure_coverage() c),
                (SELECT (count(*), count(*) FILTER (WHERE measurements_with_features > 0),
                         coalesce(sum(total_measurements), 0), coalesce(sum(measurements_with_features), 0),
                         coalesce(sum(measurements_failed), 0), coalesce(sum(measurements_pending), 0))::text
                 FROM heimdall.session_coverage),
                EXISTS (SELECT FROM heimdall.change_notes WHERE kind = 'measurement')";
        let are_equal = async || -> bool {
            let row = self.sql.query_one(sums, &[]).await.expect("the query works");
            let (kept, counted, noted): (&str, &str, bool) = (row.get(0), row.get(1), row.get(2));
            noted || kept == counted
        };
        assert!(self.unnoticed.get() || are_equal().await, "the kept counts");
        if self.unnoticed.replace(false) {
            self.execute("UPDATE heimdall.coverage_totals SET counted_at = NULL", &[])
                .await;
        }
        while self.queue.keep_coverage().await.expect("a response").more {}
        assert!(are_equal().await, "the kept counts, brought up to date");
    }

    async fn features(&self) -> BTreeSet<Uuid> {
        let good = "SELECT measurement_id FROM heimdall.measurement_features WHERE NOT extraction_failed";
        let rows = self.sql.query(good, &[]).await.expect("the query works");
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// At the end all daemons die, and a new one must be able to complete everything.
    async fn complete_everything(&mut self) {
        let good = self.features().await;
        self.expand().await;
        self.execute("DELETE FROM heimdall.cancelled_measurements", &[]).await;
        self.execute("SELECT heimdall.resume_extraction()", &[]).await;
        self.execute(
            "UPDATE heimdall.worker_heartbeats SET beat_at = beat_at - interval '2 hours'",
            &[],
        )
        .await;
        self.release_expired().await;
        self.register().await;
        let worker = *self.workers.last().expect("the new one");
        for _ in 0..4 {
            self.time_passes().await;
            self.queue.promote_due().await.expect("a response");
            self.queue.sweep(1_000, Duration::ZERO, true).await.expect("a response");
            let claims = self.queue.claim(worker, 1_000, None).await.expect("a response");
            let first = self.claims.len();
            let outcome = |claim: &Claim| match claim.iq_data_location {
                // A failure, to show that it does not replace features.
                Some(_) if claim.attempt > 1 => Outcome::Failed("too_short"),
                Some(_) => Outcome::Completed,
                None => Outcome::Discard,
            };
            let outcomes: Vec<_> = claims
                .iter()
                .enumerate()
                .map(|(n, claim)| (first + n, outcome(claim)))
                .collect();
            self.claims.extend(claims.into_iter().map(Some));
            for one in outcomes {
                self.transact(&[one]).await;
            }
        }
        let count = async |from: &str| -> i64 {
            let query = format!("SELECT count(*) FROM heimdall.{from}");
            self.sql.query_one(&query, &[]).await.expect("the query works").get(0)
        };
        assert_eq!(count("feature_queue").await, 0, "left in the queue");
        assert_eq!(
            count("backfills WHERE finished_at IS NULL").await,
            0,
            "an unfinished backfill"
        );
        let without = "session_measurements s WHERE session_status = 'completed' AND 1 <> (SELECT count(*)
                       FROM heimdall.measurement_features f WHERE f.measurement_id = s.measurement_id)";
        assert_eq!(count(without).await, 0, "not exactly one row");
        let outdated = "session_measurements s JOIN heimdall.measurement_features f USING (measurement_id)
            WHERE s.session_status = 'completed' AND (f.recording_session_id IS DISTINCT FROM s.recording_session_id
                OR heimdall.source_fingerprint(s.iq_data_location, s.websdr_station_id::text, s.iq_data_format, s.iq_sample_rate)
                   NOT IN (f.source_fingerprint, coalesce(f.failed_fingerprint, 0)))";
        assert_eq!(count(outdated).await, 0, "features of another object or session");
        assert!(good.is_subset(&self.features().await), "features were lost");
        self.check_queue_invariants().await;
    }
}
