//! The queue in Postgres: one typed call for each statement that the daemon sends alone.

#![expect(
    clippy::missing_errors_doc,
    reason = "every call fails for the reasons that `Queue` states"
)]

use std::time::Duration;

use deadpool_postgres::Pool;
use tokio_postgres::{Error, Row};
use uuid::Uuid;

use crate::backoff::Backoff;
use crate::job::claim::{Claim, CursorIds, Lease};
use crate::metrics::totals::Totals;
use crate::postgres::Database;
use crate::postgres::error::DbError;
use crate::postgres::pool::PoolOptions;
use crate::postgres::schema::Schema;
use crate::postgres::statement::{Parameters, query_both, query_once};
use crate::sql;
use crate::sql::schema_version;

use self::depths::Depths;
use self::rows::{
    CoverageStep, Expansion, FinishedBackfill, HeartbeatResponse, Overdue, QueueStatus, RescuedRow, SweepResult,
};

mod blockers;
mod connection;
pub mod depths;
pub mod held_leases;
pub mod rows;
pub mod wake;

/// About how many measurements one expansion of notes queues at most: some tens of milliseconds.
const BATCH: i32 = 1000;
/// The longest wait for an answer. It is longer than the server's own statement time-out, so a
/// later answer means that the connection is broken.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(75);
/// The longest wait after a success. Our statements usually take a millisecond, so a connection
/// that is silent for this long is more likely broken than slow.
const USUAL_ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// With a shorter limit, a busy machine would look like a broken connection.
const SHORTEST_ANSWER_TIMEOUT: Duration = Duration::from_secs(1);

/// How long to wait for an answer after a number of failures in a row.
///
/// The wait is short at first, so that the daemon leaves a silent connection while its lease is
/// still valid. It gets longer with each failure, so that a slow database has time to answer.
#[must_use]
pub fn answer_timeout_policy(lease: Duration) -> Backoff {
    Backoff {
        base: (lease / 3).clamp(SHORTEST_ANSWER_TIMEOUT, USUAL_ANSWER_TIMEOUT),
        max: ANSWER_TIMEOUT,
    }
}

/// The queue, through a pool of connections.
///
/// Each call runs the statement that its documentation names. Every call returns an error when the
/// database refuses the statement, does not answer in time, or cannot be reached.
#[derive(Clone)]
pub struct Queue {
    database: Database,
    pool: Pool,
    answer_timeout: Duration,
    /// Whether its connections and outages are those of the daemon's metrics.
    is_counted: bool,
}

impl Queue {
    /// Makes the pool of connections. It connects on demand.
    pub fn new(database: &Database) -> Result<Self, DbError> {
        Self::with_options(database, PoolOptions::QUEUE, ANSWER_TIMEOUT)
    }

    /// The same with another pool, for callers that must not take a connection from the daemon.
    pub fn with_options(database: &Database, options: PoolOptions, answer_timeout: Duration) -> Result<Self, DbError> {
        Ok(Self {
            database: database.clone(),
            pool: database.pool(options)?,
            answer_timeout,
            is_counted: options.is_counted,
        })
    }

    /// Returns the same queue for a caller that waits at most this long for an answer.
    #[must_use]
    pub fn with_timeout(&self, answer_timeout: Duration) -> Self {
        Self {
            answer_timeout,
            ..self.clone()
        }
    }

    /// `register_worker.sql`. Returns the new worker id.
    pub async fn register(&self, host: &str, pid: i32, concurrency: i32, lease: Duration) -> Result<Uuid, DbError> {
        let version = env!("CARGO_PKG_VERSION");
        let (lease_ms, schema_version) = (millis(lease), schema_version());
        let parameters: Parameters<'_> = &[&host, &pid, &version, &concurrency, &lease_ms, &schema_version];
        Ok(self.one(sql::REGISTER_WORKER, parameters).await?.try_get(0)?)
    }

    /// `heartbeat.sql`. Returns `None` when the lease of this worker expired and another daemon
    /// took over.
    pub async fn heartbeat(&self, worker_id: Uuid, in_flight: i32) -> Result<Option<HeartbeatResponse>, DbError> {
        let parameters: Parameters<'_> = &[&worker_id, &in_flight];
        let mut rows = self.fetch(sql::HEARTBEAT, parameters, HeartbeatResponse::read).await?;
        Ok(rows.pop())
    }

    /// `deregister_worker.sql`.
    pub async fn deregister(&self, worker_id: Uuid) -> Result<(), DbError> {
        self.rows(sql::DEREGISTER_WORKER, &[&worker_id]).await.map(drop)
    }

    /// `claim.sql`. Claims rows with ids above `above`, or any rows if it is `None`.
    ///
    /// After an error the rows may be claimed in the database; [`Queue::release_orphans`] finds
    /// them.
    pub async fn claim(&self, worker_id: Uuid, limit: usize, above: Option<CursorIds>) -> Result<Vec<Claim>, DbError> {
        let limit = i32::try_from(limit).unwrap_or(i32::MAX);
        let above = above.as_ref().map(CursorIds::rows);
        self.fetch(sql::CLAIM, &[&worker_id, &limit, &above], Claim::read).await
    }

    /// `expand_notes.sql`, then [`Queue::claim`], without waiting in between. The two are separate
    /// transactions: a claim does not depend on the expansion.
    pub async fn expand_and_claim(
        &self,
        worker_id: Uuid,
        limit: usize,
        above: Option<CursorIds>,
    ) -> Result<(Result<Option<Expansion>, Error>, Vec<Claim>), DbError> {
        let limit = i32::try_from(limit).unwrap_or(i32::MAX);
        let note = above.as_ref().map(|above| above.note);
        let above = above.as_ref().map(CursorIds::rows);
        let to_expand: Parameters<'_> = &[&BATCH, &limit, &note];
        let to_claim: Parameters<'_> = &[&worker_id, &limit, &above];
        self.with_connection(async |client| {
            let statements = [(sql::EXPAND_NOTES, to_expand), (sql::CLAIM, to_claim)];
            let [expanded, claimed] = query_both(client, statements, self.is_pooled()).await?;
            let expansion = expanded.and_then(|rows| rows.first().map(Expansion::read).transpose());
            let claims = claimed?.iter().map(Claim::read).collect::<Result<_, _>>()?;
            Ok((expansion, claims))
        })
        .await
    }

    /// `expand_notes.sql`.
    pub async fn expand_notes(&self) -> Result<Expansion, DbError> {
        let parameters: Parameters<'_> = &[&BATCH, &0_i32, &None::<i64>];
        Ok(Expansion::read(&self.one(sql::EXPAND_NOTES, parameters).await?)?)
    }

    /// `release_orphans.sql`. Returns the number of rows that this worker had claimed in the
    /// database without holding their lease.
    pub async fn release_orphans(&self, worker_id: Uuid, held: &[Lease]) -> Result<usize, DbError> {
        let held: Vec<i64> = held.iter().map(|lease| lease.claim_id).collect();
        Ok(self.rows(sql::RELEASE_ORPHANS, &[&worker_id, &held]).await?.len())
    }

    /// `schema_version.sql`. The database refuses it when no schema is installed.
    pub async fn schema(&self) -> Result<Schema, DbError> {
        let row = self.one(sql::SCHEMA_VERSION, &[]).await?;
        Ok(Schema {
            installed: row.try_get::<_, Option<i32>>("installed")?.unwrap_or(0),
            serves_from: row.try_get("serves_from")?,
        })
    }

    /// `release.sql`.
    pub async fn release(&self, leases: &[Lease]) -> Result<(), DbError> {
        let (measurements, claims): (Vec<Uuid>, Vec<i64>) = leases
            .iter()
            .map(|lease| (lease.measurement_id, lease.claim_id))
            .unzip();
        self.rows(sql::RELEASE, &[&measurements, &claims]).await.map(drop)
    }

    /// `promote_due.sql`. Returns the number of rows made ready, and the time until the next row is
    /// due.
    pub async fn promote_due(&self) -> Result<(i64, Option<Duration>), DbError> {
        let row = self.one(sql::PROMOTE_DUE, &[]).await?;
        let next_due_ms: Option<i64> = row.try_get("next_due_ms")?;
        let next_due = next_due_ms.map(|ms| Duration::from_millis(u64::try_from(ms).unwrap_or(0)));
        Ok((row.try_get("promoted")?, next_due))
    }

    /// `release_expired.sql`.
    pub async fn release_expired(&self) -> Result<Vec<RescuedRow>, DbError> {
        self.fetch(sql::RELEASE_EXPIRED, &[], RescuedRow::read).await
    }

    /// `sweep.sql`. Returns `None` when another daemon swept within the interval.
    pub async fn sweep(
        &self,
        max_recordings: i32,
        interval: Duration,
        include_history: bool,
    ) -> Result<Option<SweepResult>, DbError> {
        let parameters: Parameters<'_> = &[&max_recordings, &millis(interval), &include_history];
        Ok(self.fetch(sql::SWEEP, parameters, SweepResult::read).await?.pop())
    }

    /// `keep_backfills.sql`. Returns the backfills that are finished now.
    ///
    /// # Errors
    /// As for every statement.
    pub async fn keep_backfills(&self) -> Result<Vec<FinishedBackfill>, DbError> {
        self.fetch(sql::KEEP_BACKFILLS, &[], FinishedBackfill::read).await
    }

    /// `keep_coverage.sql`.
    pub async fn keep_coverage(&self) -> Result<CoverageStep, DbError> {
        Ok(CoverageStep::read(&self.one(sql::KEEP_COVERAGE, &[]).await?)?)
    }

    /// `observe.sql`.
    pub async fn observe(&self) -> Result<QueueStatus, DbError> {
        Ok(QueueStatus::read(&self.one(sql::OBSERVE, &[]).await?)?)
    }

    /// `count_queue.sql`.
    pub async fn depths(&self) -> Result<Depths, DbError> {
        Ok(Depths::read(&self.rows(sql::COUNT_QUEUE, &[]).await?)?)
    }

    /// `record_minute.sql`: adds what this worker has done.
    pub async fn record_minute(&self, worker_id: Uuid, done: &Totals) -> Result<(), DbError> {
        let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let (outcomes, read_bytes) = (done.outcomes.map(count).to_vec(), count(done.read_bytes));
        let latency = done.latency.counts();
        let parameters: Parameters<'_> = &[
            &worker_id,
            &outcomes,
            &read_bytes,
            &done.fetch_s,
            &done.extract_s,
            &latency,
        ];
        self.rows(sql::RECORD_MINUTE, parameters).await.map(drop)
    }

    /// `overdue.sql`.
    pub async fn overdue(&self) -> Result<Overdue, DbError> {
        Ok(Overdue::read(&self.one(sql::OVERDUE, &[]).await?)?)
    }

    /// Whether the connections go through a transaction pooler. The first connection detects it.
    #[must_use]
    pub fn is_pooled(&self) -> bool {
        self.database.is_pooled()
    }

    /// Runs a statement of `sql/queries` and returns its rows.
    pub async fn rows(&self, statement: &str, parameters: Parameters<'_>) -> Result<Vec<Row>, DbError> {
        self.with_connection(async |client| Ok(query_once(client, statement, parameters, self.is_pooled()).await?))
            .await
    }

    async fn fetch<T>(
        &self,
        statement: &str,
        parameters: Parameters<'_>,
        read: fn(&Row) -> Result<T, Error>,
    ) -> Result<Vec<T>, DbError> {
        let rows = self.rows(statement, parameters).await?;
        Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
    }

    async fn one(&self, statement: &str, parameters: Parameters<'_>) -> Result<Row, DbError> {
        self.rows(statement, parameters).await?.pop().ok_or(DbError::NoRow)
    }
}

/// Whole milliseconds, as an SQL parameter.
#[must_use]
pub fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
