//! Writes batches: repeats them while the database is away, and divides those that it refuses or
//! that have to wait for somebody.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio::time::sleep;
use tracing::{error, info, warn};

use super::completed_job::CompletedJob;
use super::limits::{Limits, MAX_BATCH};
use super::set_aside::SetAside;
use super::transaction::{Failure, transact};
use crate::backoff::Backoff;
use crate::job::error::ExtractionError;
use crate::job::failpoint::{FailPoint, hit};
use crate::job::outcome::Outcome;
use crate::job::retry_policy;
use crate::metrics::labels::{Step, Work};
use crate::metrics::metrics;
use crate::metrics::stall::Stalls;
use crate::queue::Queue;

/// A database restart takes a second or two. Waiting results must then not wait for another two.
const RETRY: Backoff = Backoff {
    base: Duration::from_millis(100),
    max: Duration::from_millis(1500),
};
/// Delay of a row whose error row is refused. An operator has time to see the error, and the work
/// continues soon after the repair.
const REFUSED_ERROR_ROW_DELAY: Duration = Duration::from_mins(5);
/// An error row that is refused at this attempt, or later, is given up.
const LAST_ERROR_ROW_ATTEMPT: i32 = 8;
/// A result whose statement is too slow this many times, alone and with a long time-out, counts as
/// refused.
const MAX_SLOW_TRIES: u32 = 3;
/// Delay of a measurement whose result is given up because too many are set aside.
const GIVEN_UP_DELAY: Duration = Duration::from_mins(1);

/// Writes to the database. All writers of a daemon share one.
pub(super) struct Lane {
    pub(super) queue: Queue,
    pub(super) answer_timeouts: Backoff,
    /// Notified when a row was deferred.
    pub(super) deferred: Arc<Notify>,
    pub(super) stalls: Arc<Stalls>,
    /// The most outcomes in one transaction at present. Smaller while the database is so slow that
    /// larger ones take too long.
    pub(super) batch_limit: AtomicUsize,
}

/// A part of a batch that is still to be written.
struct Part {
    jobs: Vec<CompletedJob>,
    limits: Limits,
    /// An earlier try may have been committed.
    repeated: bool,
}

impl Lane {
    /// Writes a batch. Returns the outcomes that cannot be written now.
    pub(super) async fn write(&self, jobs: Vec<CompletedJob>) -> Vec<SetAside> {
        let mut set_aside = Vec::new();
        let limits = Limits::usual(self.answer_timeouts.delay(1, 1.0));
        let mut parts = vec![Part {
            jobs,
            limits,
            repeated: false,
        }];
        while let Some(part) = parts.pop() {
            match self.commit(&part).await {
                Ok(()) => self.finish(part.jobs),
                Err(failure) => self.divide(part, &failure, &mut parts, &mut set_aside),
            }
        }
        set_aside
    }

    /// Writes an outcome that was set aside, or that is large. Returns it if it cannot be written
    /// now either.
    pub(super) async fn write_alone(&self, mut entry: SetAside) -> Option<SetAside> {
        loop {
            let part = Part {
                limits: Limits::alone(entry.job.segments()),
                repeated: entry.repeated,
                jobs: vec![entry.job],
            };
            let Err(failure) = self.commit(&part).await else {
                self.finish(part.jobs);
                return None;
            };
            let Some(job) = part.jobs.into_iter().next() else {
                unreachable!("a part of one")
            };
            entry.job = job;
            entry.slow_tries += u32::from(failure.error.is_slow());
            if failure.error.is_blocked() && entry.slow_tries < MAX_SLOW_TRIES {
                return Some(entry.again(&failure));
            }
            entry.slow_tries = 0;
            entry.job = self.refused(entry.job, &failure)?;
        }
    }

    /// Repeats a transaction while the database is away: the fence of the claims decides whether a
    /// late write still counts.
    async fn commit(&self, part: &Part) -> Result<(), Failure> {
        let mut attempt = 0;
        loop {
            let begun = Instant::now();
            let answer = self.answer_timeouts.delay(attempt + 1, 1.0);
            let limits = Limits {
                answer: part.limits.answer.max(answer),
                ..part.limits
            };
            match transact(&self.queue, &part.jobs, &limits).await {
                Ok(committed) => {
                    metrics().step(Step::Write, begun.elapsed());
                    self.stalls.succeeded(Work::Write);
                    if attempt > 0 {
                        info!(rows = part.jobs.len(), attempt, "results written, the database is back");
                    }
                    committed.report(&part.jobs, part.repeated || attempt > 0);
                    return Ok(());
                }
                Err(failure) => {
                    self.stalls.failed(Work::Write, &failure.reason());
                    if !failure.error.is_outage() {
                        return Err(failure);
                    }
                    attempt += 1;
                    if attempt == 1 {
                        warn!(rows = part.jobs.len(), error = %failure.error, "results cannot be written, retrying");
                    }
                    sleep(RETRY.jittered(attempt)).await;
                }
            }
        }
    }

    /// Takes the outcome out whose statement failed. Where none is known, halves the batch.
    fn divide(&self, part: Part, failure: &Failure, parts: &mut Vec<Part>, set_aside: &mut Vec<SetAside>) {
        let Part {
            mut jobs,
            limits,
            repeated,
        } = part;
        let is_slow = failure.error.is_slow();
        if is_slow && failure.culprit.is_none() {
            self.batch_limit.store((jobs.len() / 2).max(1), Ordering::SeqCst);
        }
        let repeated = repeated || is_slow;
        let limits = if is_slow { limits.slower() } else { limits.repeated() };
        let part = |jobs| Part { jobs, limits, repeated };
        let culprit = if jobs.len() == 1 { Some(0) } else { failure.culprit };
        let Some(place) = culprit.filter(|place| *place < jobs.len()) else {
            let half = jobs.split_off(jobs.len() / 2);
            return parts.extend([part(half), part(jobs)]);
        };
        let was_alone = jobs.len() == 1;
        let job = jobs.remove(place);
        if failure.error.is_blocked() {
            set_aside.push(SetAside::new(job, failure, repeated));
        } else if was_alone {
            parts.extend(self.refused(job, failure).map(|job| part(vec![job])));
        } else {
            // Refused once more, alone, it is certain.
            parts.push(part(vec![job]));
        }
        if !jobs.is_empty() {
            parts.push(part(jobs));
        }
    }

    /// Decides what happens to an outcome that the database refuses. The cause need not be the row:
    /// a right or a column may be missing. Returns `None` if nothing more is to be written.
    fn refused(&self, mut job: CompletedJob, failure: &Failure) -> Option<CompletedJob> {
        let reason = failure.reason();
        error!(
            measurement = %job.claim.lease.measurement_id,
            session = %job.claim.recording_session_id,
            station = job.claim.station(),
            error = %reason,
            "row refused"
        );
        job.outcome = match &job.outcome {
            Outcome::Completed(_) => retry_policy::decide(
                &job.claim,
                &ExtractionError::RowRefused { reason },
                serde_json::json!({}),
            ),
            // The error row is refused too. The schema may have another version, which an operator
            // can fix.
            Outcome::Failed { .. } if job.claim.attempt < LAST_ERROR_ROW_ATTEMPT => {
                Outcome::Retry(REFUSED_ERROR_ROW_DELAY)
            }
            Outcome::Failed { error_message, .. } => {
                Outcome::Park(format!("{error_message}; the error row was refused: {reason}"))
            }
            // The queue row stays claimed, and the worker releases it as an orphan.
            Outcome::Retry(_) | Outcome::Snooze(_) | Outcome::Park(_) | Outcome::Release | Outcome::Discard => {
                job.held.flag_orphans();
                self.finish(vec![job]);
                return None;
            }
        };
        Some(job)
    }

    /// Gives up a result because too many are set aside: defers the measurement, which is then
    /// extracted again. Where not even that can be written, its claim is released later as an
    /// orphan.
    pub(super) async fn give_up(&self, mut entry: SetAside) {
        warn!(
            measurement = %entry.job.claim.lease.measurement_id,
            session = %entry.job.claim.recording_session_id,
            station = entry.job.claim.station(),
            reason = entry.reason,
            "too many results cannot be written, this one is given up and extracted again"
        );
        entry.job.outcome = Outcome::Snooze(GIVEN_UP_DELAY);
        let limits = Limits::alone(0).repeated();
        let jobs = [entry.job];
        if transact(&self.queue, &jobs, &limits).await.is_err() {
            jobs[0].held.flag_orphans();
        }
        self.finish(Vec::from(jobs));
    }

    /// Ends the leases of outcomes that were written.
    fn finish(&self, jobs: Vec<CompletedJob>) {
        if jobs.iter().any(CompletedJob::is_deferred) {
            self.deferred.notify_one();
        }
        hit(FailPoint::AfterReport, jobs.iter().map(|job| &job.claim));
        for job in jobs {
            let measurement = job.claim.lease.measurement_id;
            if let Some(waited) = self.stalls.taken_up(measurement) {
                info!(%measurement, waited_s = waited.as_secs(), "no longer set aside");
            }
            job.held.remove(job.claim.lease);
        }
        let _ = self
            .batch_limit
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |limit| {
                (limit < MAX_BATCH).then_some(limit + 1)
            });
    }
}
