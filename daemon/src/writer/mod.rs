//! The last step: outcomes become rows, several in one transaction when there
//! are several.
//!
//! While one transaction commits, further outcomes gather; so the batch grows
//! with the load and an idle daemon writes a single one at once. A recording
//! holds its place among those in flight until its row stands, which bounds
//! what gathers here.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{Notify, mpsc};
use tracing::{error, info, warn};

use self::completed_job::CompletedJob;
use self::transaction::transact;
use crate::backoff::Backoff;
use crate::job::error::ExtractionError;
use crate::job::failpoint::{FailPoint, hit};
use crate::job::outcome::Outcome;
use crate::job::retry_policy::decide;
use crate::metrics::labels::Step;
use crate::metrics::metrics;
use crate::postgres::error::DbError;
use crate::queue::Queue;

pub mod completed_job;
mod report;
mod statements;
pub mod transaction;
pub mod write_result;

/// One commit for so many rows costs as little as it ever will; more only delays the first of them.
pub const MAX_BATCH: usize = 32;
/// A database restart takes a second or two; once it is back, results in hand shall not wait for two seconds.
const RETRY: Backoff = Backoff {
    base: Duration::from_millis(100),
    max: Duration::from_millis(1500),
};

/// Long enough for somebody to notice, short enough to go on by itself when it is mended.
const REFUSED_ERROR_ROW_DELAY: Duration = Duration::from_mins(5);

/// Writes outcomes until all senders are gone and none is left. Rings `postponed`
/// when a row now waits for its time.
pub async fn write(
    queue: Queue,
    answer_timeouts: Backoff,
    mut inbox: mpsc::Receiver<CompletedJob>,
    postponed: Arc<Notify>,
) {
    let mut batch = Vec::with_capacity(MAX_BATCH);
    while inbox.recv_many(&mut batch, MAX_BATCH).await > 0 {
        write_batch(&queue, answer_timeouts, &mut batch).await;
        let waits = |finished: &CompletedJob| {
            matches!(
                finished.outcome,
                Outcome::Retry(_) | Outcome::Snooze(_) | Outcome::Failed { recheck: Some(_), .. }
            )
        };
        if batch.iter().any(waits) {
            postponed.notify_one();
        }
        hit(FailPoint::AfterReport, batch.iter().map(|finished| &finished.claim));
        for finished in batch.drain(..) {
            finished.held.remove(finished.claim.lease);
            drop(finished.place);
        }
    }
}

/// Writes a batch; while the database is away, again and again. The lease
/// decides whether a late write still counts.
async fn write_batch(queue: &Queue, answer_timeouts: Backoff, batch: &mut [CompletedJob]) {
    let mut attempt = 0;
    loop {
        let begun = Instant::now();
        match transact(&queue.with_timeout(answer_timeouts.delay(attempt + 1, 1.0)), batch).await {
            Ok(committed) => {
                metrics().step(Step::Write, begun.elapsed());
                if attempt > 0 {
                    info!(rows = batch.len(), attempt, "results written, the database is back");
                }
                return committed.report(batch, attempt > 0);
            }
            Err(refusal) if refusal.is_refusal() => {
                return write_one_by_one(queue, answer_timeouts, batch, refusal).await;
            }
            Err(outage) => {
                attempt += 1;
                if attempt == 1 {
                    warn!(rows = batch.len(), error = %outage, "results cannot be written, trying on");
                }
                tokio::time::sleep(RETRY.jittered(attempt)).await;
            }
        }
    }
}

/// The database works and refused the batch: finds the row that it refuses, which is tried again later, and becomes an error row at
/// last. It need not be the row's fault: rights may be missing, or a column.
async fn write_one_by_one(queue: &Queue, answer_timeouts: Backoff, batch: &mut [CompletedJob], refusal: DbError) {
    if let [single] = batch {
        let what = refusal.to_string();
        error!(measurement = %single.claim.lease.measurement_id, error = %what, "row refused");
        single.outcome = match &single.outcome {
            Outcome::Completed(_) => decide(
                &single.claim,
                &ExtractionError::RowRefused { what },
                serde_json::json!({}),
            ),
            // Not even an error row can be written: is the schema another version's? An operator can mend that.
            Outcome::Failed { .. } => Outcome::Retry(REFUSED_ERROR_ROW_DELAY),
            // The queue row stays claimed; the worker finds out that nobody holds it.
            Outcome::Retry(_) | Outcome::Snooze(_) | Outcome::Release | Outcome::Discard => {
                return single.held.flag_orphans();
            }
        };
        return Box::pin(write_batch(queue, answer_timeouts, batch)).await;
    }
    for single in batch.chunks_mut(1) {
        Box::pin(write_batch(queue, answer_timeouts, single)).await;
    }
}
