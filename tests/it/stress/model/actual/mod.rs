//! The same on a real database, through the daemon's own calls.

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

use super::picture;
use super::state::{MEASUREMENTS, SESSIONS, World};
use super::transition::{Reference, Transition, Verdict};
use crate::support::Bench;

mod daemons;
mod people;

/// No heartbeat gets that old by itself; leases end because the test sets the heartbeat back.
const LEASE: Duration = Duration::from_hours(1);
/// Nothing becomes due by itself either.
const DELAY: Duration = Duration::from_hours(1);

/// What all cases share: a runtime, a database, the daemon's pool on it.
struct Stage {
    runtime: Runtime,
    bench: Bench,
    queue: Queue,
}

static STAGE: OnceLock<Stage> = OnceLock::new();

fn stage() -> &'static Stage {
    STAGE.get_or_init(|| {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime");
        let (bench, queue) = runtime.block_on(async {
            let bench = Bench::new().await;
            let url = Secret::new(bench.url_as("daemon").await);
            let database = Database::new(&url).expect("a URL");
            (bench, Queue::new(&database).expect("a pool"))
        });
        Stage { runtime, bench, queue }
    })
}

pub(super) struct Actual {
    pub(super) sql: &'static Client,
    queue: Queue,
    pub(super) workers: Vec<Uuid>,
    /// As the model's leases; `None` where the answer was lost.
    pub(super) claims: Vec<Option<Claim>>,
    pub(super) backfills: Vec<Uuid>,
    places: Arc<Semaphore>,
}

fn session_id(s: usize) -> Uuid {
    Uuid::from_u128(0x0005_E551_0000 + s as u128)
}

fn measurement_id(m: usize) -> Uuid {
    Uuid::from_u128(0x3EA5_0000 + m as u128)
}

pub(super) fn session_of(id: Uuid) -> usize {
    (0..SESSIONS).find(|s| session_id(*s) == id).expect("a session of ours")
}

pub(super) fn measurement_of(id: Uuid) -> usize {
    (0..MEASUREMENTS)
        .find(|m| measurement_id(*m) == id)
        .expect("a measurement of ours")
}

impl StateMachineTest for Actual {
    type SystemUnderTest = Self;
    type Reference = Reference;

    fn init_test(world: &World) -> Self {
        stage().runtime.block_on(Self::new(world))
    }

    fn apply(mut actual: Self, world: &World, transition: Transition) -> Self {
        stage().runtime.block_on(actual.happen(world, &transition));
        actual
    }

    fn check_invariants(actual: &Self, world: &World) {
        stage().runtime.block_on(async {
            let (stands, expected) = (picture::of_database(actual).await, picture::of_model(world));
            assert!(
                stands == expected,
                "in the database:\n{stands}in the model:\n{expected}"
            );
            actual.check_any_queue().await;
        });
    }

    fn teardown(mut actual: Self, _: World) {
        stage().runtime.block_on(actual.work_off());
    }
}

impl Actual {
    async fn new(world: &World) -> Self {
        let stage = stage();
        stage
            .bench
            .execute(
                "DELETE FROM heimdall.feature_queue; DELETE FROM heimdall.measurement_features; DELETE FROM heimdall.backfills;
                 DELETE FROM heimdall.worker_heartbeats; DELETE FROM heimdall.measurements; DELETE FROM heimdall.recording_sessions;
                 UPDATE heimdall.sweep_state SET last_sweep_at = NULL, resume_before = NULL;
                 SELECT heimdall.resume_extraction();",
            )
            .await;
        let mut actual = Self {
            sql: &stage.bench.sql,
            queue: stage.queue.clone(),
            workers: Vec::new(),
            claims: Vec::new(),
            backfills: Vec::new(),
            places: Arc::new(Semaphore::new(1_000)),
        };
        for s in 0..SESSIONS {
            actual.insert_session(s, "recording").await;
        }
        for (m, measurement) in world.measurements.iter().enumerate() {
            if measurement.exists {
                actual.insert_measurement(m, measurement.object).await;
            }
        }
        actual.register().await;
        actual
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

    /// What holds of any queue, whatever the model says.
    async fn check_any_queue(&self) {
        let count = async |query: &str| -> i64 { self.sql.query_one(query, &[]).await.expect("it answers").get(0) };
        let twice = "SELECT count(*) - count(DISTINCT measurement_id) FROM heimdall.measurement_features";
        assert_eq!(count(twice).await, 0, "more than one row for a measurement");
        let uncounted = "SELECT count(*) FROM heimdall.backfills b WHERE b.total <> b.done + b.failed
            + (SELECT count(*) FROM heimdall.feature_queue q WHERE q.backfill_id = b.backfill_id)";
        assert_eq!(count(uncounted).await, 0, "a backfill's counts do not add up");
    }

    async fn features(&self) -> BTreeSet<Uuid> {
        let good = "SELECT measurement_id FROM heimdall.measurement_features WHERE NOT extraction_failed";
        let rows = self.sql.query(good, &[]).await.expect("it answers");
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// At the end everybody dies, a new daemon comes, and nothing is left over.
    async fn work_off(&mut self) {
        let good = self.features().await;
        self.execute("SELECT heimdall.resume_extraction()", &[]).await;
        self.execute(
            "UPDATE heimdall.worker_heartbeats SET beat_at = beat_at - interval '2 hours'",
            &[],
        )
        .await;
        self.release().await;
        self.register().await;
        let worker = *self.workers.last().expect("the new one");
        for _ in 0..4 {
            self.time_passes().await;
            self.queue.promote_due().await.expect("an answer");
            self.queue.sweep(1_000, Duration::ZERO).await.expect("an answer");
            let claims = self.queue.claim(worker, 1_000, None).await.expect("an answer");
            let first = self.claims.len();
            let verdict = |claim: &Claim| match claim.iq_data_location {
                // A failure, so that features would be seen to go.
                Some(_) if claim.attempt > 1 => Verdict::Failed("too_short"),
                Some(_) => Verdict::Features,
                None => Verdict::Forget,
            };
            let verdicts: Vec<_> = claims
                .iter()
                .enumerate()
                .map(|(n, claim)| (first + n, verdict(claim)))
                .collect();
            self.claims.extend(claims.into_iter().map(Some));
            for one in verdicts {
                self.transact(&[one]).await;
            }
        }
        let count = async |from: &str| -> i64 {
            let query = format!("SELECT count(*) FROM heimdall.{from}");
            self.sql.query_one(&query, &[]).await.expect("it answers").get(0)
        };
        assert_eq!(count("feature_queue").await, 0, "left in the queue");
        assert_eq!(
            count("backfills WHERE finished_at IS NULL").await,
            0,
            "a backfill never ends"
        );
        let without = "session_measurements s WHERE session_status = 'completed' AND 1 <> (SELECT count(*)
                       FROM heimdall.measurement_features f WHERE f.measurement_id = s.measurement_id)";
        assert_eq!(count(without).await, 0, "not exactly one row");
        assert!(good.is_subset(&self.features().await), "features were lost");
        self.check_any_queue().await;
    }
}
