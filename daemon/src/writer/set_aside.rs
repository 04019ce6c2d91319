//! Outcomes that are written alone: those that could not be written with others, and large ones.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use tracing::{debug, warn};

use super::completed_job::CompletedJob;
use super::transaction::Failure;
use crate::backoff::Backoff;
use crate::metrics::labels::Work;
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
/// When nothing was written for this long, it is not a few rows that cannot be written.
const NOTHING_WRITTEN: Duration = Duration::from_secs(5);
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
    /// It counts among those that are set aside without a permit.
    pub(super) is_counted: bool,
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
            is_counted: false,
            tries: 0,
            due: Instant::now(),
        };
        let reason = failure.reason();
        warn!(measurement = %entry.job.claim.lease.measurement_id, session = %entry.job.claim.recording_session_id, station = entry.job.claim.station(), reason, "result cannot be written now, set aside");
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
            is_counted: false,
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
    /// Outcomes that are set aside without a permit, those that are tried at this moment included.
    counted: usize,
    large: VecDeque<SetAside>,
}

impl Waiting {
    /// Adds an outcome that cannot be written now. Its recording is no longer in flight, so others
    /// may start. Returns it if too many are set aside already, while others are written. If
    /// nothing is written, it keeps its permit, and soon the worker claims no more.
    pub(super) fn set_aside(&mut self, mut entry: SetAside, stalls: &Stalls) -> Option<SetAside> {
        if !entry.is_counted {
            if self.counted < MAX_SET_ASIDE {
                self.counted += 1;
                entry.is_counted = true;
                entry.job.permit = None;
            } else if stalls.failing(Work::Write) < NOTHING_WRITTEN {
                return Some(entry);
            }
        }
        stalls.set_aside(entry.job.claim.lease.measurement_id, &entry.reason);
        self.set_aside.push_back(entry);
        None
    }

    /// An outcome that was set aside is written.
    pub(super) fn written(&mut self, was_counted: bool) {
        self.counted -= usize::from(was_counted);
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

    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.set_aside.is_empty() && self.large.is_empty()
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
