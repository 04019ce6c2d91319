//! The last step: verdicts become rows, several in one transaction when there
//! are several.
//!
//! While one transaction commits, further verdicts gather; so the batch grows
//! with the load and an idle daemon writes a single one at once. A recording
//! holds its place among those in flight until its row stands, which bounds
//! what gathers here.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::FutureExt as _;
use tokio::sync::{Notify, OwnedSemaphorePermit, mpsc};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Row, Statement};
use tracing::{error, info, warn};
use uuid::Uuid;

use crate::backoff::Backoff;
use crate::db::DbError;
use crate::failure::Failure;
use crate::queue::{
    ANSWER_TIMEOUT, Claim, FinishedBackfill, Lease, Queue, SettledSession, Verdict, Written, discard, millis,
};
use crate::sql;

/// One commit for so many rows costs as little as it ever will; more only delays the first of them.
pub const MAX_BATCH: usize = 32;
/// A database restart takes a second or two.
const RETRY: Backoff = Backoff {
    base: Duration::from_millis(100),
    max: Duration::from_secs(5),
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
    pub held: Arc<crate::worker::Held>,
}

/// Writes verdicts until all senders are gone and none is left. Rings `postponed`
/// when a row now waits for its time.
pub async fn write(queue: Queue, mut inbox: mpsc::Receiver<Finished>, postponed: Arc<Notify>) {
    let mut batch = Vec::with_capacity(MAX_BATCH);
    while inbox.recv_many(&mut batch, MAX_BATCH).await > 0 {
        write_batch(&queue, &mut batch).await;
        let waits = |finished: &Finished| {
            matches!(
                finished.verdict,
                Verdict::Later(_) | Verdict::Failed { recheck: Some(_), .. }
            )
        };
        if batch.iter().any(waits) {
            postponed.notify_one();
        }
        for finished in batch.drain(..) {
            finished.held.remove(finished.claim.lease);
            drop(finished.place);
        }
    }
}

/// Writes a batch; while the database is away, again and again. The lease
/// decides whether a late write still counts.
async fn write_batch(queue: &Queue, batch: &mut [Finished]) {
    let mut attempt = 0;
    loop {
        match transact(queue, batch).await {
            Ok(committed) => {
                if attempt > 0 {
                    info!(rows = batch.len(), attempt, "results written, the database is back");
                }
                return committed.report(batch);
            }
            Err(refusal) if refusal.is_refusal() => return write_one_by_one(queue, batch, refusal).await,
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

/// The database works and refused the batch: finds the row that it refuses, and
/// writes an error row in its place.
async fn write_one_by_one(queue: &Queue, batch: &mut [Finished], refusal: DbError) {
    if let [single] = batch {
        let what = refusal.to_string();
        error!(measurement = %single.claim.lease.measurement_id, error = %what, "row refused");
        single.verdict = match &single.verdict {
            Verdict::Features(_) => failed(&Failure::RowRefused { what }, serde_json::json!({}), None),
            // Not even an error row can be written: is the schema another version's? An operator can mend that.
            Verdict::Failed { .. } => Verdict::Later(REFUSED_ERROR_ROW_DELAY),
            // The queue row stays claimed, and is taken over when this daemon ends.
            Verdict::Later(_) | Verdict::GiveBack | Verdict::Forget => return,
        };
        return Box::pin(write_batch(queue, batch)).await;
    }
    for single in batch.chunks_mut(1) {
        Box::pin(write_batch(queue, single)).await;
    }
}

/// An error row's verdict.
#[must_use]
pub fn failed(failure: &Failure, extraction_metadata: serde_json::Value, recheck: Option<Duration>) -> Verdict {
    Verdict::Failed {
        error_kind: failure.kind().to_owned(),
        error_message: failure.message(),
        extraction_metadata,
        recheck,
    }
}

/// What a transaction did.
struct Committed {
    written: Vec<Written>,
    settled: Vec<SettledSession>,
    backfills: Vec<FinishedBackfill>,
}

/// Lock the sessions, store each verdict, see which sessions have nothing
/// outstanding, count backfills; sent without waiting in between, then committed.
async fn transact(queue: &Queue, batch: &[Finished]) -> Result<Committed, DbError> {
    let mut client = queue.connection().await?;
    let work = async {
        let statements = Statements::prepare(&client).await?;
        let transaction = client.transaction().await?;
        let sessions = sessions_of(batch, |_| true);
        let changed = sessions_of(batch, changes_its_session);
        let (written, settled) = {
            let (to_lock, to_settle): ([&(dyn ToSql + Sync); 1], [&(dyn ToSql + Sync); 1]) = ([&sessions], [&changed]);
            let mut pipeline = vec![sent(transaction.query(&statements.lock_sessions, &to_lock))];
            pipeline.extend(
                batch
                    .iter()
                    .map(|finished| sent(store(&transaction, &statements, finished))),
            );
            pipeline.push(sent(transaction.query(&statements.settle_sessions, &to_settle)));
            let mut answers = Vec::with_capacity(pipeline.len());
            for (query, early) in pipeline {
                answers.push(match early {
                    Some(early) => early?,
                    None => query.await?,
                });
            }
            let settled = answers.pop().unwrap_or_default();
            let written = batch
                .iter()
                .zip(&answers[1..])
                .map(|(finished, rows)| read_written(&finished.verdict, rows))
                .collect::<Result<Vec<_>, _>>()?;
            (written, settled)
        };
        let progress = backfill_progress(batch, &written);
        let backfills = if progress.0.is_empty() {
            Vec::new()
        } else {
            transaction
                .query(&statements.progress_backfills, &[&progress.0, &progress.1, &progress.2])
                .await?
        };
        transaction.commit().await?;
        Ok(Committed {
            written,
            settled: settled.iter().map(read_settled).collect::<Result<_, _>>()?,
            backfills: backfills.iter().map(read_backfill).collect::<Result<_, _>>()?,
        })
    };
    match tokio::time::timeout(ANSWER_TIMEOUT, work).await {
        Ok(result) => result.map_err(DbError::Postgres),
        Err(_) => Err(discard(client)),
    }
}

/// Sessions of the verdicts that pass, each once, in order.
fn sessions_of(batch: &[Finished], pass: impl Fn(&Finished) -> bool) -> Vec<Uuid> {
    let passing = batch.iter().filter(|finished| pass(finished));
    let mut sessions: Vec<Uuid> = passing.map(|finished| finished.claim.recording_session_id).collect();
    sessions.sort_unstable();
    sessions.dedup();
    sessions
}

/// Whether a session may be finished by this, or finished anew. A second look
/// that finds nothing changes nothing; what goes back keeps its session open.
fn changes_its_session(finished: &Finished) -> bool {
    match finished.verdict {
        Verdict::Features(_) | Verdict::Forget => true,
        Verdict::Failed { .. } => !finished.claim.recheck,
        Verdict::Later(_) | Verdict::GiveBack => false,
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

fn read_written(verdict: &Verdict, rows: &[Row]) -> Result<Written, tokio_postgres::Error> {
    let Some(row) = rows.first() else {
        return Ok(Written::LeaseLost);
    };
    Ok(Written::Done(match verdict {
        Verdict::Features(_) | Verdict::Failed { .. } => row.try_get("backfill_id")?,
        Verdict::Later(_) | Verdict::GiveBack | Verdict::Forget => None,
    }))
}

struct Statements {
    lock_sessions: Statement,
    store_features: Statement,
    store_failure: Statement,
    retry_later: Statement,
    give_back: Statement,
    forget: Statement,
    settle_sessions: Statement,
    progress_backfills: Statement,
}

impl Statements {
    async fn prepare(client: &deadpool_postgres::Object) -> Result<Self, tokio_postgres::Error> {
        Ok(Self {
            lock_sessions: client.prepare_cached(sql::LOCK_SESSIONS).await?,
            store_features: client.prepare_cached(sql::STORE_FEATURES).await?,
            store_failure: client.prepare_cached(sql::STORE_FAILURE).await?,
            retry_later: client.prepare_cached(sql::RETRY_LATER).await?,
            give_back: client.prepare_cached(sql::GIVE_BACK).await?,
            forget: client.prepare_cached(sql::FORGET).await?,
            settle_sessions: client.prepare_cached(sql::SETTLE_SESSIONS).await?,
            progress_backfills: client.prepare_cached(sql::PROGRESS_BACKFILLS).await?,
        })
    }
}

async fn store(
    transaction: &deadpool_postgres::Transaction<'_>,
    statements: &Statements,
    finished: &Finished,
) -> Result<Vec<Row>, tokio_postgres::Error> {
    let Lease {
        measurement_id,
        claim_id,
    } = finished.claim.lease;
    match &finished.verdict {
        Verdict::Features(row) => {
            let parameters: &[&(dyn ToSql + Sync)] = &[
                &measurement_id,
                &claim_id,
                &row.receiver_features,
                &row.extraction_metadata,
                &row.overall_confidence,
                &row.mean_snr_db,
                &row.num_receivers_detected,
            ];
            transaction.query(&statements.store_features, parameters).await
        }
        Verdict::Failed {
            error_kind,
            error_message,
            extraction_metadata,
            recheck,
        } => {
            let recheck_after_ms = recheck.map(millis);
            let parameters: &[&(dyn ToSql + Sync)] = &[
                &measurement_id,
                &claim_id,
                error_kind,
                error_message,
                extraction_metadata,
                &recheck_after_ms,
            ];
            transaction.query(&statements.store_failure, parameters).await
        }
        Verdict::Later(delay) => {
            transaction
                .query(&statements.retry_later, &[&measurement_id, &claim_id, &millis(*delay)])
                .await
        }
        Verdict::GiveBack => {
            transaction
                .query(&statements.give_back, &[&vec![measurement_id], &vec![claim_id]])
                .await
        }
        Verdict::Forget => {
            transaction
                .query(&statements.forget, &[&measurement_id, &claim_id])
                .await
        }
    }
}

/// Backfill ids with what this batch adds to each: done, failed.
fn backfill_progress(batch: &[Finished], written: &[Written]) -> (Vec<Uuid>, Vec<i32>, Vec<i32>) {
    let mut counts: HashMap<Uuid, (i32, i32)> = HashMap::new();
    for (finished, written) in batch.iter().zip(written) {
        if let Written::Done(Some(backfill)) = written {
            let (done, failed) = counts.entry(*backfill).or_default();
            match finished.verdict {
                Verdict::Features(_) => *done += 1,
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

fn read_settled(row: &Row) -> Result<SettledSession, tokio_postgres::Error> {
    Ok(SettledSession {
        recording_session_id: row.try_get("recording_session_id")?,
        succeeded: row.try_get("succeeded")?,
        failed: row.try_get("failed")?,
    })
}

fn read_backfill(row: &Row) -> Result<FinishedBackfill, tokio_postgres::Error> {
    Ok(FinishedBackfill {
        backfill_id: row.try_get("backfill_id")?,
        total: row.try_get("total")?,
        done: row.try_get("done")?,
        failed: row.try_get("failed")?,
    })
}

impl Committed {
    /// The log lines that an operator greps for.
    fn report(&self, batch: &[Finished]) {
        for (finished, written) in batch.iter().zip(&self.written) {
            let measurement = finished.claim.lease.measurement_id;
            let attempt = finished.claim.attempt;
            let duration_ms = finished.total_ms;
            if *written == Written::LeaseLost {
                warn!(%measurement, attempt, duration_ms, "lease lost, result dropped");
                continue;
            }
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
                    location = finished.claim.iq_data_location,
                    recheck_s = recheck.map(|after| after.as_secs()),
                    "extraction failed"
                ),
                // Said where it was decided, with the reason.
                Verdict::Later(_) | Verdict::GiveBack => {}
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
