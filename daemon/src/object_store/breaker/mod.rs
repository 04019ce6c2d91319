//! The circuit breakers, one for each bucket.
//!
//! The queue does not know which bucket a recording is in. So claiming stops when all breakers are open; while some are
//! closed, recordings are claimed, and those in a bucket whose breaker is open are deferred without counting an attempt.
//! An outage of one bucket may be one of all: when a breaker opens, the other buckets are probed immediately.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use futures_util::future::{join, join_all};
use tokio::sync::Notify;

use self::bucket::CircuitBreaker;
use self::group::BreakerGroup;
use self::state::Outage;
use crate::object_store::client::ObjectStore;
use crate::object_store::location::Location;
use crate::wake::WakeSignal;

mod attribution;
pub mod bucket;
mod failure_window;
mod group;
mod probe;
pub mod state;

/// The breakers of all buckets.
#[derive(Debug)]
pub struct CircuitBreakers {
    breakers: Vec<(String, CircuitBreaker)>,
    group: Arc<BreakerGroup>,
}

impl CircuitBreakers {
    /// Closed breakers for these buckets, of which there is at least one; `max_pause` is the longest time between two
    /// probes of a bucket while its breaker is open.
    #[must_use]
    pub fn new(buckets: &[String], max_pause: Duration) -> Self {
        let group = Arc::new(BreakerGroup {
            breakers: buckets.len(),
            open: AtomicUsize::new(0),
            opened: Notify::new(),
        });
        let breaker = |bucket: &String| CircuitBreaker::new(bucket.clone(), Arc::clone(&group), max_pause);
        let breakers = buckets.iter().map(|bucket| (bucket.clone(), breaker(bucket))).collect();
        Self { breakers, group }
    }

    /// The breaker of an object's bucket. A location in none of the buckets, which [`Location::parse`] lets nobody have, goes by the first.
    #[must_use]
    pub fn of(&self, location: &Location) -> &CircuitBreaker {
        let found = self.breakers.iter().find(|(bucket, _)| *bucket == location.bucket);
        &found.unwrap_or(&self.breakers[0]).1
    }

    /// How many of `free` places may be filled now: all while a breaker is closed, else what half-open ones let through.
    #[must_use]
    pub fn permits(&self, free: usize) -> usize {
        if self.group.all_open() {
            let half_open_permits: usize = self
                .breakers
                .iter()
                .map(|(_, breaker)| breaker.half_open_permits())
                .sum();
            half_open_permits.min(free)
        } else {
            free
        }
    }

    /// The buckets that are not read, and why; whether that is all of them.
    #[must_use]
    pub fn outages(&self) -> (Vec<(&str, Outage)>, bool) {
        let breakers = self.breakers.iter();
        let away = breakers.filter_map(|(bucket, breaker)| Some((bucket.as_str(), breaker.outage()?)));
        (away.collect(), self.group.all_open())
    }

    /// Probes where a breaker is open; runs until dropped.
    pub async fn watch(&self, store: &ObjectStore, wake: &WakeSignal) {
        let each = self.breakers.iter().map(|(_, breaker)| breaker.watch(store, wake));
        join(join_all(each), self.probe_others(store)).await;
    }

    /// Recordings of every other bucket would find out one by one, and those of a bucket in which nothing happens never.
    async fn probe_others(&self, store: &ObjectStore) {
        loop {
            self.group.opened.notified().await;
            let closed = self.breakers.iter().filter(|(_, breaker)| breaker.outage().is_none());
            join_all(closed.map(async |(bucket, breaker)| {
                if let Err(error) = store.probe(bucket).await {
                    breaker.trip(error.what(), &error, []);
                }
            }))
            .await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::error::ExtractionError;
    use crate::object_store::error::StoreError;

    fn in_bucket(bucket: &str) -> Location {
        Location {
            bucket: bucket.to_owned(),
            key: "a.bin".to_owned(),
        }
    }

    fn breakers(buckets: &[&str]) -> CircuitBreakers {
        let buckets: Vec<String> = buckets.iter().map(|&bucket| bucket.to_owned()).collect();
        CircuitBreakers::new(&buckets, Duration::from_secs(10))
    }

    /// What is put off, for how long; `None`: it is ready again at once.
    fn try_acquire(breakers: &CircuitBreakers, bucket: &str) -> Result<(), Option<Duration>> {
        match breakers.of(&in_bucket(bucket)).try_acquire() {
            Ok(()) => Ok(()),
            Err(ExtractionError::StoreOutage { delay }) => Err(delay),
            Err(other) => panic!("{other:?}"),
        }
    }

    fn trip(breakers: &CircuitBreakers, bucket: &str) {
        let location = in_bucket(bucket);
        breakers
            .of(&location)
            .trip("gone", &StoreError::Missing, [location.clone()]);
    }

    #[test]
    fn of_several_buckets_the_open_ones_are_claimed_from_and_the_others_kept_out_of_their_way() {
        let breakers = breakers(&["a", "b"]);
        trip(&breakers, "a");
        assert_eq!((breakers.permits(5), try_acquire(&breakers, "b")), (5, Ok(())));
        assert!(matches!(try_acquire(&breakers, "a"), Err(Some(_))));
        // With all open, only what half-open ones let through is claimed. What one of them brings from the other bucket must not be ready
        // again at once, or it would be brought each time.
        trip(&breakers, "b");
        assert_eq!(breakers.permits(5), 0);
        for bucket in ["a", "b"] {
            assert!(matches!(try_acquire(&breakers, bucket), Err(Some(_))), "{bucket}");
        }
        let (outages, all) = breakers.outages();
        assert_eq!((outages.len(), all), (2, true));
    }

    #[test]
    fn what_comes_late_to_the_only_bucket_is_ready_again_at_once() {
        let breakers = breakers(&["a"]);
        trip(&breakers, "a");
        assert_eq!((breakers.permits(5), try_acquire(&breakers, "a")), (0, Err(None)));
    }
}
