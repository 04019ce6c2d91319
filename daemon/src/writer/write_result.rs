//! What a transaction of outcomes has changed.

use uuid::Uuid;

use crate::postgres::row::row;

/// What the database did with an [`Outcome`](crate::job::outcome::Outcome).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteResult {
    /// It was stored. Has the id of the backfill if this finished a measurement of one.
    Done(Option<Uuid>),
    /// The claim is no longer the current one; nothing was changed.
    LeaseLost,
}

row! {
    /// A session that has nothing outstanding any more.
    SettledSession {
        /// The session.
        recording_session_id: Uuid,
        /// Number of measurements with features.
        succeeded: i64,
        /// Number of measurements with an error row.
        failed: i64,
    }
}
