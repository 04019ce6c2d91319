//! What the application does to the queue.

use crate::stress::model::state::{MEASUREMENTS, State, World};

impl World {
    /// Completes those of the sessions that are not completed, in one statement.
    pub(in crate::stress::model) fn complete(&mut self, sessions: &[usize]) {
        for &s in sessions {
            if !self.sessions[s].exists || self.sessions[s].completed {
                continue;
            }
            self.sessions[s].completed = true;
            for m in 0..MEASUREMENTS {
                if self.measurements[m].session == s && self.has_object(m) && !self.has_features(m) {
                    self.queue_completed(m);
                }
            }
        }
    }

    fn queue_completed(&mut self, m: usize) {
        let session = self.measurements[m].session;
        let Some(entry) = &mut self.measurements[m].queued else {
            return self.enqueue(m, "live", 0, None);
        };
        let claimed = matches!(entry.state, State::Claimed(_));
        let waits_for_recheck = entry.recheck && matches!(entry.state, State::Waiting(_));
        if !claimed && (entry.priority > 0 || waits_for_recheck) {
            (entry.source, entry.priority, entry.session) = ("live", 0, session);
            if entry.recheck {
                entry.state = State::Ready;
            }
        }
    }

    /// The location or the session of a measurement is set or changes.
    pub(in crate::stress::model) fn location_changed(&mut self, m: usize, replaced: bool) {
        let session = self.measurements[m].session;
        if !self.has_object(m) || !self.completed(session) || self.has_features(m) && !replaced {
            return;
        }
        match &mut self.measurements[m].queued {
            None => self.enqueue(m, "live", 0, None),
            Some(entry) => {
                (entry.session, entry.source, entry.priority) = (session, "live", 0);
                (entry.state, entry.attempt, entry.recheck) = (State::Ready, 0, false);
            }
        }
    }
}
