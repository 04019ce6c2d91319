//! What the application notes, and how a note or the sweep brings queue and features in line:
//! `expand_taken.sql`, `apply_changes.sql` and `sweep_sessions.sql`.

use super::faults::{Mending, Protocol};
use super::state::{Blunder, Look, MEASUREMENTS, Note, Open, Row, RowState, State};

impl Protocol {
    /// Whether features or an error row are of another source than the present one.
    pub(crate) fn is_outdated(&self, state: &State, m: usize) -> bool {
        let Some(current) = state.database.current(m) else {
            return false;
        };
        let knows = |refused: u8| self.has(Mending::FailureRemembered) && refused == current.location;
        let mut rows = state.database.rows(m);
        self.has(Mending::FingerprintCompared) && rows.any(|row| row.source != current.location && !knows(row.refused))
    }

    /// What the sweep is to look at.
    pub(crate) fn left_behind(&self, state: &State) -> [bool; MEASUREMENTS] {
        let database = &state.database;
        std::array::from_fn(|m| {
            let Some(current) = database.current(m).filter(|current| current.is_completed) else {
                return false;
            };
            let other_time = database.features[m][1 - usize::from(current.time)].is_some();
            let differs = self.is_outdated(state, m) || self.has(Mending::FingerprintCompared) && other_time;
            let spared = self.has(Mending::CancelRemembered) && database.cancelled[m];
            let has_rows = database.rows(m).next().is_some();
            database.queue[m].is_none() && (differs || !has_rows && !spared)
        })
    }

    /// The snapshot of `apply_changes`, and what it decides by it.
    fn look(&self, state: &State, m: usize, again: bool) -> Look {
        let database = &state.database;
        let current = database.current(m);
        let is_failed = database.rows(m).any(|row| row.failed);
        let is_wanted = current.is_some_and(|current| current.is_completed)
            && (self.is_outdated(state, m)
                || !database.has_features(m) && (again || !is_failed && !database.cancelled[m]));
        Look {
            current,
            is_wanted,
            sees_row: database.queue[m].is_some(),
            features: database.features[m],
        }
    }

    /// The measurements that an expansion looks at. `None` is the sweep.
    pub(crate) fn looks_at(&self, state: &State, note: Option<Note>) -> [bool; MEASUREMENTS] {
        match note {
            None => self.left_behind(state),
            Some(Note::Measurement(changed)) => std::array::from_fn(|m| m == changed),
            Some(Note::Settle) => [false; MEASUREMENTS],
            Some(Note::Completed | Note::Session) => std::array::from_fn(|m| m < self.measurements),
        }
    }

    /// Takes a note, or none for a sweep, and looks.
    pub(crate) fn begin_expansion(&self, state: &mut State, w: usize, note: Option<Note>) {
        let at = self.looks_at(state, note);
        let again = matches!(note, Some(Note::Completed | Note::Measurement(_)));
        let looks = std::array::from_fn(|m| at[m].then(|| self.look(state, m, again)));
        if let Some(note) = note {
            state.database.notes[note.place()] -= 1;
        }
        state.workers[w].open = Some(Open::Expansion { note, looks });
    }

    /// Writes what an expansion has decided, settles the session, and commits.
    pub(crate) fn commit_expansion(
        &self,
        state: &mut State,
        w: usize,
        note: Option<Note>,
        looks: [Option<Look>; MEASUREMENTS],
    ) {
        let mut has_left = note == Some(Note::Settle);
        for (m, look) in looks.into_iter().enumerate() {
            let Some(look) = look else { continue };
            if look.is_wanted {
                queue_again(self, state, m, look, note.is_none());
            } else {
                has_left |= correct(self, state, m, look);
            }
        }
        if note == Some(Note::Completed) {
            state.database.settle();
        }
        if has_left {
            let mut others = (0..state.workers.len()).filter(|other| *other != w);
            if others.any(|other| state.workers[other].has_settled()) && self.has(Mending::SessionLocked) {
                state.database.note(Note::Settle);
            } else {
                state.database.settle();
            }
        }
    }
}

/// `queued` of `apply_changes`: the INSERT with ON CONFLICT. It meets the row as it is now.
fn queue_again(protocol: &Protocol, state: &mut State, m: usize, look: Look, is_sweep: bool) {
    let Some(current) = look.current else { return };
    let has_rows = state.database.rows(m).next().is_some();
    let features = state.database.features[m];
    let has_new_result = features
        .iter()
        .zip(look.features)
        .any(|(now, seen)| now.is_some() && *now != seen);
    let is_extracted = state
        .database
        .rows(m)
        .any(|row| !row.failed && row.source == current.location);
    let Some(row) = &mut state.database.queue[m] else {
        if is_sweep && state.database.cancelled[m] && !has_rows {
            state.blunder = Some(Blunder::CancelledQueuedAgain);
        }
        if protocol.has(Mending::ResultsCompared) && has_new_result {
            state.database.note(Note::Measurement(m));
            return;
        }
        if is_extracted {
            state.blunder = Some(Blunder::ExtractedQueuedAgain);
        }
        state.database.queue[m] = Some(Row::ready(current.location, current.time, false));
        return;
    };
    if !look.sees_row && protocol.has(Mending::UnseenIsNotedAgain) {
        state.database.note(Note::Measurement(m));
        return;
    }
    let is_claimed = matches!(row.state, RowState::Claimed { .. });
    if row.source != current.location && protocol.has(Mending::ClaimEndsWithItsSource) {
        row.state = RowState::Ready;
        row.recheck = false;
    } else if is_claimed {
        row.time = current.time;
        return;
    } else if row.recheck {
        row.state = RowState::Ready;
    }
    row.source = current.location;
    row.time = current.time;
    row.backfill = false;
}

/// `dropped`, `moved` and `followed` of `apply_changes`. Returns whether a row has left the queue.
fn correct(protocol: &Protocol, state: &mut State, m: usize, look: Look) -> bool {
    let Some(current) = look.current else {
        let drops = look.sees_row && state.database.queue[m].is_some();
        if drops {
            state.remove_row(m);
        }
        return drops;
    };
    if let Some(row) = &mut state.database.queue[m]
        && look.sees_row
        && protocol.has(Mending::QueuedRowFollows)
    {
        row.time = current.time;
        if row.source != current.location {
            *row = Row::ready(current.location, current.time, row.backfill);
        }
    }
    let to = usize::from(current.time);
    let [first, second] = &mut state.database.features[m];
    let (there, other) = if to == 0 { (first, second) } else { (second, first) };
    if look.features[1 - to].is_some() && other.is_some() {
        if there.is_some() {
            state.blunder = Some(Blunder::NoteSetAside);
        } else {
            *there = other.take();
        }
    }
    false
}

impl State {
    /// Deletes a row of the queue. A transaction that has seen it will not find it, nor one that is
    /// queued later.
    pub(crate) fn remove_row(&mut self, m: usize) {
        self.database.queue[m] = None;
        for worker in &mut self.workers {
            match &mut worker.open {
                Some(Open::Expansion { looks, .. }) => {
                    if let Some(look) = &mut looks[m] {
                        look.sees_row = false;
                    }
                }
                Some(Open::Claim {
                    m: claimed, sees_row, ..
                }) if *claimed == m => *sees_row = false,
                _ => {}
            }
        }
    }
}
