//! The actions, when they are possible, and what they do.

use super::faults::{Event, Mending, Protocol};
use super::state::{Job, Note, Open, Row, RowState, Session, State};

/// One step. `w` is a daemon, `m` a measurement, `noted` whether the trigger writes a note.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Complete {
        noted: bool,
    },
    Reopen,
    /// Another location of measurement 0: a new object.
    Replace {
        noted: bool,
    },
    /// The location before that, or again the last one.
    Revert,
    /// The location becomes NULL.
    Clear,
    /// A new object under the same location, of which the database learns nothing.
    Overwrite,
    /// The object can no longer be read.
    Spoil,
    /// Another `created_at`.
    Retime {
        noted: bool,
    },
    Delete,
    DeleteSession,
    Backfill,
    Cancel,
    Again,
    Expand {
        w: usize,
        note: Note,
    },
    Sweep {
        w: usize,
    },
    Claim {
        w: usize,
        m: usize,
        answered: bool,
    },
    Fetch {
        w: usize,
        job: Job,
    },
    Store {
        w: usize,
        job: Job,
        answered: bool,
    },
    /// The open transaction of a daemon locks the session, and looks what is outstanding.
    Settle {
        w: usize,
    },
    /// The open transaction of a daemon writes and commits.
    Commit {
        w: usize,
    },
    Fail {
        w: usize,
        job: Job,
    },
    Recheck {
        w: usize,
        job: Job,
    },
    GiveBack {
        w: usize,
        job: Job,
    },
    Promote {
        m: usize,
    },
    ReleaseOrphans {
        w: usize,
    },
    Register {
        w: usize,
    },
    TakeOver {
        m: usize,
    },
    Die {
        w: usize,
    },
    Expire {
        w: usize,
    },
    BreakReplication,
    FailOver,
}

impl Protocol {
    /// What the daemons do by themselves. Where there is nothing of that, they have come to rest.
    pub(crate) fn progress(&self, state: &State) -> Vec<Action> {
        let mut actions = Vec::new();
        let database = &state.database;
        for w in 0..state.workers.len() {
            self.progress_of(state, w, &mut actions);
        }
        for m in 0..self.measurements {
            if database.queue[m].is_some_and(|row| row.state == RowState::Waiting) && !self.is_locked(state, m, None) {
                actions.push(Action::Promote { m });
            }
        }
        if self.has(Mending::DeadAreTakenOver) {
            let free = |m: &usize| !self.is_locked(state, *m, None);
            actions.extend(
                self.abandoned(state)
                    .into_iter()
                    .filter(free)
                    .map(|m| Action::TakeOver { m }),
            );
        }
        actions
    }

    fn progress_of(&self, state: &State, w: usize, actions: &mut Vec<Action>) {
        let database = &state.database;
        let worker = &state.workers[w];
        let locked = |m: usize| self.is_locked(state, m, Some(w));
        if let Some(open) = worker.open {
            if let Open::Store { announces: None, .. } = open {
                if !self.session_is_locked(state, w) {
                    actions.push(Action::Settle { w });
                }
                return;
            }
            let waits = match open {
                Open::Expansion { looks, .. } => (0..looks.len()).any(|m| looks[m].is_some() && locked(m)),
                _ => false,
            };
            if !waits {
                actions.push(Action::Commit { w });
            }
            return;
        }
        // Of daemons that do the same in one step, one is enough.
        if self.expands_in_steps || w == 0 {
            let waits = |note| {
                note == Some(Note::Settle) && self.session_is_locked(state, w)
                    || (0..self.measurements).any(|m| self.looks_at(state, note)[m] && locked(m))
            };
            let noted = Note::ALL
                .into_iter()
                .filter(|note| database.notes[note.place()] > 0 && !waits(Some(*note)));
            actions.extend(noted.map(|note| Action::Expand { w, note }));
            if self.sweeps && self.left_behind(state).contains(&true) && !waits(None) {
                actions.push(Action::Sweep { w });
            }
        }
        for m in 0..self.measurements {
            let is_ready = database.queue[m].is_some_and(|row| row.state == RowState::Ready);
            if is_ready && !locked(m) && database.is_registered(worker.id) && worker.jobs.len() < 2 {
                actions.push(Action::Claim { w, m, answered: true });
            }
        }
        for &job in &worker.jobs {
            if job.read == 0 && job.location > 0 {
                actions.push(Action::Fetch { w, job });
            } else if !locked(job.m) {
                actions.push(Action::Store { w, job, answered: true });
            }
        }
        let orphans = self.orphans(state, w);
        let looks_for_them = worker.expects_orphans || self.has(Mending::HeartbeatCompares) && !orphans.is_empty();
        if looks_for_them && !orphans.into_iter().any(locked) {
            actions.push(Action::ReleaseOrphans { w });
        }
        if !database.is_registered(worker.id) {
            actions.push(Action::Register { w });
        }
    }

    fn session_is_locked(&self, state: &State, w: usize) -> bool {
        let mut others = (0..state.workers.len()).filter(|other| *other != w);
        self.has(Mending::SessionLocked) && others.any(|other| state.workers[other].has_settled())
    }

    /// What the application, the administrator and misfortune do.
    pub(crate) fn events(&self, state: &State) -> Vec<Action> {
        let mut actions = Vec::new();
        changes(state, &mut actions);
        let database = &state.database;
        let left = |event| state.left(event) > 0;
        let sweeping = |open| matches!(open, Some(Open::Expansion { note: None, .. }));
        if left(Event::Backfill) && !state.workers.iter().any(|worker| sweeping(worker.open)) {
            actions.push(Action::Backfill);
        }
        let cancels = |m: usize| database.queue[m].is_some_and(can_be_cancelled) && !self.is_locked(state, m, None);
        if left(Event::Cancel) && (0..self.measurements).any(cancels) {
            actions.push(Action::Cancel);
        }
        if left(Event::Again) && database.has_features(0) && database.queue[0].is_none() {
            actions.push(Action::Again);
        }
        for (w, worker) in state.workers.iter().enumerate() {
            if left(Event::Die) {
                actions.push(Action::Die { w });
            }
            if left(Event::Expire) && database.is_registered(worker.id) {
                actions.push(Action::Expire { w });
            }
            if worker.open.is_none() {
                self.mishaps(state, w, &mut actions);
            }
        }
        if left(Event::BreakReplication) {
            actions.push(Action::BreakReplication);
        }
        if state.standby.is_some() {
            actions.push(Action::FailOver);
        }
        actions
    }

    /// What goes wrong with what a daemon has in hand.
    fn mishaps(&self, state: &State, w: usize, actions: &mut Vec<Action>) {
        let left = |event| state.left(event) > 0;
        if left(Event::LoseAnswer) {
            let mut own = Vec::new();
            self.progress_of(state, w, &mut own);
            actions.extend(own.into_iter().filter_map(|action| match action {
                Action::Claim { w, m, .. } => Some(Action::Claim { w, m, answered: false }),
                Action::Store { w, job, .. } if !self.stores_in_steps => Some(Action::Store {
                    w,
                    job,
                    answered: false,
                }),
                _ => None,
            }));
        }
        for &job in &state.workers[w].jobs {
            let can_write = job.location > 0 && self.holds(state, job) && !self.is_locked(state, job.m, Some(w));
            let can_finish = can_write && !self.session_is_locked(state, w);
            if can_finish && left(Event::Fail) {
                actions.push(Action::Fail { w, job });
            }
            if can_finish && left(Event::Recheck) {
                actions.push(Action::Recheck { w, job });
            }
            if can_write && left(Event::GiveBack) {
                actions.push(Action::GiveBack { w, job });
            }
        }
    }
}

/// The condition of `cancel_backfill.sql`.
pub(crate) fn can_be_cancelled(row: Row) -> bool {
    row.backfill && !matches!(row.state, RowState::Claimed { .. })
}

/// What the application does to the session and to measurement 0.
fn changes(state: &State, actions: &mut Vec<Action>) {
    let database = &state.database;
    let left = |event| state.left(event) > 0;
    for noted in [true, false] {
        if !noted && !left(Event::LoseNote) {
            continue;
        }
        if left(Event::Complete) && database.session == Session::Recording {
            actions.push(Action::Complete { noted });
        }
        if left(Event::Replace) && database.measurements[0].is_some() {
            actions.push(Action::Replace { noted });
        }
        if left(Event::Retime) && database.measurements[0].is_some() {
            actions.push(Action::Retime { noted });
        }
    }
    if left(Event::Reopen) && database.session == Session::Completed {
        actions.push(Action::Reopen);
    }
    if let Some(measurement) = database.measurements[0] {
        let location = measurement.location;
        if left(Event::Revert) && location != 1 {
            actions.push(Action::Revert);
        }
        if left(Event::Clear) && location > 0 {
            actions.push(Action::Clear);
        }
        if left(Event::Overwrite) && location > 0 {
            actions.push(Action::Overwrite);
        }
        if left(Event::Spoil) && location > 0 {
            actions.push(Action::Spoil);
        }
        if left(Event::Delete) {
            actions.push(Action::Delete);
        }
    }
    if left(Event::DeleteSession) && database.session != Session::Gone {
        actions.push(Action::DeleteSession);
    }
}
