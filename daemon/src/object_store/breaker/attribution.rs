//! Whose fault a failure is: the object's, the store's, or nobody's.

use std::time::{Duration, Instant};

use tokio::time::timeout;
use tracing::info;

use super::bucket::{EVIDENCE, Gate};
use super::failure_window::{Opinion, Suspicion};
use crate::backoff::Backoff;
use crate::job::error::ExtractionError;
use crate::object_store::client::Store;
use crate::object_store::location::Location;
use crate::object_store::response::Refusal;
use crate::sanitize::printable;

/// How long an undecided failure waits for what else is in flight to tell whose fault it is.
const DECISION: Duration = Duration::from_secs(2);
/// An object that could not be read, and could when it was asked for again, is so often tried anew without counting it: store and
/// network have hiccups, but what fails each time behind its first megabyte is an object's own.
const MAX_PASSED: u32 = 3;
/// Objects of which that is remembered.
const PASSED: usize = 256;
/// Until the next try; long beside a hiccup, or it meets the same.
const AFTER_PASSED: Backoff = Backoff {
    base: Duration::from_secs(5),
    max: Duration::from_mins(1),
};

impl Gate {
    /// The failure of a recording, or [`ExtractionError::StoreOutage`] where the store is to blame for it. Asks the store
    /// where that is needed.
    pub async fn blame(&self, failure: ExtractionError, location: &Location, store: &Store) -> ExtractionError {
        let what = match failure {
            ExtractionError::ObjectUnreadable { what } => what,
            // Bytes that are no recording may be no object either: whoever gives one for any key is no store.
            ExtractionError::Recording(_) => {
                return match store.probe(&location.bucket).await {
                    Ok(()) => failure,
                    Err(refusal) => self.close(refusal.what(), &refusal, [location.clone()]),
                };
            }
            other => return other,
        };
        let mut decided = self.decided.subscribe();
        let closings = self.lock().closed_times;
        if let Some(outage) = self.blame_outage(location, closings) {
            return outage;
        }
        if let Err(refusal) = store.probe(&location.bucket).await {
            let what = format!("{} (after: {what})", refusal.what());
            return self.close(&what, &refusal, [location.clone()]);
        }
        if store.sample(location).await.is_ok()
            && let Some(times) = self.note_passed(location)
        {
            let delay = AFTER_PASSED.jittered(times);
            info!(
                key = location.key,
                error = printable(&what),
                again_in_s = delay.as_secs(),
                "could not be read, but can be now: no attempt is counted"
            );
            return ExtractionError::StoreOutage { delay: Some(delay) };
        }
        let witnessed = match self.question_witness(store).await {
            Some(Err(refusal)) => {
                let what = format!("{} for an object that could be read before", refusal.what());
                return self.close(&what, &refusal, [location.clone()]);
            }
            answer => answer.is_some(),
        };
        decided.mark_unchanged();
        // Asking took its time.
        if let Some(outage) = self.blame_outage(location, closings) {
            return outage;
        }
        let opinion = self.lock().suspicion.failed(location, witnessed, Instant::now());
        match opinion {
            Opinion::Object => {}
            Opinion::Store => return self.convict(&what),
            Opinion::Undecided => {
                // The value is ours, so there is always a sender.
                drop(timeout(DECISION, decided.changed()).await);
                if let Some(outage) = self.blame_outage(location, closings) {
                    return outage;
                }
            }
        }
        ExtractionError::ObjectUnreadable { what }
    }

    /// How often this object's failure has passed, this time included; `None` when that was too often.
    fn note_passed(&self, location: &Location) -> Option<u32> {
        let mut inner = self.lock();
        let before = inner.passed.iter().position(|(other, _)| other == location);
        let times = before
            .and_then(|at| inner.passed.remove(at))
            .map_or(1, |(_, times)| times + 1);
        if inner.passed.len() == PASSED {
            inner.passed.pop_front();
        }
        inner.passed.push_back((location.clone(), times));
        (times <= MAX_PASSED).then_some(times)
    }

    /// In an outage, or after one that came and went since there were so many `closings`, nothing can be told of a
    /// single object.
    fn blame_outage(&self, location: &Location, closings: u64) -> Option<ExtractionError> {
        let mut inner = self.lock();
        let passed = inner.closed_times != closings;
        let Some(closed) = inner.closed.as_mut() else {
            return passed.then_some(ExtractionError::StoreOutage { delay: None });
        };
        if closed.evidence.len() < EVIDENCE && !closed.evidence.contains(location) {
            closed.evidence.push_back(location.clone());
        }
        Some(self.failure(closed))
    }

    /// Whether an object that was read before can still be; `None` without such an object.
    pub(super) async fn question_witness(&self, store: &Store) -> Option<Result<(), Refusal>> {
        loop {
            let witness = {
                let inner = self.lock();
                let any = fastrand::usize(..inner.witnesses.len().max(1));
                inner.witnesses.get(any).cloned()?
            };
            match store.sample(&witness).await {
                // Deleted since: no witness any more, and nothing against the store.
                Err(Refusal::Missing) => self.lock().witnesses.retain(|other| *other != witness),
                answer => return Some(answer),
            }
        }
    }

    /// The store answers, but of many objects in a row none could be read.
    fn convict(&self, what: &str) -> ExtractionError {
        let failing: Vec<Location> = {
            let mut inner = self.lock();
            // If there are any, they come from a cache.
            inner.witnesses.clear();
            let failing: Vec<Location> = inner.suspicion.failing().cloned().collect();
            inner.suspicion = Suspicion::default();
            failing
        };
        let what = format!("{} different objects in a row could not be read: {what}", failing.len());
        let outage = self.close(&what, &Refusal::Missing, failing);
        self.decided.send_replace(Opinion::Store);
        outage
    }
}
