//! The log lines of a written batch. Operators grep for them.

use tracing::{debug, error, info, warn};

use super::completed_job::CompletedJob;
use super::transaction::BatchResult;
use super::write_result::WriteResult;
use crate::job::outcome::Outcome;
use crate::metrics::metrics;
use crate::sanitize::sanitize;

impl BatchResult {
    /// Logs and counts what was written.
    ///
    /// A batch is `repeated` after its connection broke, perhaps while it was committed. A lost
    /// lease can then also mean that the first try wrote the result.
    pub(super) fn report(&self, batch: &[CompletedJob], repeated: bool) {
        for (job, written) in batch.iter().zip(&self.written) {
            if *written == WriteResult::LeaseLost {
                metrics().leases_lost.inc();
                job.log_lost_lease(repeated);
            } else {
                job.count();
                job.log_outcome();
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
    }
}

impl CompletedJob {
    fn log_lost_lease(&self, repeated: bool) {
        warn!(
            measurement = %self.claim.lease.measurement_id,
            attempt = self.claim.attempt,
            duration_ms = self.total_ms,
            "{}",
            if repeated {
                "lease lost, or already written when the connection broke"
            } else {
                "lease lost, result dropped"
            }
        );
    }

    fn log_outcome(&self) {
        let measurement = self.claim.lease.measurement_id;
        match &self.outcome {
            Outcome::Completed(row) => info!(
                %measurement,
                snr_db = format_args!("{:.1}", row.mean_snr_db),
                confidence = format_args!("{:.2}", row.overall_confidence),
                duration_ms = self.total_ms,
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
                attempt = self.claim.attempt,
                location = self.claim.iq_data_location.as_deref().map(sanitize),
                recheck_s = recheck.map(|after| after.as_secs()),
                "extraction failed"
            ),
            Outcome::Unchanged => debug!(%measurement, "object has not changed, features kept"),
            // Logged with the reason where it was decided.
            Outcome::Retry(_) | Outcome::Snooze(_) | Outcome::Release => {}
            Outcome::Park(reason) => {
                metrics().measurements_parked.inc();
                error!(
                    %measurement,
                    reason,
                    hint = "SELECT measurement_id, failure FROM heimdall.feature_queue WHERE due_at = 'infinity'; then: SELECT heimdall.retry_failed()",
                    "neither a result nor an error row can be written, waiting until somebody acts"
                );
            }
            Outcome::Discard => info!(%measurement, "measurement is gone, dropped from the queue"),
        }
    }
}
