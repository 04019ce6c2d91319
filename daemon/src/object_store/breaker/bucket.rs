//! The circuit breaker of one bucket.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, watch};
use tracing::{info, warn};

use super::failure_window::{FailureWindow, FaultSource};
use super::group::BreakerGroup;
use super::state::{OpenState, Outage, State};
use crate::backoff::Backoff;
use crate::job::error::ExtractionError;
use crate::object_store::location::Location;
use crate::sanitize::sanitize;

/// Delay before the first probe: short, for a store that only restarts.
const FIRST_PROBE: Duration = Duration::from_millis(500);
/// A breaker that trips again within this time continues the back-off of its last outage.
const RETRIP_WINDOW: Duration = Duration::from_secs(30);
/// Known-good objects, that is objects read to their end, that are remembered.
const KNOWN_GOOD_OBJECTS: usize = 8;
/// Delay before an object that failed in the half-open state is retried.
const TRIAL_FAILURE_DELAY: Backoff = Backoff {
    base: Duration::from_mins(1),
    max: Duration::from_mins(1),
};

/// The circuit breaker of one bucket.
#[derive(Debug)]
pub struct CircuitBreaker {
    pub(super) bucket: String,
    pub(super) inner: Mutex<Inner>,
    /// State that the breakers of all buckets share.
    pub(super) group: Arc<BreakerGroup>,
    /// Notified when the breaker trips and when it closes.
    pub(super) changed: Notify,
    /// The last decision on a failure; failures that are undecided wait for it.
    pub(super) decided: watch::Sender<FaultSource>,
    /// Delays between probes.
    pub(super) probe_backoff: Backoff,
}

#[derive(Debug, Default)]
pub(super) struct Inner {
    pub(super) state: State,
    pub(super) failures: FailureWindow,
    /// Objects that were read to their end.
    pub(super) known_good: VecDeque<Location>,
    /// Objects that failed and could be read a moment later, and how often that happened.
    pub(super) transient: VecDeque<(Location, u32)>,
    /// When the breaker last closed, and the step that the back-off had reached.
    pub(super) last_closed: Option<(Instant, u32)>,
    /// How often the breaker has tripped.
    pub(super) trips: u64,
}

impl CircuitBreaker {
    /// A closed breaker. `max_pause` is the longest time between two probes.
    pub(super) fn new(bucket: String, group: Arc<BreakerGroup>, max_pause: Duration) -> Self {
        Self {
            bucket,
            inner: Mutex::default(),
            group,
            changed: Notify::new(),
            decided: watch::Sender::new(FaultSource::Undecided),
            probe_backoff: Backoff {
                base: FIRST_PROBE.min(max_pause),
                max: max_pause,
            },
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why it is open or half-open; `None` if it is closed.
    #[must_use]
    pub fn outage(&self) -> Option<Outage> {
        self.lock().state.not_closed().map(|open| open.outage.clone())
    }

    /// Recordings that may be read in the half-open state; 0 in the other states.
    pub(super) fn half_open_permits(&self) -> usize {
        match self.lock().state {
            State::HalfOpen(_, trial) => trial.permits,
            State::Closed | State::Open(_) => 0,
        }
    }

    /// Permission to read an object. In the half-open state it takes a permit.
    ///
    /// # Errors
    /// [`ExtractionError::StoreOutage`] if the breaker is open, or half-open without permits.
    pub fn try_acquire(&self) -> Result<(), ExtractionError> {
        match &mut self.lock().state {
            State::Closed => Ok(()),
            State::HalfOpen(_, trial) if trial.permits > 0 => {
                trial.permits -= 1;
                Ok(())
            }
            state => Err(self.outage_error(state)),
        }
    }

    /// An object was read to its end; it was requested at `begun`. Closes a half-open breaker.
    pub fn record_success(&self, location: &Location, begun: Instant) {
        let mut inner = self.lock();
        match inner.state {
            State::Closed => {}
            State::HalfOpen(_, trial) if begun >= trial.since => self.close(&mut inner),
            State::Open(_) | State::HalfOpen(..) => return,
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

    /// The error of a recording that is not read, or failed, because of an outage.
    ///
    /// If there is only one bucket, nothing is claimed while its breaker is open, so the row is
    /// ready again immediately. With several buckets, and in the half-open state, rows are claimed;
    /// then the row is deferred, so that other rows come first.
    pub(super) fn outage_error(&self, state: &State) -> ExtractionError {
        ExtractionError::StoreOutage {
            delay: match state {
                State::HalfOpen(..) => Some(TRIAL_FAILURE_DELAY.jittered(1)),
                State::Open(open) if !self.group.is_only_one() => Some(defer_delay(open.outage.since.elapsed())),
                State::Open(_) | State::Closed => None,
            },
        }
    }

    /// Opens the breaker if it is closed. Returns the error of the recording that tripped it.
    pub(super) fn trip(
        &self,
        reason: &str,
        retry_after: Option<Duration>,
        failed_objects: &[Location],
    ) -> ExtractionError {
        let mut inner = self.lock();
        if matches!(inner.state, State::Closed) {
            let reason = sanitize(reason);
            let bucket = self.bucket.as_str();
            if self.group.add_open() {
                warn!(error = reason, bucket, "object store away, claiming stops");
            } else {
                warn!(
                    error = reason,
                    bucket, "object store away, recordings in this bucket wait"
                );
            }
            let is_same_outage = |closed: &(Instant, u32)| closed.0.elapsed() < RETRIP_WINDOW;
            let backoff_step = inner.last_closed.filter(is_same_outage).map_or(0, |(_, step)| step);
            inner.trips += 1;
            let mut open = OpenState {
                outage: Outage {
                    since: Instant::now(),
                    reason,
                    probes: 0,
                },
                failed_objects: VecDeque::new(),
                retry_after,
                backoff_step,
            };
            for location in failed_objects {
                open.add_failed_object(location);
            }
            inner.state = State::Open(open);
            self.changed.notify_one();
        }
        self.outage_error(&inner.state)
    }

    pub(super) fn close(&self, inner: &mut Inner) {
        if let Some(open) = std::mem::take(&mut inner.state).not_closed() {
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
            inner.last_closed = Some((Instant::now(), open.backoff_step));
            self.changed.notify_one();
        }
    }
}

/// How long a recording of an open bucket is deferred while other buckets are read: half the age of
/// the outage, between 5 s and 2 min. So a long outage costs few claims, and a short one little
/// time.
fn defer_delay(age: Duration) -> Duration {
    Backoff {
        base: (age / 2).clamp(Duration::from_secs(5), Duration::from_mins(2)),
        max: Duration::from_mins(2),
    }
    .jittered(1)
}
