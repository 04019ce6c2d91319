//! What is known while the gate is closed.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::backoff::Backoff;
use crate::object_store::location::Location;
use crate::object_store::response::Refusal;

/// How long one that failed in a trial stays out of the way of the next ones.
pub(super) const OUT_OF_THE_WAY: Backoff = Backoff {
    base: Duration::from_mins(1),
    max: Duration::from_mins(1),
};

/// Why the gate is closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outage {
    /// Since when.
    pub since: Instant,
    /// What the store, or the way to it, said last.
    pub what: String,
    /// Probes sent in vain so far.
    pub probes: u32,
}

/// The state of a closed gate.
#[derive(Debug)]
pub(super) struct Closed {
    pub(super) outage: Outage,
    pub(super) evidence: VecDeque<Location>,
    pub(super) retry_after: Option<Duration>,
    /// Since when the store answers though nothing of it can be read.
    pub(super) trying_since: Option<Instant>,
    /// Recordings that may be claimed.
    pub(super) admitted: usize,
    /// The back-off's count, which a relapse carries on.
    pub(super) tries: u32,
}

/// How long a recording waits that comes to a closed gate while other buckets are read. Half of the outage's age, so that many
/// that wait through a long one cost little, and are not late after a short one.
pub(super) fn turned_away(age: Duration) -> Duration {
    Backoff {
        base: (age / 2).clamp(Duration::from_secs(5), Duration::from_mins(2)),
        max: Duration::from_mins(2),
    }
    .jittered(1)
}

pub(super) fn retry_after(refusal: &Refusal) -> Option<Duration> {
    match refusal {
        Refusal::Other { retry_after, .. } => *retry_after,
        _ => None,
    }
}
