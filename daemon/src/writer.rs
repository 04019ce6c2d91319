//! The last step: verdicts become rows, several in one transaction when there
//! are several.
//!
//! While one transaction commits, further verdicts gather; so the batch grows
//! with the load and an idle daemon writes a single one at once. A recording
//! holds its place among those in flight until its row stands, which bounds
//! what gathers here.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{Notify, OwnedSemaphorePermit, mpsc};
use tracing::{error, info, warn};

use self::transaction::{Committed, transact};
use self::written::Written;
use crate::backoff::Backoff;
use crate::job::claim::Claim;
use crate::job::failpoint::{Point, reach};
use crate::job::failure::Failure;
use crate::job::outcome::Verdict;
use crate::job::retry_policy::conclude;
use crate::metrics::labels::{Outcome, Step};
use crate::metrics::metrics;
use crate::postgres::error::DbError;
use crate::queue::Queue;
use crate::sanitize::printable;

mod statements;
pub mod transaction;
pub mod written;

/// One commit for so many rows costs as little as it ever will; more only delays the first of them.
pub const MAX_BATCH: usize = 32;
/// A database restart takes a second or two; once it is back, results in hand shall not wait for two seconds.
const RETRY: Backoff = Backoff {
    base: Duration::from_millis(100),
    max: Duration::from_millis(1500),
};

/// Long enough for somebody to notice, short enough to go on by itself when it is mended.
const REFUSED_ERROR_ROW_DELAY: Duration = Duration::from_mins(5);

/// A claim with its verdict, on the way to the database.
pub struct Finished {
    /// What was claimed.
    pub claim: Claim,
    /// What came of it.
    pub verdict: Verdict,
    /// For the log line.
    pub total_ms: u64,
    /// Place among those in flight, given up when the row stands.
    pub place: OwnedSemaphorePermit,
    /// Taken off the list of leases in hand when the row stands.
    pub held: Arc<crate::queue::held_leases::Held>,
}

impl Finished {
    /// What became of it, for the metrics.
    fn count(&self) {
        let (outcome, error_kind) = match &self.verdict {
            Verdict::Features(_) => (Outcome::Extracted, ""),
            Verdict::Failed { error_kind, .. } => (Outcome::Failed, *error_kind),
            Verdict::Later(_) => (Outcome::Postponed, ""),
            Verdict::GiveBack | Verdict::Postpone(_) => (Outcome::GivenBack, ""),
            Verdict::Forget => (Outcome::Forgotten, ""),
        };
        metrics().recording(outcome, error_kind);
    }
}

/// Writes verdicts until all senders are gone and none is left. Rings `postponed`
/// when a row now waits for its time.
pub async fn write(queue: Queue, patience: Backoff, mut inbox: mpsc::Receiver<Finished>, postponed: Arc<Notify>) {
    let mut batch = Vec::with_capacity(MAX_BATCH);
    while inbox.recv_many(&mut batch, MAX_BATCH).await > 0 {
        write_batch(&queue, patience, &mut batch).await;
        let waits = |finished: &Finished| {
            matches!(
                finished.verdict,
                Verdict::Later(_) | Verdict::Postpone(_) | Verdict::Failed { recheck: Some(_), .. }
            )
        };
        if batch.iter().any(waits) {
            postponed.notify_one();
        }
        reach(Point::AfterReport, batch.iter().map(|finished| &finished.claim));
        for finished in batch.drain(..) {
            finished.held.remove(finished.claim.lease);
            drop(finished.place);
        }
    }
}

/// Writes a batch; while the database is away, again and again. The lease
/// decides whether a late write still counts.
async fn write_batch(queue: &Queue, patience: Backoff, batch: &mut [Finished]) {
    let mut attempt = 0;
    loop {
        let begun = Instant::now();
        match transact(&queue.within(patience.delay(attempt + 1, 1.0)), batch).await {
            Ok(committed) => {
                metrics().step(Step::Write, begun.elapsed());
                if attempt > 0 {
                    info!(rows = batch.len(), attempt, "results written, the database is back");
                }
                return committed.report(batch, attempt > 0);
            }
            Err(refusal) if refusal.is_refusal() => return write_one_by_one(queue, patience, batch, refusal).await,
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
async fn write_one_by_one(queue: &Queue, patience: Backoff, batch: &mut [Finished], refusal: DbError) {
    if let [single] = batch {
        let what = refusal.to_string();
        error!(measurement = %single.claim.lease.measurement_id, error = %what, "row refused");
        single.verdict = match &single.verdict {
            Verdict::Features(_) => conclude(&single.claim, &Failure::RowRefused { what }, serde_json::json!({})),
            // Not even an error row can be written: is the schema another version's? An operator can mend that.
            Verdict::Failed { .. } => Verdict::Later(REFUSED_ERROR_ROW_DELAY),
            // The queue row stays claimed; the worker finds out that nobody holds it.
            Verdict::Later(_) | Verdict::Postpone(_) | Verdict::GiveBack | Verdict::Forget => {
                return single.held.doubt();
            }
        };
        return Box::pin(write_batch(queue, patience, batch)).await;
    }
    for single in batch.chunks_mut(1) {
        Box::pin(write_batch(queue, patience, single)).await;
    }
}

impl Committed {
    /// The log lines that an operator greps for. After a connection that broke, perhaps with the COMMIT on it, a lease
    /// that is gone may also mean that the result stands.
    fn report(&self, batch: &[Finished], repeated: bool) {
        for (finished, written) in batch.iter().zip(&self.written) {
            let measurement = finished.claim.lease.measurement_id;
            let attempt = finished.claim.attempt;
            let duration_ms = finished.total_ms;
            if *written == Written::LeaseLost {
                metrics().leases_lost.inc();
                if repeated {
                    warn!(%measurement, attempt, duration_ms, "lease lost, or written as the connection broke");
                } else {
                    warn!(%measurement, attempt, duration_ms, "lease lost, result dropped");
                }
                continue;
            }
            finished.count();
            match &finished.verdict {
                Verdict::Features(row) => info!(
                    %measurement,
                    snr_db = format_args!("{:.1}", row.mean_snr_db),
                    confidence = format_args!("{:.2}", row.overall_confidence),
                    duration_ms,
                    "extracted features"
                ),
                Verdict::Failed {
                    error_kind,
                    error_message,
                    recheck,
                    ..
                } => warn!(
                    %measurement,
                    error_kind,
                    error = error_message,
                    attempt,
                    location = finished.claim.iq_data_location.as_deref().map(printable),
                    recheck_s = recheck.map(|after| after.as_secs()),
                    "extraction failed"
                ),
                // Said where it was decided, with the reason.
                Verdict::Later(_) | Verdict::Postpone(_) | Verdict::GiveBack => {}
                Verdict::Forget => info!(%measurement, "measurement is gone, dropped from the queue"),
            }
        }
        for session in &self.settled {
            info!(
                session = %session.recording_session_id,
                succeeded = session.succeeded,
                failed = session.failed,
                "feature extraction complete"
            );
        }
        for backfill in &self.backfills {
            info!(
                backfill = %backfill.backfill_id,
                total = backfill.total,
                done = backfill.done,
                failed = backfill.failed,
                "backfill complete"
            );
        }
    }
}
