//! What the daemons do to the queue.

use crate::stress::model::state::{Entry, Lease, MEASUREMENTS, Measurement, Note, Row, State, World, Written};
use crate::stress::model::transition::{Outcome, StartAfter};

/// A recording that has crashed this number of daemons gets an error row.
const MAX_CRASHES: i32 = 5;

impl World {
    /// The measurements that a claim must take, in order.
    pub(in crate::stress::model) fn next(&self, limit: usize, start_ids: [i64; 3]) -> Vec<usize> {
        let mut ready: Vec<(i16, i64, usize)> = Vec::new();
        for (m, measurement) in self.measurements.iter().enumerate() {
            if let Some(entry) = &measurement.queued
                && entry.state == State::Ready
                && entry.position > start_ids[usize::try_from(entry.priority).expect("0 to 2")]
            {
                ready.push((entry.priority, entry.position, m));
            }
        }
        ready.sort_unstable();
        ready.iter().take(limit).map(|&(_, _, m)| m).collect()
    }

    /// For each priority the position in the queue after which a claim starts.
    pub(in crate::stress::model) fn start_ids(&self, start_after: StartAfter) -> [i64; 3] {
        start_after.map(|m| {
            m.and_then(|m| self.measurements[m].queued.as_ref())
                .map_or(0, |entry| entry.position)
        })
    }

    pub(in crate::stress::model) fn claim(&mut self, worker: usize, limit: usize, start_after: StartAfter, lost: bool) {
        if self.paused || !self.workers[worker].registered {
            return;
        }
        for m in self.next(limit, self.start_ids(start_after)) {
            let lease = self.leases.len();
            let location = self.measurements[m].location.clone();
            let entry = self.measurements[m].queued.as_mut().expect("it is ready");
            let location = location.filter(|_| self.sessions[entry.session].exists);
            entry.location.clone_from(&location);
            entry.attempt += 1;
            entry.state = State::Claimed(lease);
            self.leases.push(Lease {
                measurement: m,
                worker,
                session: entry.session,
                attempt: entry.attempt,
                recheck: entry.recheck,
                location,
                lost,
            });
        }
    }

    pub(in crate::stress::model) fn release_orphans(&mut self, worker: usize) {
        for measurement in &mut self.measurements {
            if let Some(entry) = &mut measurement.queued
                && let State::Claimed(lease) = entry.state
                && self.leases[lease].worker == worker
                && self.leases[lease].lost
            {
                release_entry(entry);
            }
        }
    }

    /// Writes outcomes in one transaction.
    pub(in crate::stress::model) fn finish(&mut self, outcomes: &[(usize, Outcome)]) {
        let written: Vec<Written> = outcomes
            .iter()
            .map(|&(lease, outcome)| self.store(lease, outcome))
            .collect();
        let mut changed: Vec<usize> = outcomes
            .iter()
            .filter(|(lease, outcome)| match outcome {
                Outcome::Completed | Outcome::Discard => true,
                Outcome::Failed(_) | Outcome::NotFound => !self.leases[*lease].recheck,
                Outcome::Retry | Outcome::Release => false,
            })
            .map(|&(lease, _)| self.leases[lease].session)
            .collect();
        changed.sort_unstable();
        changed.dedup();
        self.settled = changed.into_iter().filter_map(|s| self.settle(s)).collect();
        for (&(_, outcome), written) in outcomes.iter().zip(&written) {
            if let Written::Done(Some(b)) = *written {
                let backfill = &mut self.backfills[b];
                if outcome == Outcome::Completed {
                    backfill.done += 1;
                } else {
                    backfill.failed += 1;
                }
            }
        }
        for backfill in &mut self.backfills {
            backfill.finish_if_complete();
        }
        self.written = written;
    }

    fn store(&mut self, lease: usize, outcome: Outcome) -> Written {
        let held = self.holds(lease);
        if outcome == Outcome::Release {
            // Many are released by one statement, which only returns their number.
            if held {
                release_entry(self.entry(lease));
            }
            return Written::Done(None);
        }
        if !held {
            return Written::LeaseLost;
        }
        let m = self.leases[lease].measurement;
        match outcome {
            Outcome::Completed => {
                let entry = self.measurements[m].queued.take().expect("it is claimed");
                self.measurements[m].row = Some(Row {
                    kind: None,
                    crashes: None,
                    attempts: entry.attempt,
                    session: Some(entry.session),
                    location: self.leases[lease].location.clone(),
                    failed_location: None,
                });
                return Written::Done(entry.backfill);
            }
            Outcome::Failed(kind) => {
                let entry = self.measurements[m].queued.take().expect("it is claimed");
                self.fail(m, kind, &entry, self.leases[lease].location.clone());
                return Written::Done(entry.backfill);
            }
            Outcome::NotFound => {
                let entry = self.entry(lease);
                (entry.state, entry.recheck) = (State::Waiting(false), true);
                let entry = entry.clone();
                self.fail(m, "not_found", &entry, self.leases[lease].location.clone());
            }
            Outcome::Retry => self.entry(lease).state = State::Waiting(false),
            Outcome::Discard => {
                let entry = self.measurements[m].queued.take().expect("it is claimed");
                if let Some(b) = entry.backfill {
                    self.backfills[b].total -= 1;
                }
            }
            Outcome::Release => {}
        }
        Written::Done(None)
    }

    fn entry(&mut self, lease: usize) -> &mut Entry {
        let m = self.leases[lease].measurement;
        self.measurements[m].queued.as_mut().expect("it is claimed")
    }

    pub(in crate::stress::model) fn fail(
        &mut self,
        m: usize,
        kind: &'static str,
        entry: &Entry,
        location: Option<String>,
    ) {
        if self.has_features(m) {
            if let Some(row) = &mut self.measurements[m].row {
                row.failed_location = location;
            }
        } else {
            self.measurements[m].row = Some(Row {
                kind: Some(kind),
                crashes: (kind == "crashed").then_some(entry.crashes),
                attempts: entry.attempt,
                session: Some(entry.session),
                location,
                failed_location: None,
            });
            // A change that was noted before is no reason to try it again.
            for note in self
                .notes
                .iter_mut()
                .filter(|note| matches!(note, Note::Measurement(n) if *n == m))
            {
                *note = Note::FailedSince(m);
            }
        }
    }

    pub(in crate::stress::model) fn settle(&self, session: usize) -> Option<(usize, i64, i64)> {
        let outstanding = |measurement: &Measurement| {
            measurement
                .queued
                .as_ref()
                .is_some_and(|entry| entry.session == session && !entry.recheck)
        };
        let noted = |note: &Note| matches!(note, Note::Completed(s) if *s == session);
        if self.measurements.iter().any(outstanding) || self.notes.iter().any(noted) {
            return None;
        }
        let (mut succeeded, mut failed) = (0, 0);
        for row in self
            .measurements
            .iter()
            .filter_map(|measurement| measurement.row.as_ref())
        {
            if row.session == Some(session) {
                *if row.kind.is_none() {
                    &mut succeeded
                } else {
                    &mut failed
                } += 1;
            }
        }
        Some((session, succeeded, failed))
    }

    /// Releases the claims of expired daemons.
    pub(in crate::stress::model) fn release_expired(&mut self) {
        for worker in &mut self.workers {
            if worker.expired {
                (worker.registered, worker.expired) = (false, false);
            }
        }
        self.released = (0, 0);
        // A suspect has crashed a daemon before. It is alone if its daemon has no other suspect.
        let suspected_at = |entry: &Entry| match entry.state {
            State::Claimed(lease) if entry.crashes > 0 => Some(self.leases[lease].worker),
            _ => None,
        };
        let workers: Vec<_> = self
            .measurements
            .iter()
            .map(|m| m.queued.as_ref().and_then(suspected_at))
            .collect();
        let alone = |m: usize| workers.iter().filter(|worker| **worker == workers[m]).count() == 1;
        for m in 0..MEASUREMENTS {
            let Some(entry) = &mut self.measurements[m].queued else {
                continue;
            };
            let State::Claimed(lease) = entry.state else { continue };
            if self.workers[self.leases[lease].worker].registered {
                continue;
            }
            entry.state = if entry.crashes == 0 {
                State::Ready
            } else {
                State::Waiting(false)
            };
            entry.crashes += 1;
            if entry.crashes < MAX_CRASHES || !alone(m) {
                self.released.0 += 1;
                continue;
            }
            self.released.1 += 1;
            let entry = self.measurements[m].queued.take().expect("it is queued");
            self.fail(m, "crashed", &entry, entry.location.clone());
            if let Some(b) = entry.backfill {
                self.backfills[b].failed += 1;
                self.backfills[b].finish_if_complete();
            }
        }
    }

    pub(in crate::stress::model) fn time_passes(&mut self) {
        for entry in self.measurements.iter_mut().filter_map(|m| m.queued.as_mut()) {
            if let State::Waiting(due) = &mut entry.state {
                *due = true;
            }
        }
    }

    pub(in crate::stress::model) fn promote(&mut self) {
        for entry in self.measurements.iter_mut().filter_map(|m| m.queued.as_mut()) {
            if entry.state == State::Waiting(true) {
                entry.state = State::Ready;
            }
        }
    }
}

fn release_entry(entry: &mut Entry) {
    entry.recheck &= entry.attempt > 1;
    entry.attempt -= 1;
    entry.state = State::Ready;
}
