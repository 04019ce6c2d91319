//! What is known while a breaker is open.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::backoff::Backoff;
use crate::object_store::error::StoreError;
use crate::object_store::location::Location;

/// How long one that failed in a trial stays out of the way of the next ones.
pub(super) const TRIAL_FAILURE_DELAY: Backoff = Backoff {
    base: Duration::from_mins(1),
    max: Duration::from_mins(1),
};

/// Why the breaker is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outage {
    /// Since when.
    pub since: Instant,
    /// What the store, or the way to it, said last.
    pub what: String,
    /// Probes sent in vain so far.
    pub probes: u32,
}

/// The state of an open or half-open breaker.
#[derive(Debug)]
pub(super) struct OpenState {
    pub(super) outage: Outage,
    pub(super) failed_objects: VecDeque<Location>,
    pub(super) retry_after: Option<Duration>,
    /// Since when the store answers though nothing of it can be read.
    pub(super) trying_since: Option<Instant>,
    /// Recordings that may be claimed.
    pub(super) half_open_permits: usize,
    /// The back-off's count, which goes on if it opens again soon.
    pub(super) tries: u32,
}

/// How long a recording waits whose breaker is open while other buckets are read. Half of the outage's age, so that many
/// that wait through a long one cost little, and are not late after a short one.
pub(super) fn defer_delay(age: Duration) -> Duration {
    Backoff {
        base: (age / 2).clamp(Duration::from_secs(5), Duration::from_mins(2)),
        max: Duration::from_mins(2),
    }
    .jittered(1)
}

pub(super) fn retry_after(error: &StoreError) -> Option<Duration> {
    match error {
        StoreError::Other { retry_after, .. } => *retry_after,
        _ => None,
    }
}
