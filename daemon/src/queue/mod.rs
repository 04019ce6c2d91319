//! The queue in Postgres: one typed call for each file in `sql/queries`.

use std::time::Duration;

use deadpool_postgres::Pool;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::backoff::Backoff;
use crate::job::claim::{Claim, CursorIds, Lease};
use crate::metrics::labels::{Source, State};
use crate::metrics::queue_depth::QueueDepth;
use crate::postgres::Database;
use crate::postgres::error::DbError;
use crate::postgres::schema::Schema;
use crate::postgres::statement;
use crate::sql;
use crate::sql::schema_version;

use self::rows::{HeartbeatResponse, QueueStatus, RescuedRow, SweepResult};

mod connection;
pub mod held_leases;
pub mod rows;

/// A statement that takes longer than the server's own time-out allows: the link is gone.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(75);
/// A statement that usually takes a millisecond; a link that has been silent for so long is more likely gone than slow.
const USUAL_ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// Below this a busy machine would be taken for a link that is gone.
const SHORTEST_ANSWER_TIMEOUT: Duration = Duration::from_secs(1);

/// How long to wait for an answer, after so many failures in a row: short at first, so that a silent link is noticed
/// and left while the lease still holds, then longer, so that a database that is merely slow gets its chance.
#[must_use]
pub fn answer_timeout_policy(lease: Duration) -> Backoff {
    Backoff {
        base: (lease / 3).clamp(SHORTEST_ANSWER_TIMEOUT, USUAL_ANSWER_TIMEOUT),
        max: ANSWER_TIMEOUT,
    }
}

/// The queue, through a pool of connections.
#[derive(Clone)]
pub struct Queue {
    database: Database,
    pool: Pool,
    answer_timeout: Duration,
}

impl Queue {
    /// The queue behind a pool of connections.
    ///
    /// # Errors
    /// As [`Database::pool`].
    pub fn new(database: &Database) -> Result<Self, DbError> {
        Ok(Self {
            database: database.clone(),
            pool: database.pool()?,
            answer_timeout: ANSWER_TIMEOUT,
        })
    }

    /// The same queue for a caller that waits no longer than this for an answer.
    #[must_use]
    pub fn with_timeout(&self, answer_timeout: Duration) -> Self {
        Self {
            answer_timeout,
            ..self.clone()
        }
    }

    /// See `register_worker.sql`.
    ///
    /// # Errors
    /// When the database does not answer or refuses; so for all calls here.
    pub async fn register(&self, host: &str, pid: i32, concurrency: i32, lease: Duration) -> Result<Uuid, DbError> {
        let lease_ms = millis(lease);
        let version = env!("CARGO_PKG_VERSION");
        let row = self
            .one(
                sql::REGISTER_WORKER,
                &[&host, &pid, &version, &concurrency, &lease_ms, &schema_version()],
            )
            .await?;
        Ok(row.try_get(0)?)
    }

    /// See `heartbeat.sql`; `None` when this worker has been declared dead.
    ///
    /// # Errors
    /// As [`Queue::register`].
    pub async fn heartbeat(&self, worker_id: Uuid, in_flight: i32) -> Result<Option<HeartbeatResponse>, DbError> {
        let rows = self.rows(sql::HEARTBEAT, &[&worker_id, &in_flight]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        Ok(Some(HeartbeatResponse {
            paused: row.try_get("paused")?,
            pause_reason: row.try_get("pause_reason")?,
        }))
    }

    /// See `deregister_worker.sql`.
    ///
    /// # Errors
    /// As [`Queue::register`].
    pub async fn deregister(&self, worker_id: Uuid) -> Result<(), DbError> {
        self.rows(sql::DEREGISTER_WORKER, &[&worker_id]).await.map(drop)
    }

    /// See `claim.sql`; `above` as the worker's cursor says.
    ///
    /// # Errors
    /// As [`Queue::register`]. What was claimed may then stand so all the same: [`Queue::release_orphans`].
    pub async fn claim(&self, worker_id: Uuid, limit: usize, above: Option<CursorIds>) -> Result<Vec<Claim>, DbError> {
        let limit = i32::try_from(limit).unwrap_or(i32::MAX);
        let above = above.as_ref().map(<[i64; _]>::as_slice);
        let rows = self.rows(sql::CLAIM, &[&worker_id, &limit, &above]).await?;
        Ok(rows.iter().map(Claim::read).collect::<Result<_, _>>()?)
    }

    /// See `release_orphans.sql`: how many rows this worker held without knowing of them.
    ///
    /// # Errors
    /// As [`Queue::register`].
    pub async fn release_orphans(&self, worker_id: Uuid, known: &[Lease]) -> Result<usize, DbError> {
        let known: Vec<i64> = known.iter().map(|lease| lease.claim_id).collect();
        Ok(self.rows(sql::RELEASE_ORPHANS, &[&worker_id, &known]).await?.len())
    }

    /// See `schema_version.sql`.
    ///
    /// # Errors
    /// As [`Queue::register`]; a refusal where nothing has been installed.
    pub async fn schema(&self) -> Result<Schema, DbError> {
        let row = self.one(sql::SCHEMA_VERSION, &[]).await?;
        Ok(Schema {
            installed: row.try_get::<_, Option<i32>>("installed")?.unwrap_or(0),
            serves_from: row.try_get("serves_from")?,
        })
    }

    /// See `release.sql`.
    ///
    /// # Errors
    /// As [`Queue::register`].
    pub async fn release(&self, leases: &[Lease]) -> Result<(), DbError> {
        let (measurements, claims): (Vec<Uuid>, Vec<i64>) = leases
            .iter()
            .map(|lease| (lease.measurement_id, lease.claim_id))
            .unzip();
        self.rows(sql::RELEASE, &[&measurements, &claims]).await.map(drop)
    }

    /// See `promote_due.sql`: rows made ready, and the time until the next is due.
    ///
    /// # Errors
    /// As [`Queue::register`].
    pub async fn promote_due(&self) -> Result<(i64, Option<Duration>), DbError> {
        let row = self.one(sql::PROMOTE_DUE, &[]).await?;
        let next_due_ms: Option<i64> = row.try_get("next_due_ms")?;
        let next_due = next_due_ms.map(|ms| Duration::from_millis(u64::try_from(ms).unwrap_or(0)));
        Ok((row.try_get("promoted")?, next_due))
    }

    /// See `release_expired.sql`.
    ///
    /// # Errors
    /// As [`Queue::register`].
    pub async fn release_expired(&self) -> Result<Vec<RescuedRow>, DbError> {
        let rows = self.rows(sql::RELEASE_EXPIRED, &[]).await?;
        let read = |row: &Row| -> Result<RescuedRow, tokio_postgres::Error> {
            Ok(RescuedRow {
                measurement_id: row.try_get("measurement_id")?,
                worker_id: row.try_get("worker_id")?,
                outcome: row.try_get("outcome")?,
            })
        };
        Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
    }

    /// See `sweep.sql`; `None` when another daemon has just swept.
    ///
    /// # Errors
    /// As [`Queue::register`].
    pub async fn sweep(&self, max_recordings: i32, interval: Duration) -> Result<Option<SweepResult>, DbError> {
        let rows = self.rows(sql::SWEEP, &[&max_recordings, &millis(interval)]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        Ok(Some(SweepResult {
            recordings_found: row.try_get("recordings_found")?,
            measurements_queued: row.try_get("measurements_queued")?,
        }))
    }

    /// See `observe.sql`.
    ///
    /// # Errors
    /// As [`Queue::register`].
    pub async fn observe(&self) -> Result<QueueStatus, DbError> {
        let row = self.one(sql::OBSERVE, &[]).await?;
        Ok(QueueStatus {
            paused: row.try_get::<_, Option<bool>>("paused")?.unwrap_or(false),
            workers: row.try_get("workers")?,
            notification_queue_usage: row.try_get("notification_queue_usage")?,
        })
    }

    /// See `count_queue.sql`: what there is, and the age of the count in seconds.
    ///
    /// # Errors
    /// As [`Queue::register`].
    pub async fn depths(&self) -> Result<(Vec<QueueDepth>, f64), DbError> {
        let rows = self.rows(sql::COUNT_QUEUE, &[]).await?;
        let mut depths = Vec::new();
        let mut counted_s_ago = 0.0;
        for row in &rows {
            counted_s_ago = row.try_get::<_, Option<f64>>("counted_s_ago")?.unwrap_or(0.0);
            let (source, state): (Option<&str>, Option<&str>) = (row.try_get("source")?, row.try_get("state")?);
            let (Some(source), Some(state)) = (source.and_then(Source::named), state.and_then(State::named)) else {
                continue;
            };
            depths.push(QueueDepth {
                source,
                state,
                measurements: row.try_get("measurements")?,
                oldest_s: row.try_get("oldest_s")?,
            });
        }
        Ok((depths, counted_s_ago))
    }

    /// Whether no connection is a session; known once there is one.
    #[must_use]
    pub fn is_pooled(&self) -> bool {
        self.database.is_pooled()
    }

    async fn one(&self, statement: &str, parameters: &[&(dyn ToSql + Sync)]) -> Result<Row, DbError> {
        let rows = self.rows(statement, parameters).await?;
        rows.into_iter().next().ok_or(DbError::NoRow)
    }

    /// Asks a statement of `sql/queries`.
    ///
    /// # Errors
    /// As [`Queue::register`].
    pub async fn rows(&self, statement: &str, parameters: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, DbError> {
        self.with_connection(async |client| {
            Ok(statement::ask(client, statement, parameters, self.database.is_pooled()).await?)
        })
        .await
    }
}

/// Whole milliseconds for an SQL parameter.
#[must_use]
pub fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
