//! The transaction that writes a batch: stores outcomes, settles sessions, counts backfills.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::future::pending;
use std::pin::Pin;
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use deadpool_postgres::Object;
use futures_util::future::{FutureExt as _, ready};
use tokio::time::sleep;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Error, Row};
use uuid::Uuid;

use super::batch_transaction::BatchTransaction;
use super::completed_job::CompletedJob;
use super::limits::Limits;
use super::write_result::{SettledSession, WriteResult};
use crate::job::claim::Claim;
use crate::job::failpoint::{FailPoint, hit};
use crate::job::outcome::Outcome;
use crate::metrics::labels::Source;
use crate::metrics::{JobTimings, metrics};
use crate::postgres::error::DbError;
use crate::queue::rows::{Blocker, blocked_reason};
use crate::queue::{Queue, millis};
use crate::sql;

/// What a transaction did.
#[derive(Debug)]
pub struct BatchResult {
    /// One result for each outcome, in the order of the batch.
    pub written: Vec<WriteResult>,
    /// Sessions that have nothing outstanding any more.
    pub settled: Vec<SettledSession>,
}

/// Why a transaction has changed nothing.
#[derive(Debug)]
pub struct Failure {
    /// The error of the statement that failed.
    pub error: DbError,
    /// The outcome whose own statement failed, as an index into the batch. `None` for a statement
    /// of the whole batch, and where only all of them together took too long.
    pub culprit: Option<usize>,
    /// Who held what the statement waited for.
    pub blockers: Vec<Blocker>,
}

impl Failure {
    /// The error, and who caused it.
    #[must_use]
    pub fn reason(&self) -> String {
        blocked_reason(&self.error, &self.blockers)
    }
}

/// Where a transaction is.
#[derive(Default)]
struct Progress {
    /// Process of the server, 0 before it is known.
    pid: AtomicI32,
    /// One more than the index of the outcome whose answer is awaited; 0 for no outcome.
    storing: AtomicUsize,
}

/// Writes a batch in one transaction. The statements are sent without waiting for the answers in
/// between. While one of them waits for a lock, another connection asks who holds it.
///
/// # Errors
/// When the database refuses, a limit is over, or the database does not answer. In the last case the
/// transaction may have been committed.
pub async fn transact(queue: &Queue, batch: &[CompletedJob], limits: &Limits) -> Result<BatchResult, Failure> {
    let progress = Progress::default();
    let blockers = Mutex::new(Vec::new());
    let pooled = queue.is_pooled();
    let queue = queue.with_timeout(limits.answer);
    // Boxed: each statement of the transaction adds to the size of the future.
    let writing = queue.with_connection(async |client| Box::pin(run(client, batch, pooled, limits, &progress)).await);
    let watching = async {
        sleep(limits.lock / 2).await;
        // It is unknown while the statements are prepared.
        let pid = Some(progress.pid.load(Ordering::SeqCst)).filter(|pid| *pid > 0);
        *blockers.lock().unwrap_or_else(PoisonError::into_inner) = queue.blockers(pid).await;
        pending::<Infallible>().await
    };
    let result = tokio::select! {
        result = writing => result,
        never = watching => match never {},
    };
    result.map_err(|error| Failure {
        culprit: match &error {
            DbError::Slow(_) | DbError::Timeout(_) => None,
            _ => progress.storing.into_inner().checked_sub(1),
        },
        error,
        blockers: blockers.into_inner().unwrap_or_else(PoisonError::into_inner),
    })
}

async fn run(
    client: &mut Object,
    batch: &[CompletedJob],
    pooled: bool,
    limits: &Limits,
    progress: &Progress,
) -> Result<BatchResult, DbError> {
    hit(FailPoint::BeforeTransaction, claims(batch));
    let transaction = BatchTransaction::begin(client, pooled).await?;
    let (stored, settled) = store_and_settle(&transaction, batch, limits, progress).await?;
    let mut written = Vec::with_capacity(batch.len());
    let mut timings = Vec::with_capacity(batch.len());
    for (job, rows) in batch.iter().zip(&stored) {
        let (result, job_timings) = read_result(job, rows)?;
        written.push(result);
        timings.extend(job_timings);
    }
    count_backfills(&transaction, batch, &written).await?;
    hit(FailPoint::BeforeCommit, claims(batch));
    let commit = send(transaction.commit());
    hit(FailPoint::CommitSent, claims(batch));
    commit.await?;
    hit(FailPoint::AfterCommit, claims(batch));
    for timings in &timings {
        metrics().written(timings);
    }
    Ok(BatchResult {
        written,
        settled: settled.iter().map(SettledSession::read).collect::<Result<_, _>>()?,
    })
}

/// Stores each outcome, then locks and settles the sessions that it may have finished. Returns the
/// rows of each stored outcome and the rows of the settled sessions.
async fn store_and_settle(
    transaction: &BatchTransaction<'_>,
    batch: &[CompletedJob],
    limits: &Limits,
    progress: &Progress,
) -> Result<(Vec<Vec<Row>>, Vec<Row>), DbError> {
    let (lock_ms, statement_ms) = (millis(limits.lock).to_string(), millis(limits.statement).to_string());
    let limit: [&(dyn ToSql + Sync); 2] = [&lock_ms, &statement_ms];
    let limiting = send(transaction.query(sql::WRITE_LIMITS, &limit));
    let mut last_parts = Vec::with_capacity(batch.len());
    for (place, job) in batch.iter().enumerate() {
        progress.storing.store(place + 1, Ordering::SeqCst);
        last_parts.push(transaction.store_parts(job).await?);
    }
    progress.storing.store(0, Ordering::SeqCst);
    let changed = sessions_of(batch, CompletedJob::can_finish_session);
    let sessions: [&(dyn ToSql + Sync); 1] = [&changed];

    let storing: Vec<_> = batch
        .iter()
        .zip(&last_parts)
        .map(|(job, last_part)| send(transaction.store(job, last_part)))
        .collect();
    let locking = send(transaction.query(sql::LOCK_SESSIONS, &sessions));
    let settling = send(transaction.query(sql::SETTLE_SESSIONS, &sessions));

    if let Some(row) = limiting.await?.first() {
        progress.pid.store(row.try_get("pid")?, Ordering::SeqCst);
    }
    let mut stored = Vec::with_capacity(batch.len());
    for (place, storing) in storing.into_iter().enumerate() {
        progress.storing.store(place + 1, Ordering::SeqCst);
        stored.push(storing.await?);
    }
    progress.storing.store(0, Ordering::SeqCst);
    hit(FailPoint::AfterStore, claims(batch));
    locking.await?;
    hit(FailPoint::AfterLock, claims(batch));
    let settled = settling.await?;
    hit(FailPoint::AfterSettle, claims(batch));
    Ok((stored, settled))
}

/// Appends what the batch has finished of backfills. The keeper of the counts adds it up.
async fn count_backfills(
    transaction: &BatchTransaction<'_>,
    batch: &[CompletedJob],
    written: &[WriteResult],
) -> Result<(), Error> {
    let mut counts: BTreeMap<Uuid, (i32, i32)> = BTreeMap::new();
    for (job, written) in batch.iter().zip(written) {
        if let WriteResult::Done(Some(backfill)) = written {
            let (done, failed) = counts.entry(*backfill).or_default();
            match job.outcome {
                Outcome::Completed(_) | Outcome::Unchanged => *done += 1,
                _ => *failed += 1,
            }
        }
    }
    if counts.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = counts.keys().copied().collect();
    let (done, failed): (Vec<i32>, Vec<i32>) = counts.into_values().unzip();
    transaction
        .query(sql::PROGRESS_BACKFILLS, &[&ids, &done, &failed])
        .await?;
    Ok(())
}

fn claims(batch: &[CompletedJob]) -> impl Iterator<Item = &Claim> {
    batch.iter().map(|job| &job.claim)
}

/// The sessions of some jobs, sorted, each once.
fn sessions_of(batch: &[CompletedJob], wanted: impl Fn(&CompletedJob) -> bool) -> Vec<Uuid> {
    let jobs = batch.iter().filter(|job| wanted(job));
    let mut sessions: Vec<Uuid> = jobs.map(|job| job.claim.recording_session_id).collect();
    sessions.sort_unstable();
    sessions.dedup();
    sessions
}

/// Sends a statement and returns the future of its answer.
///
/// The first poll writes the statement to the connection, so the server runs statements in the
/// order in which they are sent here.
fn send<'a, T: Send + 'a>(query: impl Future<Output = T> + Send + 'a) -> Pin<Box<dyn Future<Output = T> + Send + 'a>> {
    let mut query = Box::pin(query);
    match (&mut query).now_or_never() {
        Some(answer) => Box::pin(ready(answer)),
        None => query,
    }
}

/// Reads what the database did with an outcome, and the timings of a job that now has a row.
fn read_result(job: &CompletedJob, rows: &[Row]) -> Result<(WriteResult, Option<JobTimings>), Error> {
    let Some(row) = rows.first() else {
        return Ok((WriteResult::LeaseLost, None));
    };
    match job.outcome {
        Outcome::Completed(_) | Outcome::Failed { .. } => {}
        Outcome::Unchanged => return Ok((WriteResult::Done(row.try_get("backfill_id")?), None)),
        _ => return Ok((WriteResult::Done(None), None)),
    }
    let timings = JobTimings {
        source: Source::named(&job.claim.source),
        first_attempt: job.claim.attempt == 1,
        recheck: job.claim.recheck,
        queued_s: row.try_get("queued_s")?,
        worked_s: row.try_get("worked_s")?,
    };
    Ok((WriteResult::Done(row.try_get("backfill_id")?), Some(timings)))
}
