//! What is sent to the server for one outcome.

use std::io;

use deadpool_postgres::{Object, Transaction};
use serde_json::value::RawValue;
use tokio_postgres::Row;
use tokio_postgres::types::{Json, ToSql};

use super::completed_job::CompletedJob;
use crate::job::claim::Lease;
use crate::job::outcome::Outcome;
use crate::postgres::error::DbError;
use crate::postgres::statement::PreparedOrUnnamed;
use crate::queue::millis;
use crate::sql;

/// Segments that go to the server at once, 0.2 MB. More are sent in parts beforehand: the last parts of all recordings in flight may be
/// in one transaction, and a message is in memory three times while it is sent.
const PART_SEGMENTS: usize = 64;

/// Segments as they are bound.
type Part = Vec<Json<Box<RawValue>>>;

/// All that a batch may need, ready on one connection.
pub(super) struct Statements {
    pub(super) lock_sessions: PreparedOrUnnamed<'static>,
    store_part: PreparedOrUnnamed<'static>,
    store_features: PreparedOrUnnamed<'static>,
    store_failure: PreparedOrUnnamed<'static>,
    retry: PreparedOrUnnamed<'static>,
    snooze: PreparedOrUnnamed<'static>,
    release: PreparedOrUnnamed<'static>,
    discard: PreparedOrUnnamed<'static>,
    pub(super) settle_sessions: PreparedOrUnnamed<'static>,
    pub(super) progress_backfills: PreparedOrUnnamed<'static>,
}

impl Statements {
    pub(super) async fn prepare(client: &Object, pooled: bool) -> Result<Self, tokio_postgres::Error> {
        Ok(Self {
            lock_sessions: PreparedOrUnnamed::on(client, sql::LOCK_SESSIONS, pooled).await?,
            store_part: PreparedOrUnnamed::on(client, sql::STORE_PART, pooled).await?,
            store_features: PreparedOrUnnamed::on(client, sql::STORE_FEATURES, pooled).await?,
            store_failure: PreparedOrUnnamed::on(client, sql::STORE_FAILURE, pooled).await?,
            retry: PreparedOrUnnamed::on(client, sql::RETRY_LATER, pooled).await?,
            snooze: PreparedOrUnnamed::on(client, sql::SNOOZE, pooled).await?,
            release: PreparedOrUnnamed::on(client, sql::RELEASE, pooled).await?,
            discard: PreparedOrUnnamed::on(client, sql::DISCARD, pooled).await?,
            settle_sessions: PreparedOrUnnamed::on(client, sql::SETTLE_SESSIONS, pooled).await?,
            progress_backfills: PreparedOrUnnamed::on(client, sql::PROGRESS_BACKFILLS, pooled).await?,
        })
    }

    /// Sends all parts but the last of an outcome's segments; that one is returned, with the number of those before it.
    pub(super) async fn store_parts(
        &self,
        transaction: &Transaction<'_>,
        finished: &CompletedJob,
    ) -> Result<(i32, Part), DbError> {
        let (mut parts, mut part) = (0, Part::new());
        let Outcome::Completed(row) = &finished.outcome else {
            return Ok((parts, part));
        };
        for line in row.segments.lines(&row.trailing_warnings)? {
            if part.len() == PART_SEGMENTS {
                parts += 1;
                let parameters: [&(dyn ToSql + Sync); 3] = [&finished.claim.lease.claim_id, &parts, &part];
                self.store_part.query(transaction, &parameters).await?;
                part.clear();
            }
            part.push(Json(RawValue::from_string(line?).map_err(io::Error::from)?));
        }
        Ok((parts, part))
    }

    /// Stores an outcome, of whose segments all parts but the last have been sent. No row: the lease is another's.
    pub(super) async fn store(
        &self,
        transaction: &Transaction<'_>,
        finished: &CompletedJob,
        (parts, last_part): &(i32, Part),
    ) -> Result<Vec<Row>, tokio_postgres::Error> {
        let Lease {
            measurement_id,
            claim_id,
        } = finished.claim.lease;
        match &finished.outcome {
            Outcome::Completed(row) => {
                let parameters: &[&(dyn ToSql + Sync)] = &[
                    &measurement_id,
                    &claim_id,
                    last_part,
                    &row.extraction_metadata,
                    &row.overall_confidence,
                    &row.mean_snr_db,
                    &row.num_receivers_detected,
                    parts,
                ];
                self.store_features.query(transaction, parameters).await
            }
            Outcome::Failed {
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
                self.store_failure.query(transaction, parameters).await
            }
            Outcome::Retry(delay) => {
                self.retry
                    .query(transaction, &[&measurement_id, &claim_id, &millis(*delay)])
                    .await
            }
            Outcome::Snooze(delay) => {
                self.snooze
                    .query(transaction, &[&measurement_id, &claim_id, &millis(*delay)])
                    .await
            }
            Outcome::Release => {
                self.release
                    .query(transaction, &[&vec![measurement_id], &vec![claim_id]])
                    .await
            }
            Outcome::Discard => self.discard.query(transaction, &[&measurement_id, &claim_id]).await,
        }
    }
}
