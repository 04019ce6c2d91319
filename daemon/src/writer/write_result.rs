//! What a transaction of outcomes has changed.

use tokio_postgres::Row;
use uuid::Uuid;

/// What the database said to an [`Outcome`](crate::job::outcome::Outcome).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteResult {
    /// It stands. The backfill is named when this ended a part of it.
    Done(Option<Uuid>),
    /// The lease had gone; nothing was changed.
    LeaseLost,
}

/// A session that has nothing outstanding any more.
#[derive(Clone, Copy, Debug)]
pub struct SettledSession {
    /// The session.
    pub recording_session_id: Uuid,
    /// Measurements with features.
    pub succeeded: i64,
    /// Measurements with an error row.
    pub failed: i64,
}

/// A backfill of which nothing is outstanding any more.
#[derive(Clone, Copy, Debug)]
pub struct FinishedBackfill {
    /// The request.
    pub backfill_id: Uuid,
    /// Measurements it queued.
    pub total: i64,
    /// Of these, with features now.
    pub done: i64,
    /// Of these, with an error row now.
    pub failed: i64,
}

impl SettledSession {
    pub(super) fn read(row: &Row) -> Result<Self, tokio_postgres::Error> {
        Ok(Self {
            recording_session_id: row.try_get("recording_session_id")?,
            succeeded: row.try_get("succeeded")?,
            failed: row.try_get("failed")?,
        })
    }
}

impl FinishedBackfill {
    pub(super) fn read(row: &Row) -> Result<Self, tokio_postgres::Error> {
        Ok(Self {
            backfill_id: row.try_get("backfill_id")?,
            total: row.try_get("total")?,
            done: row.try_get("done")?,
            failed: row.try_get("failed")?,
        })
    }
}
