//! The gate before a bucket's objects: closed while the object store is away or in doubt. All of them together are
//! [`Gates`](super::Gates).
//!
//! An object could not be read; who is to blame? The store, if it does not
//! answer for a key that nobody writes, or cannot give any more what it gave
//! before. Nobody, if the object itself can be read by now: what was in the way has
//! passed. Else the object, unless so many different ones fail in a row that it
//! is no coincidence: a store may well answer and have lost its disks.
//!
//! While the gate is closed, one task probes with back-off, whatever waits in the
//! queue. It opens as soon as an object that failed, or one read before, can be
//! read. Where the store answers but none of these can, a few recordings are let
//! through now and then: if one of them is read, the others were to blame.
//! One log line when it closes, one when it opens.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, watch};
use tracing::{info, warn};

use super::failure_window::{Opinion, Suspicion};
use super::shared::Shared;
use super::state::{Closed, OUT_OF_THE_WAY, Outage, retry_after, turned_away};
use crate::backoff::Backoff;
use crate::job::error::ExtractionError;
use crate::object_store::location::Location;
use crate::object_store::response::Refusal;
use crate::sanitize::printable;

/// The first probe comes after this long: quick for a store that only restarts.
const FIRST_PROBE: Duration = Duration::from_millis(500);
/// Closed again within this time it is the same trouble still, and the back-off goes on where it was.
const RELAPSE: Duration = Duration::from_secs(30);
/// Objects read well that are remembered as witnesses.
const WITNESSES: usize = 8;
/// Objects that failed, remembered to be looked at by the probe.
pub(super) const EVIDENCE: usize = 8;

/// Open, or closed for a reason.
#[derive(Debug)]
pub struct Gate {
    pub(super) bucket: String,
    pub(super) inner: Mutex<Inner>,
    /// What it has in common with those of the other buckets.
    pub(super) shared: Arc<Shared>,
    /// Rings when it closes, and when a trial has opened it.
    pub(super) changed: Notify,
    /// What undecided failures wait for.
    pub(super) decided: watch::Sender<Opinion>,
    pub(super) probing: Backoff,
}

#[derive(Debug, Default)]
pub(super) struct Inner {
    pub(super) closed: Option<Closed>,
    pub(super) suspicion: Suspicion,
    pub(super) witnesses: VecDeque<Location>,
    /// Objects whose failure had passed when they were asked for again, and how often.
    pub(super) passed: VecDeque<(Location, u32)>,
    /// When it last opened, and the probes that took.
    pub(super) opened: Option<(Instant, u32)>,
    pub(super) closed_times: u64,
}

impl Gate {
    /// An open gate; `max_pause` is the longest time between two probes while it is closed.
    pub(super) fn new(bucket: String, shared: Arc<Shared>, max_pause: Duration) -> Self {
        Self {
            bucket,
            inner: Mutex::default(),
            shared,
            changed: Notify::new(),
            decided: watch::Sender::new(Opinion::Undecided),
            probing: Backoff {
                base: FIRST_PROBE.min(max_pause),
                max: max_pause,
            },
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why it is closed; `None` while it is open.
    #[must_use]
    pub fn outage(&self) -> Option<Outage> {
        self.lock().closed.as_ref().map(|closed| closed.outage.clone())
    }

    /// Recordings that a trial lets through while it is closed.
    pub(super) fn admitted(&self) -> usize {
        self.lock().closed.as_ref().map_or(0, |closed| closed.admitted)
    }

    /// Before an object is asked for.
    ///
    /// # Errors
    /// [`ExtractionError::StoreOutage`] while it is closed, unless this one is let through on trial.
    pub fn enter(&self) -> Result<(), ExtractionError> {
        match &mut self.lock().closed {
            Some(closed) if closed.admitted == 0 => Err(self.failure(closed)),
            Some(closed) => {
                closed.admitted -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// An object was read to its end; `begun` is when it was asked for.
    pub fn read_well(&self, location: &Location, begun: Instant) {
        let mut inner = self.lock();
        if let Some(closed) = &mut inner.closed {
            // What was on its way when the store went says nothing of how it is now.
            if closed.trying_since.is_none_or(|since| begun < since) {
                return;
            }
            self.open(&mut inner);
        }
        inner.suspicion.read(Instant::now());
        inner.passed.retain(|(other, _)| other != location);
        if !inner.witnesses.contains(location) {
            if inner.witnesses.len() == WITNESSES {
                inner.witnesses.pop_front();
            }
            inner.witnesses.push_back(location.clone());
        }
        drop(inner);
        self.decided.send_replace(Opinion::Object);
    }

    /// What becomes of a recording that comes meanwhile. It is ready again at once if there is no other bucket, since nothing is
    /// claimed then; else it stays out of the way of those in the others, which may be open or on trial.
    pub(super) fn failure(&self, closed: &Closed) -> ExtractionError {
        ExtractionError::StoreOutage {
            delay: if closed.trying_since.is_some() {
                Some(OUT_OF_THE_WAY.jittered(1))
            } else if self.shared.is_only_one() {
                None
            } else {
                Some(turned_away(closed.outage.since.elapsed()))
            },
        }
    }

    pub(super) fn close(
        &self,
        what: &str,
        refusal: &Refusal,
        evidence: impl IntoIterator<Item = Location>,
    ) -> ExtractionError {
        let what = printable(what);
        let mut inner = self.lock();
        if inner.closed.is_none() {
            let bucket = self.bucket.as_str();
            if self.shared.closes() {
                warn!(error = what, bucket, "object store away, claiming stops");
            } else {
                warn!(
                    error = what,
                    bucket, "object store away, recordings in this bucket wait"
                );
            }
            let since = Instant::now();
            let relapse = inner.opened.filter(|(opened, _)| since - *opened < RELAPSE);
            inner.closed_times += 1;
            inner.closed = Some(Closed {
                outage: Outage { since, what, probes: 0 },
                evidence: evidence.into_iter().take(EVIDENCE).collect(),
                retry_after: retry_after(refusal),
                trying_since: None,
                admitted: 0,
                tries: relapse.map_or(0, |(_, tries)| tries),
            });
            self.changed.notify_one();
        }
        let closed = inner.closed.as_ref();
        closed.map_or(ExtractionError::StoreOutage { delay: None }, |closed| {
            self.failure(closed)
        })
    }

    pub(super) fn open(&self, inner: &mut Inner) {
        if let Some(closed) = inner.closed.take() {
            let away_s = closed.outage.since.elapsed().as_secs();
            let (bucket, probes) = (self.bucket.as_str(), closed.outage.probes);
            if self.shared.opens() {
                info!(bucket, away_s, probes, "object store back, claiming resumes");
            } else {
                info!(
                    bucket,
                    away_s, probes, "object store back, recordings in this bucket are read again"
                );
            }
            inner.opened = Some((Instant::now(), closed.tries));
            self.changed.notify_one();
        }
    }
}
