//! One bad object, or a bad store? What a row of failures says, as a pure function of them and of time.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use crate::object_store::location::Location;

/// With nothing read since the start to compare with, so many different objects in a row are no coincidence.
/// Fewer than the default of recordings in flight, so that the first wave into a broken store decides it.
const MANY: usize = 8;
/// A store that reads one object and refuses so many others, ...
const MANY_BESIDE_A_WITNESS: usize = 64;
/// ... without a single one read for so long, has lost data, or answers for the one from a cache. Shorter than the
/// seven minutes in which an object fails five times at least, so that it comes before the first error row.
const LONG_WITHOUT_A_READ: Duration = Duration::from_mins(5);

/// Who is to blame for an object that could not be read, while the store answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opinion {
    /// The object.
    Object,
    /// The store.
    Store,
    /// Perhaps the store: what else is in flight will tell.
    Undecided,
}

/// The failures since an object was last read to its end.
#[derive(Debug, Default)]
pub(super) struct Suspicion {
    failing: HashSet<Location>,
    last_read: Option<Instant>,
}

impl Suspicion {
    /// An object could not be read. `witnessed`: one that was read before can still be.
    pub(super) fn failed(&mut self, location: &Location, witnessed: bool, now: Instant) -> Opinion {
        if self.failing.len() < MANY_BESIDE_A_WITNESS {
            self.failing.insert(location.clone());
        }
        let count = self.failing.len();
        if witnessed {
            let long = |read: Instant| now.saturating_duration_since(read) >= LONG_WITHOUT_A_READ;
            let lost = count >= MANY_BESIDE_A_WITNESS && self.last_read.is_none_or(long);
            return if lost { Opinion::Store } else { Opinion::Object };
        }
        if count >= MANY {
            Opinion::Store
        } else {
            Opinion::Undecided
        }
    }

    /// An object was read to its end.
    pub(super) fn read(&mut self, now: Instant) {
        self.failing.clear();
        self.last_read = Some(now);
    }

    /// The objects that failed.
    pub(super) fn failing(&self) -> impl Iterator<Item = &Location> {
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
        let (mut suspicion, now) = (Suspicion::default(), Instant::now());
        for n in 1..MANY {
            for _ in 0..100 {
                assert_eq!(suspicion.failed(&object(n), false, now), Opinion::Undecided, "{n}");
            }
        }
        assert_eq!(suspicion.failed(&object(MANY), false, now), Opinion::Store);
        assert_eq!(suspicion.failing().count(), MANY);
    }

    #[test]
    fn a_single_object_read_well_starts_the_count_anew() {
        let (mut suspicion, now) = (Suspicion::default(), Instant::now());
        for n in 1..10 * MANY {
            assert_eq!(suspicion.failed(&object(n), false, now), Opinion::Undecided, "{n}");
            suspicion.read(now);
        }
    }

    #[test]
    fn beside_a_witness_only_a_crowd_of_objects_over_minutes_convicts_the_store() {
        let (mut suspicion, start) = (Suspicion::default(), Instant::now());
        suspicion.read(start);
        let soon = start + LONG_WITHOUT_A_READ / 2;
        for n in 0..10 * MANY_BESIDE_A_WITNESS {
            assert_eq!(suspicion.failed(&object(n), true, soon), Opinion::Object, "{n}");
        }
        let late = start + LONG_WITHOUT_A_READ;
        assert_eq!(suspicion.failed(&object(0), true, late), Opinion::Store);

        // One object, however long and often, convicts nobody.
        suspicion.read(start);
        for minute in 0..10_000 {
            let now = start + Duration::from_mins(minute);
            assert_eq!(suspicion.failed(&object(1), true, now), Opinion::Object);
        }
    }
}
