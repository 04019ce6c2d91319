//! Outcomes that are written alone: those that could not be written with others, and large ones.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use tracing::{debug, warn};

use super::completed_job::CompletedJob;
use super::transaction::Failure;
use crate::backoff::Backoff;
use crate::metrics::metrics;
use crate::metrics::stall::Stalls;

/// Delays between tries. A transaction that was merely slow has ended after the first one.
const RETRY: Backoff = Backoff {
    base: Duration::from_millis(500),
    max: Duration::from_secs(5),
};
/// The most outcomes that wait here without a permit: 3 KB each for recordings of a second, 60 KB
/// at most (longer ones are in files).
pub(super) const MAX_SET_ASIDE: usize = 256;
/// A longer recording is written alone: each of its parts takes as long as a batch.
const LARGE_SEGMENTS: usize = 256;
/// The most large recordings that wait without a permit, each with its segments in a file.
const MAX_LARGE: usize = 4;

/// An outcome that is written alone.
pub(super) struct SetAside {
    pub(super) job: CompletedJob,
    /// Why it cannot be written.
    pub(super) reason: String,
    /// Tries in a row that were too slow.
    pub(super) slow_tries: u32,
    /// An earlier try may have been committed.
    pub(super) repeated: bool,
    tries: u32,
    due: Instant,
}

impl SetAside {
    /// An outcome that has just failed.
    pub(super) fn new(job: CompletedJob, failure: &Failure, repeated: bool) -> Self {
        let entry = Self {
            job,
            reason: String::new(),
            slow_tries: 0,
            repeated,
            tries: 0,
            due: Instant::now(),
        };
        let reason = failure.reason();
        warn!(measurement = %entry.job.claim.lease.measurement_id, reason, "result cannot be written now, set aside");
        entry.again(failure)
    }

    /// The same after another failure.
    pub(super) fn again(mut self, failure: &Failure) -> Self {
        self.tries += 1;
        self.due = Instant::now() + RETRY.jittered(self.tries);
        self.reason = failure.reason();
        self.repeated |= failure.error.is_slow();
        metrics().result_writes_deferred.inc();
        debug!(measurement = %self.job.claim.lease.measurement_id, tries = self.tries, reason = self.reason, "set aside");
        self
    }

    fn large(job: CompletedJob) -> Self {
        Self {
            job,
            reason: String::new(),
            slow_tries: 0,
            repeated: false,
            tries: 0,
            due: Instant::now(),
        }
    }
}

/// Whether an outcome takes so long to write that it must not be in a batch.
pub(super) fn is_large(job: &CompletedJob) -> bool {
    job.segments() > LARGE_SEGMENTS
}

/// The outcomes that wait to be written alone.
#[derive(Default)]
pub(super) struct Waiting {
    set_aside: VecDeque<SetAside>,
    large: VecDeque<SetAside>,
}

impl Waiting {
    /// Adds an outcome that cannot be written now. Its recording is no longer in flight, so others
    /// may start. Returns it if too many wait already.
    pub(super) fn set_aside(&mut self, mut entry: SetAside, stalls: &Stalls) -> Option<SetAside> {
        if self.set_aside.len() >= MAX_SET_ASIDE {
            return Some(entry);
        }
        entry.job.permit = None;
        stalls.set_aside(entry.job.claim.lease.measurement_id, &entry.reason);
        self.set_aside.push_back(entry);
        None
    }

    /// Adds a large outcome. Recordings of a few of them no longer count as in flight.
    pub(super) fn add_large(&mut self, mut job: CompletedJob) {
        if self.large.len() < MAX_LARGE {
            job.permit = None;
        }
        self.large.push_back(SetAside::large(job));
    }

    /// A large outcome that has not been tried.
    pub(super) fn next_large(&mut self) -> Option<SetAside> {
        self.large.pop_front()
    }

    /// Whether no large outcome waits for its first try.
    pub(super) fn has_no_large(&self) -> bool {
        self.large.is_empty()
    }

    /// An outcome whose next try is due.
    pub(super) fn next_due(&mut self) -> Option<SetAside> {
        let now = Instant::now();
        let place = self.set_aside.iter().position(|entry| entry.due <= now)?;
        self.set_aside.remove(place)
    }

    /// When the next try is due.
    pub(super) fn due(&self) -> Option<Instant> {
        self.set_aside.iter().map(|entry| entry.due).min()
    }
}
