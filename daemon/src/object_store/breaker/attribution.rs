//! Fault attribution: whether the object or the store caused a failure.
//!
//! 1. An error that is not about reading (the object is missing or too large, the extractor
//!    panicked) is the **object's**.
//! 2. The bytes are not a recording: the **object**, but the **store** if the probe fails, since
//!    then the server is not an object store. To deny the probe is an answer of an object store.
//! 3. The object could not be read. The first that applies decides:
//!    - The breaker is open or half-open: the **store**.
//!    - The probe fails: the **store**.
//!    - The object's first megabyte can be read now, for the first to third time: **neither**;
//!      there was a short disturbance.
//!    - A known-good object can no longer be read: the **store**.
//!    - The breaker has opened during these requests: the **store**.
//!    - Too many different objects in a row failed (`failure_window.rs`): the **store**.
//!    - A known-good object can be read: the **object**.
//!    - The breaker opens within two seconds, because of other recordings in flight: the **store**.
//!    - Otherwise: the **object**.
//!
//! If the store is the cause, the breaker opens. If the store or neither is the cause, the
//! recording is retried without counting the attempt.

use std::time::{Duration, Instant};

use tokio::time::timeout;
use tracing::info;

use super::bucket::CircuitBreaker;
use super::failure_window::FaultSource;
use crate::backoff::Backoff;
use crate::job::error::ExtractionError;
use crate::object_store::client::ObjectStore;
use crate::object_store::error::StoreError;
use crate::object_store::location::Location;
use crate::sanitize::sanitize;

/// How long an undecided failure waits for the decision on another recording in flight.
const DECISION: Duration = Duration::from_secs(2);
/// How often a transient failure of the same object is retried without counting the attempt. Stores
/// and networks have short disturbances; an object that always fails after its first megabyte is
/// itself the cause.
const MAX_TRANSIENT: u32 = 3;
/// Objects with transient failures that are remembered.
const REMEMBERED_TRANSIENT: usize = 256;
/// Delay before the retry: longer than a short disturbance.
const AFTER_TRANSIENT: Backoff = Backoff {
    base: Duration::from_secs(5),
    max: Duration::from_mins(1),
};

impl CircuitBreaker {
    /// Returns the error of a recording, or [`ExtractionError::StoreOutage`] if the store caused
    /// it, or if the error was transient. Sends requests to the store if that is needed to decide.
    pub async fn attribute_failure(
        &self,
        error: ExtractionError,
        location: &Location,
        store: &ObjectStore,
    ) -> ExtractionError {
        match error {
            ExtractionError::ObjectUnreadable { reason } => self.attribute_unreadable(reason, location, store).await,
            ExtractionError::Recording(_) => match self.probe_bucket(store).await {
                Ok(()) | Err(StoreError::Denied { .. }) => error,
                Err(probe) => self.trip_on(&probe, "", location),
            },
            other => other,
        }
    }

    async fn attribute_unreadable(&self, reason: String, location: &Location, store: &ObjectStore) -> ExtractionError {
        let mut decided = self.decided.subscribe();
        let trips_before = self.lock().trips;
        if let Some(outage) = self.outage_since(trips_before, location) {
            return outage;
        }
        if let Err(error) = self.probe_bucket(store).await {
            return self.trip_on(&error, &format!(" (after: {reason})"), location);
        }
        if store.sample(location).await.is_ok()
            && let Some(transient) = self.retry_transient(&reason, location)
        {
            return transient;
        }
        let known_good_readable = match self.probe_known_good_object(store).await {
            Some(Err(error)) => return self.trip_on(&error, " for an object that could be read before", location),
            Some(Ok(())) => true,
            None => false,
        };
        decided.mark_unchanged();
        if let Some(outage) = self.outage_since(trips_before, location) {
            return outage;
        }
        let (source, failed) = self.record_failure(location, known_good_readable);
        match source {
            FaultSource::Object => {}
            FaultSource::Store => return self.trip_on_many_failures(&reason, &failed),
            FaultSource::Undecided => {
                // Cannot fail: `self` holds the sender.
                drop(timeout(DECISION, decided.changed()).await);
                if let Some(outage) = self.outage_since(trips_before, location) {
                    return outage;
                }
            }
        }
        ExtractionError::ObjectUnreadable { reason }
    }

    /// Returns `StoreOutage` if the breaker is open, or has tripped since it had tripped
    /// `trips_before` times; the failure then says nothing about this object.
    fn outage_since(&self, trips_before: u64, location: &Location) -> Option<ExtractionError> {
        let mut inner = self.lock();
        let has_tripped = inner.trips != trips_before;
        if let Some(open) = inner.state.not_closed() {
            open.add_failed_object(location);
        } else if !has_tripped {
            return None;
        }
        Some(self.outage_error(&inner.state))
    }

    /// Trips with `error` as the reason.
    fn trip_on(&self, error: &StoreError, context: &str, location: &Location) -> ExtractionError {
        let failed_objects = std::slice::from_ref(location);
        self.trip(&format!("{error}{context}"), error.retry_after(), failed_objects)
    }

    /// Records that an object could not be read. Returns the objects that failed if the store is
    /// the cause, and forgets them: the failure that decides takes them, before another one is
    /// recorded.
    fn record_failure(&self, location: &Location, known_good_readable: bool) -> (FaultSource, Vec<Location>) {
        let mut inner = self.lock();
        let source = inner
            .failures
            .record_failure(location, known_good_readable, Instant::now());
        if source != FaultSource::Store {
            return (source, Vec::new());
        }
        // Known-good objects that are still readable come from a cache.
        inner.known_good.clear();
        let failures = std::mem::take(&mut inner.failures);
        (source, failures.failed_objects().cloned().collect())
    }

    /// The store answers, but these objects in a row could not be read.
    fn trip_on_many_failures(&self, reason: &str, failed: &[Location]) -> ExtractionError {
        let reason = format!(
            "{} different objects in a row could not be read: {reason}",
            failed.len()
        );
        let outage = self.trip(&reason, None, failed);
        self.decided.send_replace(FaultSource::Store);
        outage
    }

    /// Counts a transient failure. Returns `None` if this object has had too many.
    fn retry_transient(&self, reason: &str, location: &Location) -> Option<ExtractionError> {
        let times = self.count_transient(location);
        let delay = AFTER_TRANSIENT.jittered(times);
        (times <= MAX_TRANSIENT).then(|| {
            info!(
                key = location.key,
                error = sanitize(reason),
                again_in_s = delay.as_secs(),
                "could not be read, but can be now: no attempt is counted"
            );
            ExtractionError::StoreOutage { delay: Some(delay) }
        })
    }

    /// How many transient failures this object has had, with this one.
    fn count_transient(&self, location: &Location) -> u32 {
        let mut inner = self.lock();
        let transient = &mut inner.transient;
        let known = transient.iter().position(|(other, _)| other == location);
        let times = known
            .and_then(|index| transient.remove(index))
            .map_or(1, |(_, times)| times + 1);
        if transient.len() == REMEMBERED_TRANSIENT {
            transient.pop_front();
        }
        transient.push_back((location.clone(), times));
        times
    }
}
