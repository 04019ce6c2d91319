//! The circuit breaker of a bucket: open while the object store is unavailable or in doubt, and then nothing is read.
//! [`CircuitBreakers`](super::CircuitBreakers) holds those of all buckets.
//!
//! An object could not be read; who is to blame? The store, if it does not
//! answer for a key that nobody writes, or cannot give any more what it gave
//! before. Nobody, if the object itself can be read by now: what was in the way has
//! passed. Else the object, unless so many different ones fail in a row that it
//! is no coincidence: a store may well answer and have lost its disks.
//!
//! While the breaker is open, one task probes with back-off, whatever waits in the
//! queue. It closes as soon as an object that failed, or one read before, can be
//! read. Where the store answers but none of these can, it is half-open: a few recordings
//! are let through now and then, and if one of them is read, the others were to blame.
//! One log line when it opens, one when it closes.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, watch};
use tracing::{info, warn};

use super::failure_window::{FailureWindow, FaultSource};
use super::group::BreakerGroup;
use super::state::{OpenState, Outage, TRIAL_FAILURE_DELAY, defer_delay, retry_after};
use crate::backoff::Backoff;
use crate::job::error::ExtractionError;
use crate::object_store::error::StoreError;
use crate::object_store::location::Location;
use crate::sanitize::sanitize;

/// The first probe comes after this long: quick for a store that only restarts.
const FIRST_PROBE: Duration = Duration::from_millis(500);
/// If it opens again within this time, it is the same outage, and the back-off goes on where it was.
const RETRIP_WINDOW: Duration = Duration::from_secs(30);
/// Objects read to their end that are remembered as known to be good.
const KNOWN_GOOD_OBJECTS: usize = 8;
/// Objects that failed, remembered to be looked at by the probe.
pub(super) const FAILED_OBJECTS: usize = 8;

/// Closed, or open for a reason.
#[derive(Debug)]
pub struct CircuitBreaker {
    pub(super) bucket: String,
    pub(super) inner: Mutex<Inner>,
    /// What it has in common with those of the other buckets.
    pub(super) group: Arc<BreakerGroup>,
    /// Notified when it opens, and when it closes.
    pub(super) changed: Notify,
    /// What undecided failures wait for.
    pub(super) decided: watch::Sender<FaultSource>,
    pub(super) probing: Backoff,
}

#[derive(Debug, Default)]
pub(super) struct Inner {
    pub(super) open: Option<OpenState>,
    pub(super) failures: FailureWindow,
    pub(super) known_good: VecDeque<Location>,
    /// Objects whose failure had passed when they were asked for again, and how often.
    pub(super) transient: VecDeque<(Location, u32)>,
    /// When it last closed, and the probes that took.
    pub(super) last_closed: Option<(Instant, u32)>,
    pub(super) trips: u64,
}

impl CircuitBreaker {
    /// A closed breaker; `max_pause` is the longest time between two probes while it is open.
    pub(super) fn new(bucket: String, group: Arc<BreakerGroup>, max_pause: Duration) -> Self {
        Self {
            bucket,
            inner: Mutex::default(),
            group,
            changed: Notify::new(),
            decided: watch::Sender::new(FaultSource::Undecided),
            probing: Backoff {
                base: FIRST_PROBE.min(max_pause),
                max: max_pause,
            },
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why it is open; `None` while it is closed.
    #[must_use]
    pub fn outage(&self) -> Option<Outage> {
        self.lock().open.as_ref().map(|open| open.outage.clone())
    }

    /// Recordings that are let through while it is half-open.
    pub(super) fn half_open_permits(&self) -> usize {
        self.lock().open.as_ref().map_or(0, |open| open.half_open_permits)
    }

    /// Before an object is asked for.
    ///
    /// # Errors
    /// [`ExtractionError::StoreOutage`] while it is open, unless this recording is let through.
    pub fn try_acquire(&self) -> Result<(), ExtractionError> {
        match &mut self.lock().open {
            Some(open) if open.half_open_permits == 0 => Err(self.failure(open)),
            Some(open) => {
                open.half_open_permits -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// An object was read to its end; `begun` is when it was asked for.
    pub fn record_success(&self, location: &Location, begun: Instant) {
        let mut inner = self.lock();
        if let Some(open) = &mut inner.open {
            // What was on its way when the store went says nothing of how it is now.
            if open.trying_since.is_none_or(|since| begun < since) {
                return;
            }
            self.close(&mut inner);
        }
        inner.failures.record_success(Instant::now());
        inner.transient.retain(|(other, _)| other != location);
        if !inner.known_good.contains(location) {
            if inner.known_good.len() == KNOWN_GOOD_OBJECTS {
                inner.known_good.pop_front();
            }
            inner.known_good.push_back(location.clone());
        }
        drop(inner);
        self.decided.send_replace(FaultSource::Object);
    }

    /// What becomes of a recording that comes meanwhile. It is ready again at once if there is no other bucket, since nothing is
    /// claimed then; else it stays out of the way of those in the others, which may be closed or half-open.
    pub(super) fn failure(&self, open: &OpenState) -> ExtractionError {
        ExtractionError::StoreOutage {
            delay: if open.trying_since.is_some() {
                Some(TRIAL_FAILURE_DELAY.jittered(1))
            } else if self.group.is_only_one() {
                None
            } else {
                Some(defer_delay(open.outage.since.elapsed()))
            },
        }
    }

    /// Opens the breaker if it is closed. Returns what becomes of the recording.
    pub(super) fn trip(
        &self,
        what: &str,
        error: &StoreError,
        failed_objects: impl IntoIterator<Item = Location>,
    ) -> ExtractionError {
        let what = sanitize(what);
        let mut inner = self.lock();
        if inner.open.is_none() {
            let bucket = self.bucket.as_str();
            if self.group.add_open() {
                warn!(error = what, bucket, "object store away, claiming stops");
            } else {
                warn!(
                    error = what,
                    bucket, "object store away, recordings in this bucket wait"
                );
            }
            let since = Instant::now();
            let retrip = inner
                .last_closed
                .filter(|(last_closed, _)| since - *last_closed < RETRIP_WINDOW);
            inner.trips += 1;
            inner.open = Some(OpenState {
                outage: Outage { since, what, probes: 0 },
                failed_objects: failed_objects.into_iter().take(FAILED_OBJECTS).collect(),
                retry_after: retry_after(error),
                trying_since: None,
                half_open_permits: 0,
                tries: retrip.map_or(0, |(_, tries)| tries),
            });
            self.changed.notify_one();
        }
        let open = inner.open.as_ref();
        open.map_or(ExtractionError::StoreOutage { delay: None }, |open| self.failure(open))
    }

    pub(super) fn close(&self, inner: &mut Inner) {
        if let Some(open) = inner.open.take() {
            let away_s = open.outage.since.elapsed().as_secs();
            let (bucket, probes) = (self.bucket.as_str(), open.outage.probes);
            if self.group.remove_open() {
                info!(bucket, away_s, probes, "object store back, claiming resumes");
            } else {
                info!(
                    bucket,
                    away_s, probes, "object store back, recordings in this bucket are read again"
                );
            }
            inner.last_closed = Some((Instant::now(), open.tries));
            self.changed.notify_one();
        }
    }
}
