//! A claim that is through, on its way to the database.

use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;

use crate::job::claim::Claim;
use crate::job::outcome::Verdict;
use crate::metrics::labels::Outcome;
use crate::metrics::metrics;
use crate::queue::held_leases::Held;

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
    pub held: Arc<Held>,
}

impl Finished {
    /// What became of it, for the metrics.
    pub(super) fn count(&self) {
        let (outcome, error_kind) = match &self.verdict {
            Verdict::Features(_) => (Outcome::Extracted, ""),
            Verdict::Failed { error_kind, .. } => (Outcome::Failed, *error_kind),
            Verdict::Later(_) => (Outcome::Postponed, ""),
            Verdict::GiveBack | Verdict::Postpone(_) => (Outcome::GivenBack, ""),
            Verdict::Forget => (Outcome::Forgotten, ""),
        };
        metrics().recording(outcome, error_kind);
    }
}
