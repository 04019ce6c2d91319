//! A claim that is through, on its way to the database.

use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;

use crate::job::claim::Claim;
use crate::job::outcome::Outcome;
use crate::metrics::labels::RecordingOutcome;
use crate::metrics::metrics;
use crate::queue::held_leases::HeldLeases;

/// A claim with its outcome, on the way to the database.
pub struct CompletedJob {
    /// What was claimed.
    pub claim: Claim,
    /// What came of it.
    pub outcome: Outcome,
    /// For the log line.
    pub total_ms: u64,
    /// Place among those in flight, given up when the row stands.
    pub place: OwnedSemaphorePermit,
    /// Taken off the list of leases in hand when the row stands.
    pub held: Arc<HeldLeases>,
}

impl CompletedJob {
    /// What became of it, for the metrics.
    pub(super) fn count(&self) {
        let (outcome, error_kind) = match &self.outcome {
            Outcome::Completed(_) => (RecordingOutcome::Extracted, ""),
            Outcome::Failed { error_kind, .. } => (RecordingOutcome::Failed, *error_kind),
            Outcome::Retry(_) => (RecordingOutcome::Postponed, ""),
            Outcome::Release | Outcome::Snooze(_) => (RecordingOutcome::GivenBack, ""),
            Outcome::Discard => (RecordingOutcome::Forgotten, ""),
        };
        metrics().recording(outcome, error_kind);
    }
}
