//! Whose fault a failure is: the object's, the store's, or nobody's.

use std::time::{Duration, Instant};

use tokio::time::timeout;
use tracing::info;

use super::bucket::{CircuitBreaker, FAILED_OBJECTS};
use super::failure_window::{FailureWindow, FaultSource};
use crate::backoff::Backoff;
use crate::job::error::ExtractionError;
use crate::object_store::client::ObjectStore;
use crate::object_store::error::StoreError;
use crate::object_store::location::Location;
use crate::sanitize::sanitize;

/// How long an undecided failure waits for what else is in flight to tell whose fault it is.
const DECISION: Duration = Duration::from_secs(2);
/// An object that could not be read, and could when it was asked for again, is so often tried anew without counting it: store and
/// network have hiccups, but what fails each time behind its first megabyte is an object's own.
const MAX_TRANSIENT: u32 = 3;
/// Objects of which that is remembered.
const REMEMBERED_TRANSIENT: usize = 256;
/// Until the next try; long beside a hiccup, or it meets the same.
const AFTER_TRANSIENT: Backoff = Backoff {
    base: Duration::from_secs(5),
    max: Duration::from_mins(1),
};

impl CircuitBreaker {
    /// The failure of a recording, or [`ExtractionError::StoreOutage`] where the store is to blame for it. Asks the store
    /// where that is needed.
    pub async fn attribute_failure(
        &self,
        failure: ExtractionError,
        location: &Location,
        store: &ObjectStore,
    ) -> ExtractionError {
        let what = match failure {
            ExtractionError::ObjectUnreadable { reason } => reason,
            // Bytes that are no recording may be no object either: whoever gives one for any key is no store.
            ExtractionError::Recording(_) => {
                return match store.probe(&location.bucket).await {
                    Ok(()) => failure,
                    Err(error) => self.trip(error.what(), &error, [location.clone()]),
                };
            }
            other => return other,
        };
        let mut decided = self.decided.subscribe();
        let trips_before = self.lock().trips;
        if let Some(outage) = self.outage_failure(location, trips_before) {
            return outage;
        }
        if let Err(error) = store.probe(&location.bucket).await {
            let what = format!("{} (after: {what})", error.what());
            return self.trip(&what, &error, [location.clone()]);
        }
        if store.sample(location).await.is_ok()
            && let Some(times) = self.count_transient(location)
        {
            let delay = AFTER_TRANSIENT.jittered(times);
            info!(
                key = location.key,
                error = sanitize(&what),
                again_in_s = delay.as_secs(),
                "could not be read, but can be now: no attempt is counted"
            );
            return ExtractionError::StoreOutage { delay: Some(delay) };
        }
        let known_good_readable = match self.probe_known_good_object(store).await {
            Some(Err(error)) => {
                let what = format!("{} for an object that could be read before", error.what());
                return self.trip(&what, &error, [location.clone()]);
            }
            answer => answer.is_some(),
        };
        decided.mark_unchanged();
        // Asking took its time.
        if let Some(outage) = self.outage_failure(location, trips_before) {
            return outage;
        }
        let source = self
            .lock()
            .failures
            .record_failure(location, known_good_readable, Instant::now());
        match source {
            FaultSource::Object => {}
            FaultSource::Store => return self.trip_on_many_failures(&what),
            FaultSource::Undecided => {
                // The value is ours, so there is always a sender.
                drop(timeout(DECISION, decided.changed()).await);
                if let Some(outage) = self.outage_failure(location, trips_before) {
                    return outage;
                }
            }
        }
        ExtractionError::ObjectUnreadable { reason: what }
    }

    /// How often this object's failure has passed, this time included; `None` when that was too often.
    fn count_transient(&self, location: &Location) -> Option<u32> {
        let mut inner = self.lock();
        let before = inner.transient.iter().position(|(other, _)| other == location);
        let times = before
            .and_then(|at| inner.transient.remove(at))
            .map_or(1, |(_, times)| times + 1);
        if inner.transient.len() == REMEMBERED_TRANSIENT {
            inner.transient.pop_front();
        }
        inner.transient.push_back((location.clone(), times));
        (times <= MAX_TRANSIENT).then_some(times)
    }

    /// `StoreOutage` if the breaker is open, or has opened since it had opened `trips_before` times: the failure then says
    /// nothing about this object.
    fn outage_failure(&self, location: &Location, trips_before: u64) -> Option<ExtractionError> {
        let mut inner = self.lock();
        let passed = inner.trips != trips_before;
        let Some(open) = inner.open.as_mut() else {
            return passed.then_some(ExtractionError::StoreOutage { delay: None });
        };
        if open.failed_objects.len() < FAILED_OBJECTS && !open.failed_objects.contains(location) {
            open.failed_objects.push_back(location.clone());
        }
        Some(self.failure(open))
    }

    /// Whether an object that was read before can still be; `None` without such an object.
    pub(super) async fn probe_known_good_object(&self, store: &ObjectStore) -> Option<Result<(), StoreError>> {
        loop {
            let known_good = {
                let inner = self.lock();
                let any = fastrand::usize(..inner.known_good.len().max(1));
                inner.known_good.get(any).cloned()?
            };
            match store.sample(&known_good).await {
                // Deleted since: no longer known to be good, and nothing against the store.
                Err(StoreError::Missing) => self.lock().known_good.retain(|other| *other != known_good),
                answer => return Some(answer),
            }
        }
    }

    /// The store answers, but of many objects in a row none could be read.
    fn trip_on_many_failures(&self, what: &str) -> ExtractionError {
        let failing: Vec<Location> = {
            let mut inner = self.lock();
            // If there are any, they come from a cache.
            inner.known_good.clear();
            let failing: Vec<Location> = inner.failures.failed_objects().cloned().collect();
            inner.failures = FailureWindow::default();
            failing
        };
        let what = format!("{} different objects in a row could not be read: {what}", failing.len());
        let outage = self.trip(&what, &StoreError::Missing, failing);
        self.decided.send_replace(FaultSource::Store);
        outage
    }
}
