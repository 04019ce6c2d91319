//! What the application does, and what the expansion of its notes makes of it.

use std::collections::BTreeMap;

use crate::stress::model::state::{MEASUREMENTS, Note, SESSIONS, State, World};

impl World {
    /// Completes those of the sessions that are not completed, in one statement.
    pub(in crate::stress::model) fn complete(&mut self, sessions: &[usize]) {
        for &s in sessions {
            if self.sessions[s].exists && !self.sessions[s].completed {
                self.sessions[s].completed = true;
                self.notes.push(Note::Completed(s));
            }
        }
    }

    pub(in crate::stress::model) fn delete_session(&mut self, s: usize) {
        (self.sessions[s].exists, self.sessions[s].completed) = (false, false);
        self.notes.push(Note::Session(s));
    }

    pub(in crate::stress::model) fn insert_measurement(&mut self, m: usize, object: bool) {
        let measurement = &mut self.measurements[m];
        measurement.exists = true;
        measurement.session = m % SESSIONS;
        measurement.location = object.then(|| "first.bin".to_owned());
        if object {
            self.notes.push(Note::Measurement(m));
        }
    }

    pub(in crate::stress::model) fn delete_measurement(&mut self, m: usize) {
        self.measurements[m].exists = false;
        if self.measurements[m].location.take().is_some() {
            self.notes.push(Note::Measurement(m));
        }
    }

    /// The location becomes another one, or NULL.
    pub(in crate::stress::model) fn relocate(&mut self, m: usize, object: bool) {
        let old = self.measurements[m].location.clone();
        let new = object.then(|| old.clone().unwrap_or_else(|| "at/last".to_owned()) + ".2");
        if new != old {
            self.measurements[m].location = new;
            self.notes.push(Note::Measurement(m));
        }
    }

    pub(in crate::stress::model) fn move_measurement(&mut self, m: usize, session: usize) {
        if self.measurements[m].session != session {
            self.measurements[m].session = session;
            self.notes.push(Note::Measurement(m));
        }
    }

    /// Expands all notes, in one batch.
    pub(in crate::stress::model) fn expand(&mut self) {
        let notes = std::mem::take(&mut self.notes);
        let (mut fresh, mut related) = (BTreeMap::new(), BTreeMap::new());
        let (mut completed, mut left) = (Vec::new(), Vec::new());
        for note in &notes {
            match note {
                Note::Completed(s) => {
                    completed.push(*s);
                    let members = (0..MEASUREMENTS).filter(|&m| self.session_of(m) == Some(*s));
                    fresh.extend(members.map(|m| (m, true)));
                }
                Note::Measurement(m) => drop(fresh.insert(*m, true)),
                Note::Settle(s) => left.push(*s),
                Note::Session(_) | Note::FailedSince(_) => {}
            }
        }
        self.apply_changes(&fresh, "live", 0, &mut left);
        for note in &notes {
            match note {
                Note::Session(s) => related.extend(self.related(*s).into_iter().map(|m| (m, false))),
                Note::FailedSince(m) => drop(related.insert(*m, false)),
                _ => {}
            }
        }
        self.apply_changes(&related, "live", 0, &mut left);
        completed.extend(left);
        completed.sort_unstable();
        completed.dedup();
        completed.retain(|&s| self.completed(s));
        self.settled = completed.into_iter().filter_map(|s| self.settle(s)).collect();
    }

    /// The measurements that a change of this session may concern.
    fn related(&self, s: usize) -> Vec<usize> {
        let names = |m: usize| {
            let measurement = &self.measurements[m];
            self.session_of(m) == Some(s)
                || measurement.row.as_ref().is_some_and(|row| row.session == Some(s))
                || measurement.queued.as_ref().is_some_and(|entry| entry.session == s)
        };
        (0..MEASUREMENTS).filter(|&m| names(m)).collect()
    }

    /// Brings queue and rows in line with the application's tables. `candidates`: measurements, and
    /// whether failed ones are queued again. Adds the sessions that rows of the queue have left.
    pub(in crate::stress::model) fn apply_changes(
        &mut self,
        candidates: &BTreeMap<usize, bool>,
        source: &'static str,
        priority: i16,
        left: &mut Vec<usize>,
    ) {
        let mut wanted = Vec::new();
        for (&m, &again) in candidates {
            let session = self.session_of(m);
            let queued_in = self.measurements[m].queued.as_ref().map(|entry| entry.session);
            if let (Some(now), Some(before)) = (session, queued_in)
                && now != before
            {
                left.push(before);
            }
            if self.is_wanted(m, again) {
                wanted.push((session.expect("it is completed"), m));
            } else {
                self.follow(m, left);
            }
        }
        // Older sessions first.
        wanted.sort_unstable();
        for (session, m) in wanted {
            self.queue_changed(m, session, source, priority);
        }
    }

    fn is_wanted(&self, m: usize, again: bool) -> bool {
        let measurement = &self.measurements[m];
        if !self.session_of(m).is_some_and(|s| self.completed(s)) {
            return false;
        }
        match &measurement.row {
            Some(_) if self.is_outdated(m) => true,
            Some(row) if row.kind.is_none() => false,
            Some(_) => again,
            None => again || !measurement.cancelled,
        }
    }

    /// Not to be extracted: the row and the entry of the queue follow the measurement.
    fn follow(&mut self, m: usize, left: &mut Vec<usize>) {
        let session = self.session_of(m);
        let completed = session.is_some_and(|s| self.completed(s));
        let measurement = &mut self.measurements[m];
        if let Some(row) = &mut measurement.row
            && (session.is_some() || measurement.exists)
        {
            row.session = session;
        }
        let Some(entry) = &mut measurement.queued else { return };
        if completed {
            entry.restart_if_changed(session.expect("it is completed"), measurement.location.as_ref());
            return;
        }
        if session == Some(entry.session) {
            return;
        }
        let entry = measurement.queued.take().expect("it is queued");
        left.push(entry.session);
        if let Some(b) = entry.backfill {
            self.backfills[b].total -= 1;
            self.backfills[b].finish_if_complete();
        }
    }

    fn queue_changed(&mut self, m: usize, session: usize, source: &'static str, priority: i16) {
        let location = self.measurements[m].location.clone();
        let Some(entry) = &mut self.measurements[m].queued else {
            return self.enqueue(m, source, priority, None);
        };
        if !entry.restart_if_changed(session, location.as_ref()) {
            if matches!(entry.state, State::Claimed(_)) {
                return;
            } else if entry.recheck && matches!(entry.state, State::Waiting(_)) {
                entry.state = State::Ready;
            }
        }
        if priority < entry.priority {
            (entry.source, entry.priority) = (source, priority);
        }
    }
}
