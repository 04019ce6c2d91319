//! What a daemon does with rows of the queue: claim, store, fail, give back, release, take over,
//! and the fail-over.

use super::faults::{Event, Mending, Protocol};
use super::state::{Blunder, Database, Features, Job, Open, Row, RowState, State, UNREADABLE};

impl Protocol {
    /// Whether another transaction has locked the rows of a measurement.
    pub(crate) fn is_locked(&self, state: &State, m: usize, w: Option<usize>) -> bool {
        let others = state.workers.iter().enumerate().filter(|(other, _)| Some(*other) != w);
        others.into_iter().any(|(_, worker)| match worker.open {
            Some(Open::Store { job, .. }) => job.m == m,
            Some(Open::Expansion { looks, .. }) => {
                self.has(Mending::VersionCompared)
                    && looks[m].is_some_and(|look| look.sees_row || look.features.iter().any(Option::is_some))
            }
            _ => false,
        })
    }

    /// A number for a claim. It is not that of another claim, unless ids repeat after a fail-over.
    fn claim_id(&self, state: &mut State) -> u8 {
        if !self.has(Mending::ClaimIdsNeverRepeat) {
            state.database.sequence += 1;
            return state.database.sequence;
        }
        let tables = std::iter::once(&state.database).chain(state.standby.as_deref());
        let mut used: Vec<u8> = tables
            .flat_map(|database| (0..self.measurements).filter_map(|m| database.claim_of(m)))
            .map(|(claim, _)| claim)
            .collect();
        for worker in &state.workers {
            used.extend(worker.jobs.iter().map(|job| job.claim));
        }
        (1..u8::MAX).find(|id| !used.contains(id)).unwrap_or(u8::MAX)
    }

    /// `claim.sql`, with the location that it has read.
    pub(crate) fn claim(&self, state: &mut State, w: usize, m: usize, location: u8, is_answered: bool) {
        let claim = self.claim_id(state);
        let worker = state.workers[w].id;
        let time = state.database.measurements[m].map(|measurement| measurement.time);
        let Some(row) = &mut state.database.queue[m] else {
            return;
        };
        row.state = RowState::Claimed { claim, worker };
        if self.has(Mending::ClaimRecordsWhatItRead) {
            row.source = location;
            row.time = time.unwrap_or(row.time);
        }
        if is_answered {
            let read = if self.fetches() {
                0
            } else {
                state.objects[m][usize::from(location)]
            };
            state.workers[w].jobs.push(Job {
                m,
                claim,
                location,
                read,
            });
            state.workers[w].jobs.sort_unstable();
        } else {
            state.workers[w].expects_orphans = true;
        }
    }

    /// Whether it matters when an object is read.
    pub(crate) fn fetches(&self) -> bool {
        self.may(Event::Overwrite) || self.may(Event::Revert)
    }

    /// Whether a daemon's statement finds the row: its condition on `claim_id`.
    pub(crate) fn holds(&self, state: &State, job: Job) -> bool {
        match state.database.claim_of(job.m) {
            Some((claim, _)) if self.has(Mending::StoreFenced) => claim == job.claim,
            _ => !self.has(Mending::StoreFenced) && state.database.queue[job.m].is_some(),
        }
    }

    /// `store_features.sql`, or `discard.sql` where the claim found no object, or
    /// `store_failure.sql`.
    pub(crate) fn store(&self, state: &mut State, job: Job) {
        if job.read == UNREADABLE {
            self.fail(state, job, false);
            return;
        }
        let Some(row) = state.database.queue[job.m] else { return };
        state.remove_row(job.m);
        if job.location == 0 {
            return;
        }
        if state.database.rows(job.m).any(|old| !old.failed && old.read > job.read) {
            state.blunder = Some(Blunder::OlderOverNewer);
        }
        let present = state
            .database
            .current(job.m)
            .map_or(job.location, |current| current.location);
        let source = if self.has(Mending::FingerprintOfTheClaim) {
            job.location
        } else {
            present
        };
        let features = Features {
            failed: false,
            source,
            from: job.location,
            read: job.read,
            refused: 0,
        };
        state.database.features[job.m] = [None; 2];
        state.database.features[job.m][usize::from(row.time)] = Some(features);
        state.database.unannounced = true;
    }

    /// `store_failure.sql`. With `recheck` the row of the queue stays.
    pub(crate) fn fail(&self, state: &mut State, job: Job, recheck: bool) {
        let Some(row) = state.database.queue[job.m] else { return };
        if recheck {
            state.database.queue[job.m] = Some(Row {
                state: RowState::Waiting,
                recheck: true,
                ..row
            });
        } else {
            state.remove_row(job.m);
        }
        let had_features = state.database.has_features(job.m);
        state.database.unannounced = true;
        if had_features && self.has(Mending::FailureKeepsFeatures) {
            for old in state.database.features[job.m].iter_mut().flatten() {
                old.refused = job.location;
            }
        } else {
            if had_features {
                state.blunder = Some(Blunder::FailureOverFeatures);
            }
            let source = job.location;
            let failure = Features {
                failed: true,
                source,
                from: source,
                read: job.read,
                refused: 0,
            };
            state.database.features[job.m] = [None; 2];
            state.database.features[job.m][usize::from(row.time)] = Some(failure);
        }
    }

    /// The rows that a live daemon has claimed and does not hold.
    pub(crate) fn orphans(&self, state: &State, w: usize) -> Vec<usize> {
        let worker = &state.workers[w];
        let is_held = |claim| worker.jobs.iter().any(|job| job.claim == claim);
        let claimed = |m: &usize| {
            state
                .database
                .claim_of(*m)
                .is_some_and(|(claim, id)| id == worker.id && !is_held(claim))
        };
        (0..self.measurements).filter(claimed).collect()
    }

    /// The rows of daemons without a lease, and of those that no longer run: their lease expires.
    pub(crate) fn abandoned(&self, state: &State) -> Vec<usize> {
        let runs = |id| state.workers.iter().any(|worker| worker.id == id) && state.database.is_registered(id);
        let is_lost = |m: &usize| state.database.claim_of(*m).is_some_and(|(_, id)| !runs(id));
        (0..self.measurements).filter(is_lost).collect()
    }
}

impl State {
    /// A row is claimed no more.
    pub(crate) fn release(&mut self, m: usize, to: RowState) {
        if let Some(row) = &mut self.database.queue[m] {
            row.state = to;
        }
    }

    /// `register_worker.sql`: an id that nobody has had.
    pub(crate) fn register(&mut self, w: usize) {
        let tables = std::iter::once(&self.database).chain(self.standby.as_deref());
        let mut used: Vec<u8> = self.workers.iter().map(|worker| worker.id).collect();
        for database in tables {
            used.extend((0..16).filter(|id| database.is_registered(*id)));
            used.extend((0..database.queue.len()).filter_map(|m| Some(database.claim_of(m)?.1)));
        }
        let id = (0..16).find(|id| !used.contains(id)).unwrap_or(15);
        self.workers[w].id = id;
        self.database.registered |= 1 << id;
    }

    /// The tables without what the open transactions have changed.
    fn committed(&self, protocol: &Protocol) -> Database {
        let mut database = self.database.clone();
        for worker in &self.workers {
            if let Some(Open::Expansion { note: Some(note), .. }) = worker.open
                && protocol.has(Mending::ExpandedInOneTransaction)
            {
                database.note(note);
            }
        }
        database
    }

    /// From now on, what is committed does not reach the standby.
    pub(crate) fn break_replication(&mut self, protocol: &Protocol) {
        self.standby = Some(Box::new(self.committed(protocol)));
    }

    /// The transaction of a daemon is rolled back.
    pub(crate) fn roll_back(&mut self, protocol: &Protocol, w: usize) {
        match self.workers[w].open.take() {
            Some(Open::Expansion { note: Some(note), .. }) if protocol.has(Mending::ExpandedInOneTransaction) => {
                self.database.note(note);
            }
            Some(Open::Claim { .. }) => self.workers[w].expects_orphans = true,
            _ => {}
        }
    }

    /// The standby takes over behind a pooler: the daemons keep what they have in memory.
    pub(crate) fn fail_over(&mut self, protocol: &Protocol) {
        for w in 0..self.workers.len() {
            self.roll_back(protocol, w);
        }
        if let Some(standby) = self.standby.take() {
            self.database = *standby;
        }
    }

    /// A daemon ends without a word, and another one starts.
    pub(crate) fn die(&mut self, protocol: &Protocol, w: usize) {
        self.roll_back(protocol, w);
        let worker = &mut self.workers[w];
        worker.jobs.clear();
        worker.expects_orphans = false;
        let lost = worker.id;
        self.register(w);
        self.database.registered &= !(1 << lost);
    }
}
