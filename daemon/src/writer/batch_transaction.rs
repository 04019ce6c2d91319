//! The transaction of a batch and its statements.

use std::io;

use deadpool_postgres::{Object, Transaction};
use serde_json::value::RawValue;
use tokio_postgres::types::Json;
use tokio_postgres::{Error, Row};

use super::completed_job::CompletedJob;
use crate::job::outcome::Outcome;
use crate::postgres::error::DbError;
use crate::postgres::statement::{Parameters, query_in};
use crate::queue::millis;
use crate::sql;

/// Number of segments in one message, 0.2 MB. A message is in memory three times while it is sent,
/// and one transaction may have the last parts of all recordings in flight.
const PART_SEGMENTS: usize = 64;

/// Segments as a parameter.
type Part = Vec<Json<Box<RawValue>>>;

/// The statements that a batch may need.
const STATEMENTS: [&str; 12] = [
    sql::WRITE_LIMITS,
    sql::LOCK_SESSIONS,
    sql::STORE_PART,
    sql::STORE_FEATURES,
    sql::STORE_FAILURE,
    sql::RETRY_LATER,
    sql::SNOOZE,
    sql::PARK,
    sql::RELEASE,
    sql::DISCARD,
    sql::SETTLE_SESSIONS,
    sql::PROGRESS_BACKFILLS,
];

/// The transaction of a batch.
pub(super) struct BatchTransaction<'a> {
    transaction: Transaction<'a>,
    pooled: bool,
}

impl<'a> BatchTransaction<'a> {
    /// Prepares all statements, so that the first poll of a query sends it, and begins the
    /// transaction.
    pub(super) async fn begin(client: &'a mut Object, pooled: bool) -> Result<Self, Error> {
        if !pooled {
            for text in STATEMENTS {
                client.prepare_cached(text).await?;
            }
        }
        let transaction = client.transaction().await?;
        if pooled {
            transaction.batch_execute(sql::SESSION_SETTINGS).await?;
        }
        Ok(Self { transaction, pooled })
    }

    pub(super) async fn query(&self, text: &str, parameters: Parameters<'_>) -> Result<Vec<Row>, Error> {
        query_in(&self.transaction, text, parameters, self.pooled).await
    }

    pub(super) async fn commit(self) -> Result<(), Error> {
        self.transaction.commit().await
    }

    /// Sends all parts of an outcome's segments except the last one. Returns the number of parts
    /// sent, and the last part.
    pub(super) async fn store_parts(&self, job: &CompletedJob) -> Result<(i32, Part), DbError> {
        let (mut parts, mut part) = (0, Part::new());
        let Outcome::Completed(row) = &job.outcome else {
            return Ok((parts, part));
        };
        for line in row.segments.lines(&row.trailing_warnings)? {
            if part.len() == PART_SEGMENTS {
                parts += 1;
                self.query(sql::STORE_PART, &[&job.claim.lease.claim_id, &parts, &part])
                    .await?;
                part.clear();
            }
            part.push(Json(RawValue::from_string(line?).map_err(io::Error::from)?));
        }
        Ok((parts, part))
    }

    /// Stores an outcome after [`BatchTransaction::store_parts`]. Returns no row if the lease was
    /// lost: each statement matches the claim id, which changes with every claim.
    pub(super) async fn store(&self, job: &CompletedJob, (parts, last_part): &(i32, Part)) -> Result<Vec<Row>, Error> {
        let (measurement_id, claim_id) = (&job.claim.lease.measurement_id, &job.claim.lease.claim_id);
        let (delay_ms, measurement_ids, claim_ids);
        let (text, parameters): (_, Parameters<'_>) = match &job.outcome {
            Outcome::Completed(row) => (
                sql::STORE_FEATURES,
                &[
                    measurement_id,
                    claim_id,
                    last_part,
                    &row.extraction_metadata,
                    &row.overall_confidence,
                    &row.mean_snr_db,
                    &row.num_receivers_detected,
                    parts,
                    &job.claim.source_fingerprint,
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
                    sql::STORE_FAILURE,
                    &[
                        measurement_id,
                        claim_id,
                        error_kind,
                        error_message,
                        extraction_metadata,
                        &delay_ms,
                        &job.claim.source_fingerprint,
                    ],
                )
            }
            Outcome::Retry(delay) => {
                delay_ms = Some(millis(*delay));
                (sql::RETRY_LATER, &[measurement_id, claim_id, &delay_ms])
            }
            Outcome::Snooze(delay) => {
                delay_ms = Some(millis(*delay));
                (sql::SNOOZE, &[measurement_id, claim_id, &delay_ms])
            }
            Outcome::Release => {
                (measurement_ids, claim_ids) = (vec![*measurement_id], vec![*claim_id]);
                (sql::RELEASE, &[&measurement_ids, &claim_ids])
            }
            Outcome::Park(reason) => (sql::PARK, &[measurement_id, claim_id, reason]),
            Outcome::Unchanged => (sql::KEEP_FEATURES, &[measurement_id, claim_id]),
            Outcome::Discard => (sql::DISCARD, &[measurement_id, claim_id]),
        };
        self.query(text, parameters).await
    }
}
