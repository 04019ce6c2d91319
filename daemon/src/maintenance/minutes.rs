//! Adds what this daemon has done to its rows of `feature_minutes`.

use std::sync::{Mutex, PoisonError};

use tracing::debug;
use uuid::Uuid;

use crate::metrics::metrics;
use crate::metrics::totals::Totals;
use crate::queue::Queue;

/// What the database has of this daemon's work.
#[derive(Debug, Default)]
pub struct Minutes(Mutex<Totals>);

impl Minutes {
    /// Adds what was done since the last success. What cannot be written now is part of the next
    /// call. Where only the answer is lost, it counts twice.
    pub async fn record(&self, queue: &Queue, worker_id: Uuid) {
        let now = metrics().totals();
        let done = now.since(&self.0.lock().unwrap_or_else(PoisonError::into_inner));
        if done.is_empty() {
            return;
        }
        match queue.record_minute(worker_id, &done).await {
            Ok(()) => *self.0.lock().unwrap_or_else(PoisonError::into_inner) = now,
            Err(error) => debug!(%error, "cannot record what was done"),
        }
    }
}
