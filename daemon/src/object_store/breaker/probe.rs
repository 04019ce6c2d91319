//! The task that probes while the gate is closed.

use std::time::{Duration, Instant};

use tokio::time::sleep;
use tracing::debug;

use super::bucket::Gate;
use super::state::retry_after;
use crate::metrics::labels::Wakeup;
use crate::object_store::client::Store;
use crate::object_store::location::Location;
use crate::object_store::response::Refusal;
use crate::sanitize::printable;
use crate::wake::Ears;

/// A store that asks for more patience than this gets a probe all the same.
const MAX_RETRY_AFTER: Duration = Duration::from_mins(1);
/// Recordings let through at once while the store is in doubt.
const TRIAL: usize = 4;

impl Gate {
    /// Probes while closed; runs until dropped.
    pub async fn watch(&self, store: &Store, ears: &Ears) {
        loop {
            self.changed.notified().await;
            while let Some(pause) = self.next_pause() {
                tokio::select! {
                    () = sleep(pause) => self.look(store).await,
                    () = self.changed.notified() => {}
                }
                // To claim what a trial admits, or all again.
                ears.ring(Wakeup::Upkeep);
            }
        }
    }

    /// Time until the next probe; `None` when it is open.
    fn next_pause(&self) -> Option<Duration> {
        let mut inner = self.lock();
        let closed = inner.closed.as_mut()?;
        closed.tries = closed.tries.saturating_add(1);
        let wanted = closed.retry_after.take().unwrap_or_default();
        Some(self.probing.jittered(closed.tries).max(wanted.min(MAX_RETRY_AFTER)))
    }

    /// One probe, and what follows from it.
    async fn look(&self, store: &Store) {
        let evidence = self.next_evidence();
        store.renew_keys();
        let refusal = match store.probe(&self.bucket).await {
            Err(refusal) => Some((refusal, false)),
            Ok(()) => match self.question_all(evidence.as_ref(), store).await {
                Err(refusal) => Some((refusal, true)),
                Ok(()) => None,
            },
        };
        let mut inner = self.lock();
        let Some(closed) = &mut inner.closed else { return };
        let Some((refusal, answers)) = refusal else {
            return self.open(&mut inner);
        };
        debug!(
            error = refusal.what(),
            answers,
            probes = closed.outage.probes,
            "object store still away"
        );
        closed.outage.what = printable(refusal.what());
        closed.retry_after = retry_after(&refusal);
        if answers {
            closed.trying_since.get_or_insert_with(Instant::now);
            closed.admitted = TRIAL;
        } else {
            (closed.trying_since, closed.admitted) = (None, 0);
        }
    }

    /// Counts a probe and names the object whose turn it is, if there is one.
    fn next_evidence(&self) -> Option<Location> {
        let mut inner = self.lock();
        let closed = inner.closed.as_mut()?;
        closed.outage.probes += 1;
        closed
            .evidence
            .rotate_left(usize::from(closed.outage.probes > 1 && !closed.evidence.is_empty()));
        closed.evidence.front().cloned()
    }

    /// Whether an object that failed or one that was read before can be read.
    async fn question_all(&self, evidence: Option<&Location>, store: &Store) -> Result<(), Refusal> {
        let failed = match evidence {
            // Gone or replaced is an answer.
            Some(evidence) => match store.sample(evidence).await {
                Err(refusal @ (Refusal::Other { .. } | Refusal::Skewed { .. })) => refusal,
                Ok(()) | Err(Refusal::Missing | Refusal::Replaced) => return Ok(()),
            },
            None => return Ok(()),
        };
        match self.question_witness(store).await {
            Some(Ok(())) => Ok(()),
            _ => Err(failed),
        }
    }
}
