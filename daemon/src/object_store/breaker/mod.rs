//! Circuit breakers, one per bucket: while the store is unavailable, nothing is read, and no
//! recording is failed for it.
//!
//! States of a breaker:
//!
//! - **Closed**: objects are read. Opens if a failure is attributed to the store.
//! - **Open**: nothing is read. A probe closes it, or makes it half-open.
//! - **Half-open**: the store answers probes, but none of the objects that a probe tried can be
//!   read. After each probe four recordings are read as a trial. Closes if a trial or a probe
//!   succeeds; opens if the store does not answer a probe.
//!
//! While a breaker is open or half-open, one task probes the bucket with back-off. A probe requests
//! a key that cannot exist. If the store answers that this object does not exist, the probe also
//! reads an object that failed, and if that fails again, a known-good one. If the store denies the
//! probe, as it does to a key that may read a part of the bucket alone, these objects decide, and
//! after half a minute without one that can be read, the breaker is half-open. One log line is
//! written when a breaker opens ("object store away"), one when it closes ("object store back").
//!
//! Differences from the usual circuit breaker:
//!
//! - No number or rate of errors opens it: `attribution.rs` decides whether the store caused a
//!   failure, and one failure can be enough.
//! - It is not open for a fixed time: a probe ends the open state, and can close it without a
//!   trial.
//! - A failed trial does not open it again, since the object itself may be the cause. The object is
//!   retried a minute later.
//! - A recording of an open bucket gets no error. It is deferred, and the attempt does not count.
//!
//! A row of the queue does not name its bucket. So claiming stops only if no breaker is
//! closed; otherwise recordings of all buckets are claimed, and those of open buckets are deferred.
//! An outage of one bucket may be an outage of all: when a breaker opens, the other buckets are
//! probed immediately. Each bucket is also probed at the start, and while nothing is read from it
//! (`idle.rs`), so that a wrong setting is known before a recording waits for it.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use futures_util::future::{join_all, join3};
use tokio::sync::Notify;

use self::bucket::CircuitBreaker;
use self::group::BreakerGroup;
use self::state::Outage;
use crate::object_store::client::ObjectStore;
use crate::object_store::location::Location;
use crate::queue::wake::WakeSignal;

mod attribution;
pub mod bucket;
mod failure_window;
mod group;
mod idle;
mod probe;
pub mod state;

/// The breakers of all buckets.
#[derive(Debug)]
pub struct CircuitBreakers {
    breakers: Vec<CircuitBreaker>,
    group: Arc<BreakerGroup>,
}

impl CircuitBreakers {
    /// Closed breakers for these buckets; there must be at least one. `max_pause` is the longest
    /// time between two probes of a bucket.
    #[must_use]
    pub fn new(buckets: &[String], max_pause: Duration) -> Self {
        let group = Arc::new(BreakerGroup {
            breakers: buckets.len(),
            open: AtomicUsize::new(0),
            tripped: Notify::new(),
        });
        let breaker = |bucket: &String| CircuitBreaker::new(bucket.clone(), Arc::clone(&group), max_pause);
        let breakers = buckets.iter().map(breaker).collect();
        Self { breakers, group }
    }

    /// The breaker of an object's bucket. [`Location::parse`] refuses all other buckets; the first
    /// breaker would serve them.
    #[must_use]
    pub fn of(&self, location: &Location) -> &CircuitBreaker {
        let found = self.breakers.iter().find(|breaker| breaker.bucket == location.bucket);
        found.unwrap_or(&self.breakers[0])
    }

    /// How many recordings may be claimed if `free` more fit: `free` if a breaker is closed, else
    /// at most as many as the half-open breakers permit.
    #[must_use]
    pub fn permits(&self, free: usize) -> usize {
        if !self.group.all_open() {
            return free;
        }
        let permits = self.breakers.iter().map(CircuitBreaker::half_open_permits);
        permits.sum::<usize>().min(free)
    }

    /// The buckets whose breaker is not closed, and why; and whether these are all buckets.
    #[must_use]
    pub fn outages(&self) -> (Vec<(&str, Outage)>, bool) {
        let breakers = self.breakers.iter();
        let outages = breakers.filter_map(|breaker| Some((breaker.bucket.as_str(), breaker.outage()?)));
        (outages.collect(), self.group.all_open())
    }

    /// Probes the buckets: those whose breaker is not closed until they can be read again, idle ones
    /// now and then. Runs until dropped.
    pub async fn watch(&self, store: &ObjectStore, wake: &WakeSignal) {
        let each = self.breakers.iter().map(|breaker| breaker.watch(store, wake));
        join3(join_all(each), self.probe_others(store), self.probe_idle(store)).await;
    }

    /// When a breaker trips, probes the other buckets; otherwise each outage would be found by
    /// recordings of its own bucket, and in an idle bucket later.
    async fn probe_others(&self, store: &ObjectStore) {
        loop {
            self.group.tripped.notified().await;
            let closed = self.breakers.iter().filter(|breaker| breaker.outage().is_none());
            join_all(closed.map(|breaker| breaker.trip_unless_readable(store))).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::error::ExtractionError;

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

    /// The delay of a deferred recording; `None` if it is ready again immediately.
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
            .trip("gone", None, std::slice::from_ref(&location));
    }

    #[test]
    fn with_several_buckets_recordings_of_open_buckets_are_deferred() {
        let breakers = breakers(&["a", "b"]);
        trip(&breakers, "a");
        assert_eq!((breakers.permits(5), try_acquire(&breakers, "b")), (5, Ok(())));
        assert!(matches!(try_acquire(&breakers, "a"), Err(Some(_))));
        // With no closed breaker, rows are claimed only for trials of half-open buckets. A claimed
        // row of an open bucket must be deferred, or the next claim would return it again.
        trip(&breakers, "b");
        assert_eq!(breakers.permits(5), 0);
        for bucket in ["a", "b"] {
            assert!(matches!(try_acquire(&breakers, bucket), Err(Some(_))), "{bucket}");
        }
        let (outages, all) = breakers.outages();
        assert_eq!((outages.len(), all), (2, true));
    }

    #[test]
    fn a_recording_of_the_only_bucket_is_ready_again_immediately_while_it_is_open() {
        let breakers = breakers(&["a"]);
        trip(&breakers, "a");
        assert_eq!((breakers.permits(5), try_acquire(&breakers, "a")), (0, Err(None)));
    }
}
