//! The writer: stores outcomes, several in one transaction when several are ready.
//!
//! While one transaction commits, further outcomes arrive. So the batch grows with the load, and an
//! idle daemon writes a single outcome immediately. A recording keeps its permit until its outcome
//! is written, which limits the number of outcomes that wait here.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{Notify, mpsc};
use tokio::time::sleep;
use tracing::{error, info, warn};

use self::completed_job::CompletedJob;
use self::transaction::transact;
use crate::backoff::Backoff;
use crate::job::error::ExtractionError;
use crate::job::failpoint::{FailPoint, hit};
use crate::job::outcome::Outcome;
use crate::job::retry_policy;
use crate::metrics::labels::Step;
use crate::metrics::metrics;
use crate::postgres::error::DbError;
use crate::queue::Queue;

mod batch_transaction;
pub mod completed_job;
mod report;
pub mod transaction;
pub mod write_result;

/// A larger batch would not make the commit cheaper per row, and would delay its first row.
pub const MAX_BATCH: usize = 32;
/// A database restart takes a second or two. Waiting results must then not wait for another two.
const RETRY: Backoff = Backoff {
    base: Duration::from_millis(100),
    max: Duration::from_millis(1500),
};
/// Delay of a row whose error row is refused. An operator has time to see the error, and the work
/// continues soon after the repair.
const REFUSED_ERROR_ROW_DELAY: Duration = Duration::from_mins(5);

/// Writes outcomes to the database.
pub struct Writer {
    /// The queue.
    pub queue: Queue,
    /// How long to wait for the answer of the database.
    pub answer_timeouts: Backoff,
    /// Notified when a row was deferred.
    pub deferred: Arc<Notify>,
}

impl Writer {
    /// Writes until all senders are dropped and no outcome is left.
    pub async fn run(self, mut inbox: mpsc::Receiver<CompletedJob>) {
        let mut batch = Vec::with_capacity(MAX_BATCH);
        while inbox.recv_many(&mut batch, MAX_BATCH).await > 0 {
            self.write_batch(&mut batch).await;
            if batch.iter().any(CompletedJob::is_deferred) {
                self.deferred.notify_one();
            }
            hit(FailPoint::AfterReport, batch.iter().map(|job| &job.claim));
            for job in batch.drain(..) {
                job.held.remove(job.claim.lease);
                drop(job.permit);
            }
        }
    }

    /// Writes a batch. While the database is unavailable, repeats it: the fence of the claims
    /// decides whether a late write still counts.
    async fn write_batch(&self, batch: &mut [CompletedJob]) {
        let mut attempt = 0;
        loop {
            let begun = Instant::now();
            let queue = self.queue.with_timeout(self.answer_timeouts.delay(attempt + 1, 1.0));
            match transact(&queue, batch).await {
                Ok(committed) => {
                    metrics().step(Step::Write, begun.elapsed());
                    if attempt > 0 {
                        info!(rows = batch.len(), attempt, "results written, the database is back");
                    }
                    return committed.report(batch, attempt > 0);
                }
                Err(refusal) if refusal.is_refusal() => return self.write_one_by_one(batch, refusal).await,
                Err(outage) => {
                    attempt += 1;
                    if attempt == 1 {
                        warn!(rows = batch.len(), error = %outage, "results cannot be written, retrying");
                    }
                    sleep(RETRY.jittered(attempt)).await;
                }
            }
        }
    }

    /// Finds the row that the database refuses. Its job is retried later, and gets an error row
    /// after the last attempt.
    ///
    /// The cause need not be the row: a right or a column may be missing.
    async fn write_one_by_one(&self, batch: &mut [CompletedJob], refusal: DbError) {
        let [job] = batch else {
            for single in batch.chunks_mut(1) {
                Box::pin(self.write_batch(single)).await;
            }
            return;
        };
        let reason = refusal.to_string();
        error!(measurement = %job.claim.lease.measurement_id, error = %reason, "row refused");
        job.outcome = match &job.outcome {
            Outcome::Completed(_) => retry_policy::decide(
                &job.claim,
                &ExtractionError::RowRefused { reason },
                serde_json::json!({}),
            ),
            // The error row is refused too. The schema may have another version, which an operator
            // can fix.
            Outcome::Failed { .. } => Outcome::Retry(REFUSED_ERROR_ROW_DELAY),
            // The queue row stays claimed, and the worker releases it as an orphan.
            Outcome::Retry(_) | Outcome::Snooze(_) | Outcome::Release | Outcome::Discard => {
                return job.held.flag_orphans();
            }
        };
        Box::pin(self.write_batch(batch)).await;
    }
}
