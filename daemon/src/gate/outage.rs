//! What is known while the gate is closed.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::backoff::Backoff;
use crate::failure::Failure;
use crate::location::Location;
use crate::store::Refusal;

/// How long one that failed in a trial stays out of the way of the next ones.
const OUT_OF_THE_WAY: Backoff = Backoff {
    base: Duration::from_mins(1),
    max: Duration::from_mins(1),
};

/// What is known of the store's state, for people and metrics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GateState {
    /// What is wrong; `None` while recordings are claimed.
    pub outage: Option<Outage>,
    /// How often the gate has closed since the start.
    pub closed_times: u64,
    /// Probes sent since the start.
    pub probes: u64,
}

/// Why the gate is closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outage {
    /// Since when.
    pub since: Instant,
    /// What the store, or the way to it, said last.
    pub what: String,
    /// The bucket that is probed.
    pub bucket: String,
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

impl Closed {
    pub(super) fn failure(&self) -> Failure {
        Failure::StoreOutage {
            delay: self.trying_since.map(|_| OUT_OF_THE_WAY.jittered(1)),
        }
    }
}

pub(super) fn retry_after(refusal: &Refusal) -> Option<Duration> {
    match refusal {
        Refusal::Other { retry_after, .. } => *retry_after,
        _ => None,
    }
}
