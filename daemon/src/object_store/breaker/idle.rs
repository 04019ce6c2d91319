//! Probes of buckets that seem to work: at the start, while nothing is read, and for `/readyz`.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::time::{sleep, timeout};
use tracing::warn;

use super::CircuitBreakers;
use super::bucket::CircuitBreaker;
use crate::object_store::client::ObjectStore;
use crate::object_store::error::StoreError;
use crate::sanitize::sanitize;

/// Time between two probes of a bucket from which nothing is read: two requests a minute.
const IDLE_INTERVAL: Duration = Duration::from_secs(30);
/// An idle bucket counts as unavailable when a second probe fails too.
const BEFORE_SECOND_PROBE: Duration = Duration::from_secs(1);
/// How long the start of the daemon waits for an answer of the store.
const START_TIMEOUT: Duration = Duration::from_secs(3);

impl CircuitBreakers {
    /// Probes all buckets once, before anything is claimed, and trips the breakers of those that do
    /// not work.
    pub async fn probe_at_start(&self, store: &ObjectStore) {
        let limit = START_TIMEOUT.min(store.timeout());
        join_all(self.breakers.iter().map(async |breaker| {
            let no_answer = |_| Err(StoreError::other(format!("no answer for {limit:?}")));
            match timeout(limit, breaker.probe_bucket(store)).await.unwrap_or_else(no_answer) {
                Ok(()) => {}
                Err(StoreError::Denied { reason }) => warn!(
                    error = sanitize(&reason),
                    bucket = breaker.bucket,
                    "the key may not list this bucket, or reads a part of it: an object that does not exist looks forbidden"
                ),
                Err(error) => _ = breaker.trip(&error.to_string(), error.retry_after(), &[]),
            }
        }))
        .await;
    }

    /// Probes buckets from which nothing was read for a while; runs until dropped.
    pub(super) async fn probe_idle(&self, store: &ObjectStore) {
        loop {
            sleep(IDLE_INTERVAL).await;
            let idle = self.breakers.iter().filter(|breaker| breaker.is_idle());
            join_all(idle.map(async |breaker| {
                if breaker.is_unreadable(store).await {
                    sleep(BEFORE_SECOND_PROBE).await;
                    breaker.trip_unless_readable(store).await;
                }
            }))
            .await;
        }
    }

    /// Probes all buckets, for `/readyz`. Returns what an operator should know although the store
    /// works.
    ///
    /// # Errors
    /// What is wrong with a bucket.
    pub async fn probe_all(&self, store: &ObjectStore) -> Result<Option<String>, String> {
        let mut note = None;
        for breaker in &self.breakers {
            let bucket = &breaker.bucket;
            match breaker.probe_bucket(store).await {
                Ok(()) => {}
                Err(StoreError::Denied { .. }) if breaker.outage().is_none() => {
                    note = Some(format!("the key may not list bucket {bucket}, or reads a part of it"));
                }
                Err(error) => return Err(format!("bucket {bucket}: {}", sanitize(&error.to_string()))),
            }
        }
        Ok(note)
    }
}

impl CircuitBreaker {
    /// Whether it is closed, and no object was read to its end for a while.
    fn is_idle(&self) -> bool {
        let is_recent = |success: Instant| success.elapsed() < IDLE_INTERVAL;
        self.outage().is_none() && !self.lock().failures.last_success().is_some_and(is_recent)
    }

    async fn is_unreadable(&self, store: &ObjectStore) -> bool {
        !matches!(self.probe_bucket(store).await, Ok(()) | Err(StoreError::Denied { .. }))
    }

    /// Probes the bucket and trips if that fails. A store that denies the probe answers; the
    /// recordings decide.
    pub(super) async fn trip_unless_readable(&self, store: &ObjectStore) {
        match self.probe_bucket(store).await {
            Ok(()) | Err(StoreError::Denied { .. }) => {}
            Err(error) => _ = self.trip(&error.to_string(), error.retry_after(), &[]),
        }
    }
}
