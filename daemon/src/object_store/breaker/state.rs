//! The states of a circuit breaker: closed, open, half-open.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::object_store::location::Location;

/// Failed objects that are remembered for the probe.
const FAILED_OBJECTS: usize = 8;

/// Why a breaker is not closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outage {
    /// When it tripped.
    pub since: Instant,
    /// Last error of the store or of the connection.
    pub reason: String,
    /// Failed probes so far.
    pub probes: u32,
}

/// State of the breaker of one bucket.
#[derive(Debug, Default)]
pub(super) enum State {
    /// Objects are read.
    #[default]
    Closed,
    /// Nothing is read.
    Open(OpenState),
    /// The store answers probes, but no object that a probe tried can be read. A few recordings are
    /// read as a trial.
    HalfOpen(OpenState, Trial),
}

/// What a breaker remembers while it is open or half-open.
#[derive(Debug)]
pub(super) struct OpenState {
    pub(super) outage: Outage,
    /// Objects that could not be read; probes try them in turn.
    pub(super) failed_objects: VecDeque<Location>,
    /// Delay before the next probe that the store asked for.
    pub(super) retry_after: Option<Duration>,
    /// Step of the back-off between probes.
    pub(super) backoff_step: u32,
}

/// Recordings that are read in the half-open state.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trial {
    /// Start of the half-open state. An object that was requested before does not close the
    /// breaker: its answer may have been sent before the outage.
    pub(super) since: Instant,
    /// How many recordings may still be read before the next probe.
    pub(super) permits: usize,
}

impl State {
    /// What is remembered while the breaker is open or half-open; `None` if it is closed.
    pub(super) fn not_closed(&mut self) -> Option<&mut OpenState> {
        match self {
            Self::Closed => None,
            Self::Open(open) | Self::HalfOpen(open, _) => Some(open),
        }
    }

    /// The store does not answer a probe: half-open becomes open.
    pub(super) fn reopen(&mut self) {
        *self = match std::mem::take(self) {
            Self::HalfOpen(open, _) => Self::Open(open),
            state => state,
        };
    }

    /// The store answers a probe, but no object can be read: open becomes half-open, and half-open
    /// gets new permits.
    pub(super) fn half_open(&mut self, permits: usize) {
        let since = Instant::now();
        *self = match std::mem::take(self) {
            Self::Open(open) => Self::HalfOpen(open, Trial { since, permits }),
            Self::HalfOpen(open, trial) => Self::HalfOpen(open, Trial { permits, ..trial }),
            Self::Closed => Self::Closed,
        };
    }
}

impl OpenState {
    /// Remembers a failed object, unless there are enough.
    pub(super) fn add_failed_object(&mut self, location: &Location) {
        if self.failed_objects.len() < FAILED_OBJECTS && !self.failed_objects.contains(location) {
            self.failed_objects.push_back(location.clone());
        }
    }
}
