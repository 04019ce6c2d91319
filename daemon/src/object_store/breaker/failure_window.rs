//! Decides from the failures since the last success whether the store or the object is the cause. A
//! pure function of the failures and of time.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use crate::object_store::location::Location;

/// Without a known-good object to compare with, this many different failed objects in a row are not
/// a coincidence. Fewer than the default number of recordings in flight, so that the first
/// recordings that meet a broken store decide.
const DISTINCT_FAILURES: usize = 8;
/// With a readable known-good object, the store is the cause only if this many different objects
/// failed, and ...
const DISTINCT_FAILURES_WITH_KNOWN_GOOD: usize = 64;
/// ... no object was read for this long: the store has lost data, or has the known-good object in a
/// cache. An object fails five times in seven minutes at least, so this comes before the first
/// error row.
const LONG_WITHOUT_SUCCESS: Duration = Duration::from_mins(5);

/// The cause of a failure to read an object, while the store answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FaultSource {
    /// The object.
    Object,
    /// The store.
    Store,
    /// Perhaps the store; the recordings in flight will decide.
    Undecided,
}

/// The failures since an object was last read to its end.
#[derive(Debug, Default)]
pub(super) struct FailureWindow {
    failed: HashSet<Location>,
    last_success: Option<Instant>,
}

impl FailureWindow {
    /// An object could not be read. `known_good_readable`: a known-good object can be read now.
    pub(super) fn record_failure(
        &mut self,
        location: &Location,
        known_good_readable: bool,
        now: Instant,
    ) -> FaultSource {
        if self.failed.len() < DISTINCT_FAILURES_WITH_KNOWN_GOOD {
            self.failed.insert(location.clone());
        }
        let count = self.failed.len();
        if known_good_readable {
            let is_long_ago = |success: Instant| now.saturating_duration_since(success) >= LONG_WITHOUT_SUCCESS;
            let is_store = count >= DISTINCT_FAILURES_WITH_KNOWN_GOOD && self.last_success.is_none_or(is_long_ago);
            return if is_store {
                FaultSource::Store
            } else {
                FaultSource::Object
            };
        }
        if count >= DISTINCT_FAILURES {
            FaultSource::Store
        } else {
            FaultSource::Undecided
        }
    }

    /// An object was read to its end.
    pub(super) fn record_success(&mut self, now: Instant) {
        self.failed.clear();
        self.last_success = Some(now);
    }

    /// When an object was last read to its end.
    pub(super) fn last_success(&self) -> Option<Instant> {
        self.last_success
    }

    /// The objects that failed.
    pub(super) fn failed_objects(&self) -> impl Iterator<Item = &Location> {
        self.failed.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(n: usize) -> Location {
        Location {
            bucket: "b".to_owned(),
            key: n.to_string(),
        }
    }

    #[test]
    fn without_a_known_good_object_the_eighth_different_object_in_a_row_means_the_store() {
        let (mut failures, now) = (FailureWindow::default(), Instant::now());
        for n in 1..DISTINCT_FAILURES {
            for _ in 0..100 {
                assert_eq!(
                    failures.record_failure(&object(n), false, now),
                    FaultSource::Undecided,
                    "{n}"
                );
            }
        }
        assert_eq!(
            failures.record_failure(&object(DISTINCT_FAILURES), false, now),
            FaultSource::Store
        );
        assert_eq!(failures.failed_objects().count(), DISTINCT_FAILURES);
    }

    #[test]
    fn one_success_resets_the_count() {
        let (mut failures, now) = (FailureWindow::default(), Instant::now());
        for n in 1..10 * DISTINCT_FAILURES {
            assert_eq!(
                failures.record_failure(&object(n), false, now),
                FaultSource::Undecided,
                "{n}"
            );
            failures.record_success(now);
        }
    }

    #[test]
    fn with_a_known_good_object_only_many_objects_over_minutes_mean_the_store() {
        let (mut failures, start) = (FailureWindow::default(), Instant::now());
        failures.record_success(start);
        let soon = start + LONG_WITHOUT_SUCCESS / 2;
        for n in 0..10 * DISTINCT_FAILURES_WITH_KNOWN_GOOD {
            assert_eq!(
                failures.record_failure(&object(n), true, soon),
                FaultSource::Object,
                "{n}"
            );
        }
        let late = start + LONG_WITHOUT_SUCCESS;
        assert_eq!(failures.record_failure(&object(0), true, late), FaultSource::Store);

        // One object that fails again and again never means the store.
        failures.record_success(start);
        for minute in 0..10_000 {
            let now = start + Duration::from_mins(minute);
            assert_eq!(failures.record_failure(&object(1), true, now), FaultSource::Object);
        }
    }
}
