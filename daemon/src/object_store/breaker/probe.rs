//! The task that probes a bucket while its breaker is open.

use std::time::{Duration, Instant};

use tokio::time::sleep;
use tracing::debug;

use super::bucket::CircuitBreaker;
use super::state::retry_after;
use crate::metrics::labels::Wakeup;
use crate::object_store::client::ObjectStore;
use crate::object_store::error::StoreError;
use crate::object_store::location::Location;
use crate::sanitize::sanitize;
use crate::wake::WakeSignal;

/// A store that asks for more patience than this gets a probe all the same.
const MAX_RETRY_AFTER: Duration = Duration::from_mins(1);
/// Recordings let through at once while the breaker is half-open.
const HALF_OPEN_PERMITS: usize = 4;

impl CircuitBreaker {
    /// Probes while the breaker is open; runs until dropped.
    pub async fn watch(&self, store: &ObjectStore, wake: &WakeSignal) {
        loop {
            self.changed.notified().await;
            while let Some(pause) = self.next_pause() {
                tokio::select! {
                    () = sleep(pause) => self.probe(store).await,
                    () = self.changed.notified() => {}
                }
                // To claim what a trial admits, or all again.
                wake.notify(Wakeup::Upkeep);
            }
        }
    }

    /// Time until the next probe; `None` while the breaker is closed.
    fn next_pause(&self) -> Option<Duration> {
        let mut inner = self.lock();
        let open = inner.open.as_mut()?;
        open.tries = open.tries.saturating_add(1);
        let wanted = open.retry_after.take().unwrap_or_default();
        Some(self.probing.jittered(open.tries).max(wanted.min(MAX_RETRY_AFTER)))
    }

    /// One probe, and what follows from it.
    async fn probe(&self, store: &ObjectStore) {
        let failed_object = self.next_failed_object();
        store.reload_credentials();
        let error = match store.probe(&self.bucket).await {
            Err(error) => Some((error, false)),
            Ok(()) => match self.probe_objects(failed_object.as_ref(), store).await {
                Err(error) => Some((error, true)),
                Ok(()) => None,
            },
        };
        let mut inner = self.lock();
        let Some(open) = &mut inner.open else { return };
        let Some((error, answers)) = error else {
            return self.close(&mut inner);
        };
        debug!(
            error = error.what(),
            answers,
            probes = open.outage.probes,
            "object store still away"
        );
        open.outage.what = sanitize(error.what());
        open.retry_after = retry_after(&error);
        if answers {
            open.trying_since.get_or_insert_with(Instant::now);
            open.half_open_permits = HALF_OPEN_PERMITS;
        } else {
            (open.trying_since, open.half_open_permits) = (None, 0);
        }
    }

    /// Counts a probe and names the object whose turn it is, if there is one.
    fn next_failed_object(&self) -> Option<Location> {
        let mut inner = self.lock();
        let open = inner.open.as_mut()?;
        open.outage.probes += 1;
        open.failed_objects
            .rotate_left(usize::from(open.outage.probes > 1 && !open.failed_objects.is_empty()));
        open.failed_objects.front().cloned()
    }

    /// Whether an object that failed or one that was read before can be read.
    async fn probe_objects(&self, failed_object: Option<&Location>, store: &ObjectStore) -> Result<(), StoreError> {
        let failed = match failed_object {
            // Gone or replaced is an answer.
            Some(object) => match store.sample(object).await {
                Err(error @ (StoreError::Other { .. } | StoreError::Skewed { .. })) => error,
                Ok(()) | Err(StoreError::Missing | StoreError::Replaced) => return Ok(()),
            },
            None => return Ok(()),
        };
        match self.probe_known_good_object(store).await {
            Some(Ok(())) => Ok(()),
            _ => Err(failed),
        }
    }
}
