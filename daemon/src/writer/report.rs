//! The log lines that an operator greps for.

use tracing::{info, warn};

use super::completed_job::CompletedJob;
use super::transaction::BatchResult;
use super::write_result::WriteResult;
use crate::job::outcome::Outcome;
use crate::metrics::metrics;
use crate::sanitize::sanitize;

impl BatchResult {
    /// The log lines that an operator greps for. After a connection that broke, perhaps with the COMMIT on it, a lease
    /// that is gone may also mean that the result stands.
    pub(super) fn report(&self, batch: &[CompletedJob], repeated: bool) {
        for (finished, written) in batch.iter().zip(&self.written) {
            let measurement = finished.claim.lease.measurement_id;
            let attempt = finished.claim.attempt;
            let duration_ms = finished.total_ms;
            if *written == WriteResult::LeaseLost {
                metrics().leases_lost.inc();
                if repeated {
                    warn!(%measurement, attempt, duration_ms, "lease lost, or written as the connection broke");
                } else {
                    warn!(%measurement, attempt, duration_ms, "lease lost, result dropped");
                }
                continue;
            }
            finished.count();
            match &finished.outcome {
                Outcome::Completed(row) => info!(
                    %measurement,
                    snr_db = format_args!("{:.1}", row.mean_snr_db),
                    confidence = format_args!("{:.2}", row.overall_confidence),
                    duration_ms,
                    "extracted features"
                ),
                Outcome::Failed {
                    error_kind,
                    error_message,
                    recheck,
                    ..
                } => warn!(
                    %measurement,
                    error_kind,
                    error = error_message,
                    attempt,
                    location = finished.claim.iq_data_location.as_deref().map(sanitize),
                    recheck_s = recheck.map(|after| after.as_secs()),
                    "extraction failed"
                ),
                // Said where it was decided, with the reason.
                Outcome::Retry(_) | Outcome::Snooze(_) | Outcome::Release => {}
                Outcome::Discard => info!(%measurement, "measurement is gone, dropped from the queue"),
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
