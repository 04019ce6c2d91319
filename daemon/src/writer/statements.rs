//! The statements of a transaction of outcomes.

use std::io;

use deadpool_postgres::{Object, Transaction};
use serde_json::value::RawValue;
use tokio_postgres::types::{Json, ToSql};
use tokio_postgres::{Error, Row};

use super::completed_job::CompletedJob;
use crate::job::outcome::Outcome;
use crate::postgres::error::DbError;
use crate::postgres::statement::PreparedOrUnnamed;
use crate::queue::millis;
use crate::sql;

/// Number of segments in one message, 0.2 MB. A message is in memory three times while it is sent,
/// and one transaction may have the last parts of all recordings in flight.
const PART_SEGMENTS: usize = 64;

/// Segments as a parameter.
type Part = Vec<Json<Box<RawValue>>>;

/// All statements that a batch may need, ready for one connection.
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
    pub(super) async fn prepare(client: &Object, pooled: bool) -> Result<Self, Error> {
        let on = |text| PreparedOrUnnamed::on(client, text, pooled);
        Ok(Self {
            lock_sessions: on(sql::LOCK_SESSIONS).await?,
            store_part: on(sql::STORE_PART).await?,
            store_features: on(sql::STORE_FEATURES).await?,
            store_failure: on(sql::STORE_FAILURE).await?,
            retry: on(sql::RETRY_LATER).await?,
            snooze: on(sql::SNOOZE).await?,
            release: on(sql::RELEASE).await?,
            discard: on(sql::DISCARD).await?,
            settle_sessions: on(sql::SETTLE_SESSIONS).await?,
            progress_backfills: on(sql::PROGRESS_BACKFILLS).await?,
        })
    }

    /// Sends all parts of an outcome's segments except the last one. Returns the number of parts
    /// sent, and the last part.
    pub(super) async fn store_parts(
        &self,
        transaction: &Transaction<'_>,
        job: &CompletedJob,
    ) -> Result<(i32, Part), DbError> {
        let (mut parts, mut part) = (0, Part::new());
        let Outcome::Completed(row) = &job.outcome else {
            return Ok((parts, part));
        };
        for line in row.segments.lines(&row.trailing_warnings)? {
            if part.len() == PART_SEGMENTS {
                parts += 1;
                let parameters: [&(dyn ToSql + Sync); 3] = [&job.claim.lease.claim_id, &parts, &part];
                self.store_part.query(transaction, &parameters).await?;
                part.clear();
            }
            part.push(Json(RawValue::from_string(line?).map_err(io::Error::from)?));
        }
        Ok((parts, part))
    }

    /// Stores an outcome after [`Statements::store_parts`]. Returns no row if the lease was lost:
    /// each statement matches the claim id, which changes with every claim.
    pub(super) async fn store(
        &self,
        transaction: &Transaction<'_>,
        job: &CompletedJob,
        (parts, last_part): &(i32, Part),
    ) -> Result<Vec<Row>, Error> {
        let (measurement_id, claim_id) = (&job.claim.lease.measurement_id, &job.claim.lease.claim_id);
        let (delay_ms, measurement_ids, claim_ids);
        let (statement, parameters): (_, &[&(dyn ToSql + Sync)]) = match &job.outcome {
            Outcome::Completed(row) => (
                &self.store_features,
                &[
                    measurement_id,
                    claim_id,
                    last_part,
                    &row.extraction_metadata,
                    &row.overall_confidence,
                    &row.mean_snr_db,
                    &row.num_receivers_detected,
                    parts,
                ],
            ),
            Outcome::Failed {
                error_kind,
                error_message,
                extraction_metadata,
                recheck,
            } => {
                delay_ms = recheck.map(millis);
                (
                    &self.store_failure,
                    &[
                        measurement_id,
                        claim_id,
                        error_kind,
                        error_message,
                        extraction_metadata,
                        &delay_ms,
                    ],
                )
            }
            Outcome::Retry(delay) => {
                delay_ms = Some(millis(*delay));
                (&self.retry, &[measurement_id, claim_id, &delay_ms])
            }
            Outcome::Snooze(delay) => {
                delay_ms = Some(millis(*delay));
                (&self.snooze, &[measurement_id, claim_id, &delay_ms])
            }
            Outcome::Release => {
                (measurement_ids, claim_ids) = (vec![*measurement_id], vec![*claim_id]);
                (&self.release, &[&measurement_ids, &claim_ids])
            }
            Outcome::Discard => (&self.discard, &[measurement_id, claim_id]),
        };
        statement.query(transaction, parameters).await
    }
}
