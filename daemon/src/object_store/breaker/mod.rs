//! The gates before the claim, one for each bucket.
//!
//! Which bucket a queued recording is in, the queue does not know. So claiming stops when all gates are closed; while some are
//! open, recordings are claimed, and those that come to a closed one are put off without counting an attempt.
//! What takes one bucket away may have taken all of them: when a gate closes, the other buckets are probed at once.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use futures_util::future::{join, join_all};
use tokio::sync::Notify;

use self::bucket::Gate;
use self::shared::Shared;
use self::state::Outage;
use crate::object_store::client::Store;
use crate::object_store::location::Location;
use crate::wake::Ears;

mod attribution;
pub mod bucket;
mod failure_window;
mod probe;
mod shared;
pub mod state;

/// The gates of all buckets.
#[derive(Debug)]
pub struct Gates {
    gates: Vec<(String, Gate)>,
    shared: Arc<Shared>,
}

impl Gates {
    /// Open gates before these buckets, of which there is one at least; `max_pause` is the longest time between two probes of one
    /// while its gate is closed.
    #[must_use]
    pub fn new(buckets: &[String], max_pause: Duration) -> Self {
        let shared = Arc::new(Shared {
            gates: buckets.len(),
            closed: AtomicUsize::new(0),
            doubt: Notify::new(),
        });
        let gate = |bucket: &String| Gate::new(bucket.clone(), Arc::clone(&shared), max_pause);
        let gates = buckets.iter().map(|bucket| (bucket.clone(), gate(bucket))).collect();
        Self { gates, shared }
    }

    /// The gate before an object. A location in none of the buckets, which [`Location::parse`] lets nobody have, goes by the first.
    #[must_use]
    pub fn before(&self, location: &Location) -> &Gate {
        let found = self.gates.iter().find(|(bucket, _)| *bucket == location.bucket);
        &found.unwrap_or(&self.gates[0]).1
    }

    /// How many of `free` places may be filled now: all while a gate is open, else what trials let through.
    #[must_use]
    pub fn admit(&self, free: usize) -> usize {
        if self.shared.all_closed() {
            let admitted: usize = self.gates.iter().map(|(_, gate)| gate.admitted()).sum();
            admitted.min(free)
        } else {
            free
        }
    }

    /// The buckets that are not read, and why; whether that is all of them.
    #[must_use]
    pub fn outages(&self) -> (Vec<(&str, Outage)>, bool) {
        let gates = self.gates.iter();
        let away = gates.filter_map(|(bucket, gate)| Some((bucket.as_str(), gate.outage()?)));
        (away.collect(), self.shared.all_closed())
    }

    /// Probes where a gate is closed; runs until dropped.
    pub async fn watch(&self, store: &Store, ears: &Ears) {
        let each = self.gates.iter().map(|(_, gate)| gate.watch(store, ears));
        join(join_all(each), self.doubt_others(store)).await;
    }

    /// Recordings of every other bucket would find out one by one, and those of a bucket in which nothing happens never.
    async fn doubt_others(&self, store: &Store) {
        loop {
            self.shared.doubt.notified().await;
            let open = self.gates.iter().filter(|(_, gate)| gate.outage().is_none());
            join_all(open.map(async |(bucket, gate)| {
                if let Err(refusal) = store.probe(bucket).await {
                    gate.close(refusal.what(), &refusal, []);
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
    use crate::object_store::response::Refusal;

    fn in_bucket(bucket: &str) -> Location {
        Location {
            bucket: bucket.to_owned(),
            key: "a.bin".to_owned(),
        }
    }

    fn gates(buckets: &[&str]) -> Gates {
        let buckets: Vec<String> = buckets.iter().map(|&bucket| bucket.to_owned()).collect();
        Gates::new(&buckets, Duration::from_secs(10))
    }

    /// What is put off, for how long; `None`: it is ready again at once.
    fn enter(gates: &Gates, bucket: &str) -> Result<(), Option<Duration>> {
        match gates.before(&in_bucket(bucket)).enter() {
            Ok(()) => Ok(()),
            Err(ExtractionError::StoreOutage { delay }) => Err(delay),
            Err(other) => panic!("{other:?}"),
        }
    }

    fn close(gates: &Gates, bucket: &str) {
        let location = in_bucket(bucket);
        gates
            .before(&location)
            .close("gone", &Refusal::Missing, [location.clone()]);
    }

    #[test]
    fn of_several_buckets_the_open_ones_are_claimed_from_and_the_others_kept_out_of_their_way() {
        let gates = gates(&["a", "b"]);
        close(&gates, "a");
        assert_eq!((gates.admit(5), enter(&gates, "b")), (5, Ok(())));
        assert!(matches!(enter(&gates, "a"), Err(Some(_))));
        // With all closed nothing is claimed but on trial. What a trial of one brings from the other bucket must not be ready
        // again at once, or it would be brought each time.
        close(&gates, "b");
        assert_eq!(gates.admit(5), 0);
        for bucket in ["a", "b"] {
            assert!(matches!(enter(&gates, bucket), Err(Some(_))), "{bucket}");
        }
        let (outages, all) = gates.outages();
        assert_eq!((outages.len(), all), (2, true));
    }

    #[test]
    fn what_comes_late_to_the_only_bucket_is_ready_again_at_once() {
        let gates = gates(&["a"]);
        close(&gates, "a");
        assert_eq!((gates.admit(5), enter(&gates, "a")), (0, Err(None)));
    }
}
