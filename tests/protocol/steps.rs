//! What each action does to the state.

use super::actions::{Action, can_be_cancelled};
use super::faults::{Event, Mending, Protocol};
use super::state::{Job, Note, Open, Row, RowState, Session, State, UNREADABLE};

impl Protocol {
    /// The state after an action that is possible.
    pub(crate) fn after(&self, before: &State, action: Action) -> State {
        let mut state = before.clone();
        match action {
            Action::Expand { w, note } => self.expand(&mut state, w, Some(note)),
            Action::Sweep { w } => self.expand(&mut state, w, None),
            Action::Claim { w, m, answered } => self.begin_claim(&mut state, w, m, answered),
            Action::Fetch { w, job } => fetch(&mut state, w, job),
            Action::Store { w, job, answered } => self.begin_store(&mut state, w, job, answered),
            Action::Settle { w } => settle(&mut state, w),
            Action::Commit { w } => self.commit(&mut state, w),
            Action::Fail { w, job } | Action::Recheck { w, job } => {
                let recheck = matches!(action, Action::Recheck { .. });
                state.spend(if recheck { Event::Recheck } else { Event::Fail });
                self.fail(&mut state, job, recheck);
                state.database.settle();
                state.forget(w, job);
            }
            Action::GiveBack { w, job } => {
                state.spend(Event::GiveBack);
                state.release(job.m, RowState::Waiting);
                state.forget(w, job);
            }
            Action::Promote { m } | Action::TakeOver { m } => state.release(m, RowState::Ready),
            Action::ReleaseOrphans { w } => {
                for m in self.orphans(&state, w) {
                    state.release(m, RowState::Ready);
                }
                state.workers[w].expects_orphans = false;
            }
            Action::Register { w } => state.register(w),
            Action::Die { w } => {
                state.spend(Event::Die);
                state.die(self, w);
            }
            Action::Expire { w } => {
                state.spend(Event::Expire);
                state.database.registered &= !(1 << state.workers[w].id);
            }
            Action::BreakReplication => {
                state.spend(Event::BreakReplication);
                state.break_replication(self);
            }
            Action::FailOver => state.fail_over(self),
            _ => self.change(&mut state, action),
        }
        state
    }

    /// A change of the application or of the administrator.
    fn change(&self, state: &mut State, action: Action) {
        let note = match action {
            Action::Complete { noted } => {
                state.spend(Event::Complete);
                state.database.session = Session::Completed;
                state.database.unannounced = true;
                Some((Note::Completed, noted))
            }
            Action::Reopen => {
                state.spend(Event::Reopen);
                state.database.session = Session::Recording;
                None
            }
            Action::DeleteSession => {
                state.spend(Event::DeleteSession);
                state.database.session = Session::Gone;
                Some((Note::Session, true))
            }
            Action::Backfill | Action::Cancel | Action::Again => {
                self.administrate(state, action);
                None
            }
            Action::Overwrite | Action::Spoil => {
                let spoils = action == Action::Spoil;
                state.spend(if spoils { Event::Spoil } else { Event::Overwrite });
                let location = state.database.measurements[0].map_or(0, |measurement| measurement.location);
                state.upload(location);
                if spoils {
                    state.objects[0][usize::from(location)] = UNREADABLE;
                }
                None
            }
            _ => Some((Note::Measurement(0), state.change_measurement(action))),
        };
        match note {
            Some((note, true)) => state.database.note(note),
            Some((_, false)) => state.spend(Event::LoseNote),
            None => {}
        }
    }

    fn administrate(&self, state: &mut State, action: Action) {
        match action {
            Action::Backfill => {
                state.spend(Event::Backfill);
                for m in 0..self.measurements {
                    let current = state.database.current(m).filter(|current| current.is_completed);
                    let is_missing = state.database.rows(m).next().is_none() && state.database.queue[m].is_none();
                    if let (Some(current), true) = (current, is_missing) {
                        state.database.queue[m] = Some(Row::ready(current.location, current.time, true));
                        state.database.cancelled[m] = false;
                    }
                }
            }
            Action::Cancel => {
                state.spend(Event::Cancel);
                for m in 0..self.measurements {
                    let cancels = state.database.queue[m].is_some_and(can_be_cancelled);
                    if cancels && !self.is_locked(state, m, None) {
                        state.remove_row(m);
                        state.database.cancelled[m] = true;
                    }
                }
                if self.has(Mending::CancelSettles) {
                    state.database.note(Note::Settle);
                }
            }
            _ => {
                state.spend(Event::Again);
                if let Some(current) = state.database.current(0).filter(|current| current.is_completed) {
                    state.database.queue[0] = Some(Row::ready(current.location, current.time, false));
                }
            }
        }
    }

    fn expand(&self, state: &mut State, w: usize, note: Option<Note>) {
        self.begin_expansion(state, w, note);
        if !self.expands_in_steps {
            self.commit(state, w);
        }
    }

    fn begin_claim(&self, state: &mut State, w: usize, m: usize, answered: bool) {
        if !answered {
            state.spend(Event::LoseAnswer);
        }
        let location = state.database.current(m).map_or(0, |current| current.location);
        if self.has(Mending::ClaimReadsAfterLock) || !answered {
            self.claim(state, w, m, location, answered);
        } else {
            state.workers[w].open = Some(Open::Claim {
                m,
                location,
                sees_row: true,
            });
        }
    }

    fn begin_store(&self, state: &mut State, w: usize, job: Job, answered: bool) {
        if !answered {
            state.spend(Event::LoseAnswer);
        }
        if !self.holds(state, job) {
            // No row: the lease was lost.
            state.forget(w, job);
        } else if self.stores_in_steps {
            state.workers[w].open = Some(Open::Store { job, announces: None });
        } else {
            self.store(state, job);
            state.database.settle();
            if answered {
                state.forget(w, job);
            }
        }
    }

    /// The open transaction of a daemon writes and commits.
    fn commit(&self, state: &mut State, w: usize) {
        match state.workers[w].open.take() {
            Some(Open::Expansion { note, looks }) => self.commit_expansion(state, w, note, looks),
            Some(Open::Claim { m, location, sees_row }) => {
                let is_ready = state.database.queue[m].is_some_and(|row| row.state == RowState::Ready);
                if sees_row && is_ready && !self.is_locked(state, m, Some(w)) {
                    self.claim(state, w, m, location, true);
                }
            }
            Some(Open::Store { job, announces }) => {
                self.store(state, job);
                if announces == Some(true) {
                    state.database.unannounced = false;
                }
                state.forget(w, job);
            }
            None => {}
        }
    }
}

/// `lock_sessions.sql` and `settle_sessions.sql`. The own row is stored already.
fn settle(state: &mut State, w: usize) {
    if let Some(Open::Store { job, .. }) = state.workers[w].open {
        let announces = Some(!state.database.has_outstanding(Some(job.m)));
        state.workers[w].open = Some(Open::Store { job, announces });
    }
}

fn fetch(state: &mut State, w: usize, job: Job) {
    let read = state.objects[job.m][usize::from(job.location)];
    state.forget(w, job);
    state.workers[w].jobs.push(Job { read, ..job });
    state.workers[w].jobs.sort_unstable();
}

impl Row {
    pub(crate) fn ready(source: u8, time: u8, backfill: bool) -> Self {
        Self {
            state: RowState::Ready,
            source,
            time,
            backfill,
            recheck: false,
        }
    }
}

impl State {
    /// The daemon has finished with a job.
    fn forget(&mut self, w: usize, job: Job) {
        let jobs = &mut self.workers[w].jobs;
        if let Some(place) = jobs.iter().position(|held| *held == job) {
            jobs.remove(place);
        }
    }

    /// Somebody writes an object.
    fn upload(&mut self, location: u8) {
        self.versions += 1;
        self.objects[0][usize::from(location)] = self.versions;
    }

    /// Returns whether the change is noted.
    fn change_measurement(&mut self, action: Action) -> bool {
        let Some(mut measurement) = self.database.measurements[0] else {
            return true;
        };
        let unused = self.objects[0].iter().skip(1).position(|version| *version == 0);
        let next = u8::try_from(unused.map_or(3, |place| place + 1)).unwrap_or(u8::MAX);
        let mut noted = true;
        match action {
            Action::Replace { noted: is_noted } => {
                self.spend(Event::Replace);
                measurement.location = next;
                self.upload(next);
                noted = is_noted;
            }
            Action::Revert => {
                self.spend(Event::Revert);
                measurement.location = if measurement.location == 0 {
                    next - 1
                } else {
                    measurement.location - 1
                };
                self.upload(measurement.location);
            }
            Action::Clear => {
                self.spend(Event::Clear);
                measurement.location = 0;
            }
            Action::Retime { noted: is_noted } => {
                self.spend(Event::Retime);
                measurement.time = 1 - measurement.time;
                noted = is_noted;
            }
            _ => {
                self.spend(Event::Delete);
                self.database.measurements[0] = None;
                return true;
            }
        }
        self.database.measurements[0] = Some(measurement);
        noted
    }
}
