//! The gate before the claim: closed while the object store is away or in doubt.
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
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, watch};
use tokio::time::timeout;
use tracing::{info, warn};

use self::outage::{Closed, retry_after};
use self::suspicion::{Opinion, Suspicion};
use crate::backoff::Backoff;
use crate::failure::Failure;
use crate::location::Location;
use crate::metrics::labels::Server;
use crate::metrics::metrics;
use crate::outside::printable;
use crate::store::{Refusal, Store};

pub use self::outage::{GateState, Outage};

mod outage;
mod probe;
mod suspicion;

/// The first probe comes after this long: quick for a store that only restarts.
const FIRST_PROBE: Duration = Duration::from_millis(500);
/// Closed again within this time it is the same trouble still, and the back-off goes on where it was.
const RELAPSE: Duration = Duration::from_secs(30);
/// How long an undecided failure waits for what else is in flight to tell whose fault it is.
const DECISION: Duration = Duration::from_secs(2);
/// Objects read well that are remembered as witnesses.
const WITNESSES: usize = 8;
/// An object that could not be read, and could when it was asked for again, is so often tried anew without counting it: store and
/// network have hiccups, but what fails each time behind its first megabyte is an object's own.
const MAX_PASSED: u32 = 3;
/// Objects of which that is remembered.
const PASSED: usize = 256;
/// Until the next try; long beside a hiccup, or it meets the same.
const AFTER_PASSED: Backoff = Backoff {
    base: Duration::from_secs(5),
    max: Duration::from_mins(1),
};
/// Objects that failed, remembered to be looked at by the probe.
const EVIDENCE: usize = 8;

/// Open, or closed for a reason.
#[derive(Debug)]
pub struct Gate {
    inner: Mutex<Inner>,
    /// Rings when it closes, and when a trial has opened it.
    changed: Notify,
    /// What undecided failures wait for.
    decided: watch::Sender<Opinion>,
    probing: Backoff,
}

#[derive(Debug, Default)]
struct Inner {
    closed: Option<Closed>,
    suspicion: Suspicion,
    witnesses: VecDeque<Location>,
    /// Objects whose failure had passed when they were asked for again, and how often.
    passed: VecDeque<(Location, u32)>,
    /// When it last opened, and the probes that took.
    opened: Option<(Instant, u32)>,
    closed_times: u64,
    probes: u64,
}

impl Gate {
    /// An open gate; `max_pause` is the longest time between two probes while it is closed.
    #[must_use]
    pub fn new(max_pause: Duration) -> Self {
        Self {
            inner: Mutex::default(),
            changed: Notify::new(),
            decided: watch::Sender::new(Opinion::Undecided),
            probing: Backoff {
                base: FIRST_PROBE.min(max_pause),
                max: max_pause,
            },
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How it stands.
    #[must_use]
    pub fn state(&self) -> GateState {
        let inner = self.lock();
        GateState {
            outage: inner.closed.as_ref().map(|closed| closed.outage.clone()),
            closed_times: inner.closed_times,
            probes: inner.probes,
        }
    }

    /// How many of `free` places may be filled now. Those of a trial are given once.
    #[must_use]
    pub fn admit(&self, free: usize) -> usize {
        match &mut self.lock().closed {
            None => free,
            Some(closed) => {
                let admitted = closed.admitted.min(free);
                if admitted > 0 {
                    closed.admitted = 0;
                }
                admitted
            }
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

    /// The failure of a recording, or [`Failure::StoreOutage`] where the store is to blame for it. Asks the store
    /// where that is needed.
    pub async fn blame(&self, failure: Failure, location: &Location, store: &Store) -> Failure {
        let what = match failure {
            Failure::ObjectUnreadable { what } => what,
            // Bytes that are no recording may be no object either: whoever gives one for any key is no store.
            Failure::Recording(_) => {
                return match store.probe(&location.bucket).await {
                    Ok(()) => failure,
                    Err(refusal) => self.close(refusal.what(), &refusal, [location.clone()]),
                };
            }
            other => return other,
        };
        let mut decided = self.decided.subscribe();
        let closings = self.lock().closed_times;
        if let Some(outage) = self.blame_outage(location, closings) {
            return outage;
        }
        if let Err(refusal) = store.probe(&location.bucket).await {
            let what = format!("{} (after: {what})", refusal.what());
            return self.close(&what, &refusal, [location.clone()]);
        }
        if store.sample(location).await.is_ok()
            && let Some(times) = self.note_passed(location)
        {
            let delay = AFTER_PASSED.jittered(times);
            info!(
                key = location.key,
                error = printable(&what),
                again_in_s = delay.as_secs(),
                "could not be read, but can be now: no attempt is counted"
            );
            return Failure::StoreOutage { delay: Some(delay) };
        }
        let witnessed = match self.question_witness(store).await {
            Some(Err(refusal)) => {
                let what = format!("{} for an object that could be read before", refusal.what());
                return self.close(&what, &refusal, [location.clone()]);
            }
            answer => answer.is_some(),
        };
        decided.mark_unchanged();
        // Asking took its time.
        if let Some(outage) = self.blame_outage(location, closings) {
            return outage;
        }
        let opinion = self.lock().suspicion.failed(location, witnessed, Instant::now());
        match opinion {
            Opinion::Object => {}
            Opinion::Store => return self.convict(&what),
            Opinion::Undecided => {
                // The value is ours, so there is always a sender.
                drop(timeout(DECISION, decided.changed()).await);
                if let Some(outage) = self.blame_outage(location, closings) {
                    return outage;
                }
            }
        }
        Failure::ObjectUnreadable { what }
    }

    /// How often this object's failure has passed, this time included; `None` when that was too often.
    fn note_passed(&self, location: &Location) -> Option<u32> {
        let mut inner = self.lock();
        let before = inner.passed.iter().position(|(other, _)| other == location);
        let times = before
            .and_then(|at| inner.passed.remove(at))
            .map_or(1, |(_, times)| times + 1);
        if inner.passed.len() == PASSED {
            inner.passed.pop_front();
        }
        inner.passed.push_back((location.clone(), times));
        (times <= MAX_PASSED).then_some(times)
    }

    /// In an outage, or after one that came and went since there were so many `closings`, nothing can be told of a
    /// single object.
    fn blame_outage(&self, location: &Location, closings: u64) -> Option<Failure> {
        let mut inner = self.lock();
        let passed = inner.closed_times != closings;
        let Some(closed) = inner.closed.as_mut() else {
            return passed.then_some(Failure::StoreOutage { delay: None });
        };
        if closed.evidence.len() < EVIDENCE && !closed.evidence.contains(location) {
            closed.evidence.push_back(location.clone());
        }
        Some(closed.failure())
    }

    /// Whether an object that was read before can still be; `None` without such an object.
    async fn question_witness(&self, store: &Store) -> Option<Result<(), Refusal>> {
        loop {
            let witness = {
                let inner = self.lock();
                let any = fastrand::usize(..inner.witnesses.len().max(1));
                inner.witnesses.get(any).cloned()?
            };
            match store.sample(&witness).await {
                // Deleted since: no witness any more, and nothing against the store.
                Err(Refusal::Missing) => self.lock().witnesses.retain(|other| *other != witness),
                answer => return Some(answer),
            }
        }
    }

    /// The store answers, but of many objects in a row none could be read.
    fn convict(&self, what: &str) -> Failure {
        let failing: Vec<Location> = {
            let mut inner = self.lock();
            // If there are any, they come from a cache.
            inner.witnesses.clear();
            let failing: Vec<Location> = inner.suspicion.failing().cloned().collect();
            inner.suspicion = Suspicion::default();
            failing
        };
        let what = format!("{} different objects in a row could not be read: {what}", failing.len());
        let outage = self.close(&what, &Refusal::Missing, failing);
        self.decided.send_replace(Opinion::Store);
        outage
    }

    fn close(&self, what: &str, refusal: &Refusal, evidence: impl IntoIterator<Item = Location>) -> Failure {
        let what = printable(what);
        let mut inner = self.lock();
        if inner.closed.is_none() {
            let evidence: VecDeque<Location> = evidence.into_iter().take(EVIDENCE).collect();
            let bucket = evidence.front().map(|first| first.bucket.clone()).unwrap_or_default();
            warn!(error = what, bucket, "object store away, claiming stops");
            let since = Instant::now();
            let relapse = inner.opened.filter(|(opened, _)| since - *opened < RELAPSE);
            inner.closed_times += 1;
            inner.closed = Some(Closed {
                outage: Outage {
                    since,
                    what,
                    bucket,
                    probes: 0,
                },
                evidence,
                retry_after: retry_after(refusal),
                trying_since: None,
                admitted: 0,
                tries: relapse.map_or(0, |(_, tries)| tries),
            });
            metrics().set_outage(Server::Store, true);
            self.changed.notify_one();
        }
        inner
            .closed
            .as_ref()
            .map_or(Failure::StoreOutage { delay: None }, Closed::failure)
    }

    fn open(&self, inner: &mut Inner) {
        if let Some(closed) = inner.closed.take() {
            info!(
                bucket = closed.outage.bucket,
                away_s = closed.outage.since.elapsed().as_secs(),
                probes = closed.outage.probes,
                "object store back, claiming resumes"
            );
            inner.opened = Some((Instant::now(), closed.tries));
            metrics().set_outage(Server::Store, false);
            self.changed.notify_one();
        }
    }
}
