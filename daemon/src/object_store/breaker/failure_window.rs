//! One bad object, or a bad store? What a row of failures says, as a pure function of them and of time.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use crate::object_store::location::Location;

/// With nothing read since the start to compare with, so many different objects in a row are no coincidence.
/// Fewer than the default of recordings in flight, so that the first wave into a broken store decides it.
const DISTINCT_FAILURES: usize = 8;
/// A store that reads one object and refuses so many others, ...
const DISTINCT_FAILURES_WITH_KNOWN_GOOD: usize = 64;
/// ... without a single one read for so long, has lost data, or answers for the one from a cache. Shorter than the
/// seven minutes in which an object fails five times at least, so that it comes before the first error row.
const LONG_WITHOUT_A_READ: Duration = Duration::from_mins(5);

/// Who is to blame for an object that could not be read, while the store answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FaultSource {
    /// The object.
    Object,
    /// The store.
    Store,
    /// Perhaps the store: what else is in flight will tell.
    Undecided,
}

/// The failures since an object was last read to its end.
#[derive(Debug, Default)]
pub(super) struct FailureWindow {
    failing: HashSet<Location>,
    last_read: Option<Instant>,
}

impl FailureWindow {
    /// An object could not be read. `known_good_readable`: one that was read before can still be.
    pub(super) fn record_failure(
        &mut self,
        location: &Location,
        known_good_readable: bool,
        now: Instant,
    ) -> FaultSource {
        if self.failing.len() < DISTINCT_FAILURES_WITH_KNOWN_GOOD {
            self.failing.insert(location.clone());
        }
        let count = self.failing.len();
        if known_good_readable {
            let long = |read: Instant| now.saturating_duration_since(read) >= LONG_WITHOUT_A_READ;
            let lost = count >= DISTINCT_FAILURES_WITH_KNOWN_GOOD && self.last_read.is_none_or(long);
            return if lost { FaultSource::Store } else { FaultSource::Object };
        }
        if count >= DISTINCT_FAILURES {
            FaultSource::Store
        } else {
            FaultSource::Undecided
        }
    }

    /// An object was read to its end.
    pub(super) fn record_success(&mut self, now: Instant) {
        self.failing.clear();
        self.last_read = Some(now);
    }

    /// The objects that failed.
    pub(super) fn failed_objects(&self) -> impl Iterator<Item = &Location> {
        self.failing.iter()
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
    fn without_a_witness_the_eighth_different_object_in_a_row_convicts_the_store() {
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
    fn a_single_object_read_well_starts_the_count_anew() {
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
    fn beside_a_witness_only_a_crowd_of_objects_over_minutes_convicts_the_store() {
        let (mut failures, start) = (FailureWindow::default(), Instant::now());
        failures.record_success(start);
        let soon = start + LONG_WITHOUT_A_READ / 2;
        for n in 0..10 * DISTINCT_FAILURES_WITH_KNOWN_GOOD {
            assert_eq!(
                failures.record_failure(&object(n), true, soon),
                FaultSource::Object,
                "{n}"
            );
        }
        let late = start + LONG_WITHOUT_A_READ;
        assert_eq!(failures.record_failure(&object(0), true, late), FaultSource::Store);

        // One object, however long and often, convicts nobody.
        failures.record_success(start);
        for minute in 0..10_000 {
            let now = start + Duration::from_mins(minute);
            assert_eq!(failures.record_failure(&object(1), true, now), FaultSource::Object);
        }
    }
}
