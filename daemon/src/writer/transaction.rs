//! One transaction: outcomes stored, sessions settled, backfills counted.

use std::collections::HashMap;
use std::pin::Pin;

use deadpool_postgres::Object;
use futures_util::future::FutureExt as _;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::completed_job::CompletedJob;
use super::statements::Statements;
use super::write_result::{FinishedBackfill, SettledSession, WriteResult};
use crate::job::claim::Claim;
use crate::job::failpoint::{FailPoint, hit};
use crate::job::outcome::Outcome;
use crate::metrics::labels::Source;
use crate::metrics::{JobTimings, metrics};
use crate::postgres::error::DbError;
use crate::queue::Queue;
use crate::sql;

/// What a transaction did.
pub struct BatchResult {
    /// For each outcome, in its order.
    pub written: Vec<WriteResult>,
    /// Sessions that have nothing outstanding any more.
    pub settled: Vec<SettledSession>,
    /// Backfills that are through.
    pub backfills: Vec<FinishedBackfill>,
}

/// Lock the sessions, store each outcome, see which sessions have nothing
/// outstanding, count backfills; sent without waiting in between, then committed.
///
/// # Errors
/// When the database does not answer or refuses; whether it has committed is then unknown.
pub async fn transact(queue: &Queue, batch: &[CompletedJob]) -> Result<BatchResult, DbError> {
    queue
        .with_connection(async |client| steps(client, batch, queue.is_pooled()).await)
        .await
}

async fn steps(client: &mut Object, batch: &[CompletedJob], pooled: bool) -> Result<BatchResult, DbError> {
    let statements = Statements::prepare(client, pooled).await?;
    hit(FailPoint::BeforeTransaction, claims(batch));
    let transaction = client.transaction().await?;
    if pooled {
        transaction.batch_execute(sql::SESSION_SETTINGS).await?;
    }
    let mut last_parts = Vec::with_capacity(batch.len());
    for finished in batch {
        last_parts.push(statements.store_parts(&transaction, finished).await?);
    }
    let sessions = sessions_of(batch, |_| true);
    let changed = sessions_of(batch, changes_its_session);
    let mut times = Vec::new();
    let (written, settled) = {
        let (to_lock, to_settle): ([&(dyn ToSql + Sync); 1], [&(dyn ToSql + Sync); 1]) = ([&sessions], [&changed]);
        let mut pipeline = vec![sent(statements.lock_sessions.query(&transaction, &to_lock))];
        pipeline.extend(
            batch
                .iter()
                .zip(&last_parts)
                .map(|(finished, last)| sent(statements.store(&transaction, finished, last))),
        );
        pipeline.push(sent(statements.settle_sessions.query(&transaction, &to_settle)));
        let mut answers = Vec::with_capacity(pipeline.len());
        for (query, early) in pipeline {
            answers.push(match early {
                Some(early) => early?,
                None => query.await?,
            });
            if answers.len() == 1 {
                hit(FailPoint::AfterLock, claims(batch));
            } else if answers.len() == batch.len() + 1 {
                hit(FailPoint::AfterStore, claims(batch));
            }
        }
        hit(FailPoint::AfterSettle, claims(batch));
        let settled = answers.pop().unwrap_or_default();
        for (finished, rows) in batch.iter().zip(&answers[1..]) {
            times.extend(read_times(&finished.claim, rows)?);
        }
        let written = batch
            .iter()
            .zip(&answers[1..])
            .map(|(finished, rows)| read_written(&finished.outcome, rows))
            .collect::<Result<Vec<_>, _>>()?;
        (written, settled)
    };
    let progress = backfill_progress(batch, &written);
    let backfills = if progress.0.is_empty() {
        Vec::new()
    } else {
        statements
            .progress_backfills
            .query(&transaction, &[&progress.0, &progress.1, &progress.2])
            .await?
    };
    hit(FailPoint::BeforeCommit, claims(batch));
    let mut commit = Box::pin(transaction.commit());
    // On its way, as the statements of the pipeline.
    let early = (&mut commit).now_or_never();
    hit(FailPoint::CommitSent, claims(batch));
    match early {
        Some(early) => early?,
        None => commit.await?,
    }
    hit(FailPoint::AfterCommit, claims(batch));
    for times in &times {
        metrics().written(times);
    }
    Ok(BatchResult {
        written,
        settled: settled.iter().map(SettledSession::read).collect::<Result<_, _>>()?,
        backfills: backfills.iter().map(FinishedBackfill::read).collect::<Result<_, _>>()?,
    })
}

fn claims(batch: &[CompletedJob]) -> impl Iterator<Item = &Claim> {
    batch.iter().map(|finished| &finished.claim)
}

/// Sessions of the outcomes that pass, each once, in order.
fn sessions_of(batch: &[CompletedJob], pass: impl Fn(&CompletedJob) -> bool) -> Vec<Uuid> {
    let passing = batch.iter().filter(|finished| pass(finished));
    let mut sessions: Vec<Uuid> = passing.map(|finished| finished.claim.recording_session_id).collect();
    sessions.sort_unstable();
    sessions.dedup();
    sessions
}

/// Whether a session may be finished by this, or finished anew. A second look
/// that finds nothing changes nothing; what goes back keeps its session open.
fn changes_its_session(finished: &CompletedJob) -> bool {
    match finished.outcome {
        Outcome::Completed(_) | Outcome::Discard => true,
        Outcome::Failed { .. } => !finished.claim.recheck,
        Outcome::Retry(_) | Outcome::Snooze(_) | Outcome::Release => false,
    }
}

type Rows = Result<Vec<Row>, tokio_postgres::Error>;
type Query<'a> = Pin<Box<dyn Future<Output = Rows> + Send + 'a>>;

/// A query that is on its way: polled once, it has been written to the
/// connection, and the order of polling is the order of execution.
fn sent<'a>(query: impl Future<Output = Rows> + Send + 'a) -> (Query<'a>, Option<Rows>) {
    let mut query: Query<'a> = Box::pin(query);
    let early = (&mut query).now_or_never();
    (query, early)
}

fn read_written(outcome: &Outcome, rows: &[Row]) -> Result<WriteResult, tokio_postgres::Error> {
    let Some(row) = rows.first() else {
        return Ok(WriteResult::LeaseLost);
    };
    Ok(WriteResult::Done(match outcome {
        Outcome::Completed(_) | Outcome::Failed { .. } => row.try_get("backfill_id")?,
        Outcome::Retry(_) | Outcome::Snooze(_) | Outcome::Release | Outcome::Discard => None,
    }))
}

/// Where the row tells them: it has been stored as features or as an error row.
fn read_times(claim: &Claim, rows: &[Row]) -> Result<Option<JobTimings>, tokio_postgres::Error> {
    let Some(row) = rows
        .first()
        .filter(|row| row.columns().iter().any(|column| column.name() == "worked_s"))
    else {
        return Ok(None);
    };
    Ok(Some(JobTimings {
        source: Source::named(&claim.source),
        first_attempt: claim.attempt == 1,
        recheck: claim.recheck,
        queued_s: row.try_get("queued_s")?,
        worked_s: row.try_get("worked_s")?,
    }))
}

/// Backfill ids with what this batch adds to each: done, failed.
fn backfill_progress(batch: &[CompletedJob], written: &[WriteResult]) -> (Vec<Uuid>, Vec<i32>, Vec<i32>) {
    let mut counts: HashMap<Uuid, (i32, i32)> = HashMap::new();
    for (finished, written) in batch.iter().zip(written) {
        if let WriteResult::Done(Some(backfill)) = written {
            let (done, failed) = counts.entry(*backfill).or_default();
            match finished.outcome {
                Outcome::Completed(_) => *done += 1,
                _ => *failed += 1,
            }
        }
    }
    let mut ids: Vec<Uuid> = counts.keys().copied().collect();
    // Always in the same order, or two daemons could wait for each other.
    ids.sort_unstable();
    let (done, failed) = ids.iter().map(|id| counts[id]).unzip();
    (ids, done, failed)
}
