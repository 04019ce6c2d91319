//! The task that probes a bucket while its breaker is open or half-open.

use std::time::Duration;

use tokio::time::sleep;
use tracing::debug;

use super::bucket::CircuitBreaker;
use crate::metrics::labels::Wakeup;
use crate::object_store::client::ObjectStore;
use crate::object_store::error::StoreError;
use crate::object_store::location::Location;
use crate::queue::wake::WakeSignal;
use crate::sanitize::sanitize;

/// Longest delay before the next probe that the store can ask for.
const MAX_RETRY_AFTER: Duration = Duration::from_mins(1);
/// A store that denies the probe and all objects that it tried for this long becomes half-open.
const DENIED_FOR: Duration = Duration::from_secs(30);
/// Recordings that may be read after each probe in the half-open state.
const HALF_OPEN_PERMITS: usize = 4;

impl CircuitBreaker {
    /// Probes whenever the breaker is not closed; runs until dropped.
    pub async fn watch(&self, store: &ObjectStore, wake: &WakeSignal) {
        loop {
            self.changed.notified().await;
            while let Some(pause) = self.next_pause() {
                tokio::select! {
                    () = sleep(pause) => self.probe(store).await,
                    () = self.changed.notified() => {}
                }
                // The worker may claim again: some recordings if the breaker is half-open, all if
                // it is closed.
                wake.notify(Wakeup::Upkeep);
            }
        }
    }

    /// Time until the next probe; `None` if the breaker is closed.
    fn next_pause(&self) -> Option<Duration> {
        let mut inner = self.lock();
        let open = inner.state.not_closed()?;
        open.backoff_step = open.backoff_step.saturating_add(1);
        let retry_after = open.retry_after.take().unwrap_or_default().min(MAX_RETRY_AFTER);
        Some(self.probe_backoff.jittered(open.backoff_step).max(retry_after))
    }

    /// Probes once, and moves the breaker to the state that follows.
    async fn probe(&self, store: &ObjectStore) {
        let failed_object = self.next_failed_object();
        store.reload_credentials().await;
        let is_denied = match self.probe_bucket(store).await {
            Ok(()) => false,
            Err(StoreError::Denied { .. }) => true,
            Err(error) => return self.keep_open(&error, false),
        };
        match self.probe_objects(failed_object.as_ref(), store).await {
            Ok(()) => self.close(&mut self.lock()),
            // Perhaps other objects are not denied. To try it costs each of them a minute of delay.
            Err(error) => self.keep_open(&error, !is_denied || self.is_old()),
        }
    }

    /// The store still does not work. `answers`: it answers probes.
    fn keep_open(&self, error: &StoreError, answers: bool) {
        let mut inner = self.lock();
        let Some(open) = inner.state.not_closed() else { return };
        let probes = open.outage.probes;
        debug!(%error, answers, probes, "object store still unavailable");
        open.outage.reason = sanitize(&error.to_string());
        open.retry_after = error.retry_after();
        if answers {
            inner.state.half_open(HALF_OPEN_PERMITS);
        } else {
            inner.state.reopen();
        }
    }

    /// Whether the outage is older than a change of rights takes.
    fn is_old(&self) -> bool {
        let mut inner = self.lock();
        let since = inner.state.not_closed().map(|open| open.outage.since);
        since.is_some_and(|since| since.elapsed() > DENIED_FOR)
    }

    /// Whether the store works for this bucket. If it denies the key of the probe, as it does to a
    /// key that may read a part of the bucket alone, a known-good object decides.
    ///
    /// # Errors
    /// Those of the probe.
    pub(super) async fn probe_bucket(&self, store: &ObjectStore) -> Result<(), StoreError> {
        match store.probe(&self.bucket).await {
            Err(denied @ StoreError::Denied { .. }) => match self.probe_known_good_object(store).await {
                Some(Ok(())) => Ok(()),
                Some(Err(_)) | None => Err(denied),
            },
            result => result,
        }
    }

    /// Counts a probe, and returns the failed object that it tries.
    fn next_failed_object(&self) -> Option<Location> {
        let mut inner = self.lock();
        let open = inner.state.not_closed()?;
        open.outage.probes += 1;
        let is_first = open.outage.probes == 1;
        let objects = &mut open.failed_objects;
        objects.rotate_left(usize::from(!is_first && !objects.is_empty()));
        objects.front().cloned()
    }

    /// Whether `failed_object` or a known-good object can be read. Without a failed object, the
    /// answer to the probe is enough.
    async fn probe_objects(&self, failed_object: Option<&Location>, store: &ObjectStore) -> Result<(), StoreError> {
        let Some(failed_object) = failed_object else {
            return Ok(());
        };
        match store.sample(failed_object).await {
            // A store that has no such object, or another one, works.
            Ok(()) | Err(StoreError::Missing | StoreError::Replaced) => Ok(()),
            Err(error) => match self.probe_known_good_object(store).await {
                Some(Ok(())) => Ok(()),
                Some(Err(_)) | None => Err(error),
            },
        }
    }

    /// Whether a known-good object can still be read; `None` if there is no such object.
    pub(super) async fn probe_known_good_object(&self, store: &ObjectStore) -> Option<Result<(), StoreError>> {
        loop {
            let known_good = {
                let inner = self.lock();
                let index = fastrand::usize(..inner.known_good.len().max(1));
                inner.known_good.get(index).cloned()?
            };
            match store.sample(&known_good).await {
                // It was deleted, which does not mean that the store is at fault.
                Err(StoreError::Missing) => self.lock().known_good.retain(|other| *other != known_good),
                result => return Some(result),
            }
        }
    }
}
