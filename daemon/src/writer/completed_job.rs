//! A processed claim on its way to the database.

use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;

use crate::job::claim::Claim;
use crate::job::outcome::Outcome;
use crate::metrics::labels::RecordingOutcome;
use crate::metrics::metrics;
use crate::queue::held_leases::HeldLeases;

/// The kind of a missing object, which is looked for again.
const MISSING: &str = "not_found";

/// A processed claim on its way to the database.
pub struct CompletedJob {
    /// The claim.
    pub claim: Claim,
    /// The outcome to write.
    pub outcome: Outcome,
    /// Time from the claim to the outcome, for the log line.
    pub total_ms: u64,
    /// Permit for one recording in flight, released when the outcome is written or set aside.
    pub permit: Option<OwnedSemaphorePermit>,
    /// The lease is removed from this set when the outcome is written.
    pub held: Arc<HeldLeases>,
}

impl CompletedJob {
    /// Counts the outcome in the metrics.
    pub(super) fn count(&self) {
        let (outcome, error_kind) = match &self.outcome {
            Outcome::Completed(_) => (RecordingOutcome::Extracted, ""),
            Outcome::Unchanged => (RecordingOutcome::Unchanged, ""),
            // Counted as failed by the first try.
            Outcome::Failed { error_kind, .. } if self.claim.recheck && *error_kind == MISSING => {
                (RecordingOutcome::Missing, "")
            }
            Outcome::Failed { error_kind, .. } => (RecordingOutcome::Failed, *error_kind),
            Outcome::Retry(_) | Outcome::Park(_) => (RecordingOutcome::Postponed, ""),
            Outcome::Release | Outcome::Snooze(_) => (RecordingOutcome::GivenBack, ""),
            Outcome::Discard => (RecordingOutcome::Forgotten, ""),
        };
        metrics().recording(outcome, error_kind);
    }

    /// Whether the queue row now waits until it is due.
    pub(super) fn is_deferred(&self) -> bool {
        matches!(
            self.outcome,
            Outcome::Retry(_) | Outcome::Snooze(_) | Outcome::Failed { recheck: Some(_), .. }
        )
    }

    /// Whether the outcome can finish its session. A recheck that fails again changes nothing, and
    /// a released or deferred row keeps its session open.
    pub(super) fn can_finish_session(&self) -> bool {
        match self.outcome {
            Outcome::Completed(_) | Outcome::Unchanged | Outcome::Discard => true,
            Outcome::Failed { .. } => !self.claim.recheck,
            Outcome::Retry(_) | Outcome::Snooze(_) | Outcome::Park(_) | Outcome::Release => false,
        }
    }

    /// Number of segments to write.
    pub(super) fn segments(&self) -> usize {
        match &self.outcome {
            Outcome::Completed(row) => row.segments.count(),
            _ => 0,
        }
    }
}
