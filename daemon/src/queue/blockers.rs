//! Finds out who holds what a statement of this daemon waits for.

use std::time::Duration;

use serde_json::Value;
use tokio::time::timeout;
use uuid::Uuid;

use super::Queue;
use super::rows::Blocker;
use crate::postgres::error::DbError;
use crate::sql;

/// Our statements take milliseconds. One that takes longer than this probably waits for a lock, and
/// its own time-out is still to come.
const USUAL: Duration = Duration::from_millis(250);
/// Nobody needs the answer after the statement has ended.
const ASK_TIMEOUT: Duration = Duration::from_secs(2);

impl Queue {
    /// `blockers.sql`: who the server process `pid` waits for, or any of this role's if it is
    /// `None`. Empty if nobody, and if the database does not say.
    pub async fn blockers(&self, pid: Option<i32>) -> Vec<Blocker> {
        let queue = self.with_timeout(ASK_TIMEOUT);
        let blockers = queue.fetch(sql::BLOCKERS, &[&pid], Blocker::read).await;
        blockers.unwrap_or_default()
    }

    /// `sweep_holders.sql`: who may hold the row that a sweep needs.
    pub async fn sweep_holders(&self) -> Vec<Blocker> {
        let queue = self.with_timeout(ASK_TIMEOUT);
        let holders = queue.fetch(sql::SWEEP_HOLDERS, &[], Blocker::read).await;
        holders.unwrap_or_default()
    }

    /// Waits for a call. Returns also who it waited for, if it took unusually long.
    pub async fn watched<T>(&self, call: impl Future<Output = T>) -> (T, Vec<Blocker>) {
        // Boxed: the futures of a call are large.
        let mut call = Box::pin(call);
        if let Ok(result) = timeout(USUAL, &mut call).await {
            return (result, Vec::new());
        }
        futures_util::join!(call, Box::pin(self.blockers(None)))
    }

    /// `report_stalls.sql`.
    ///
    /// # Errors
    /// As every call of the queue.
    pub async fn report_stalls(&self, worker_id: Uuid, stalls: &Value) -> Result<(), DbError> {
        self.rows(sql::REPORT_STALLS, &[&worker_id, stalls]).await.map(drop)
    }
}
