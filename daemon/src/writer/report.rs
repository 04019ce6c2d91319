//! The log lines of a written batch. Operators grep for them.

use tracing::{debug, error, info, warn};

use super::completed_job::CompletedJob;
use super::transaction::BatchResult;
use super::write_result::WriteResult;
use crate::job::outcome::Outcome;
use crate::metrics::metrics;
use crate::sanitize::sanitize;

/// A line at the level info while the first argument is true, otherwise at debug.
macro_rules! single {
    ($is_single:expr, $($fields:tt)+) => {
        if $is_single {
            info!($($fields)+)
        } else {
            debug!($($fields)+)
        }
    };
}

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
            metrics().log_pace.session();
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
            session = %self.claim.recording_session_id,
            station = self.claim.station(),
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
        let (session, station) = (self.claim.recording_session_id, self.claim.station());
        match &self.outcome {
            Outcome::Completed(row) => single!(
                metrics().log_pace.recording(),
                %measurement,
                %session,
                station,
                snr_db = rounded(row.mean_snr_db, 10.0),
                confidence = rounded(row.overall_confidence, 100.0),
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
                %session,
                station,
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
                    %session,
                    station,
                    reason,
                    hint = "SELECT measurement_id, failure FROM heimdall.feature_queue WHERE due_at = 'infinity'; then: SELECT heimdall.retry_failed()",
                    "neither a result nor an error row can be written, waiting until somebody acts"
                );
            }
            Outcome::Discard => info!(%measurement, %session, "measurement is gone, dropped from the queue"),
        }
    }
}

/// A number of `1 / scale` at most, so that the log has no more digits than are of use.
fn rounded(value: f64, scale: f64) -> f64 {
    (value * scale).round() / scale
}
