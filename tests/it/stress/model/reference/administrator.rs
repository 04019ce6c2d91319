//! What the sweep and an administrator do to the queue.

use std::collections::BTreeMap;

use crate::stress::model::state::{Backfill, Entry, MEASUREMENTS, Note, SESSIONS, State, World};

impl World {
    /// Queues what is missing, newest sessions first. Returns the numbers of sessions and
    /// measurements.
    fn enqueue_missing(&mut self, max_sessions: usize, failed_too: bool, backfill: usize) -> (i64, i64) {
        let (mut sessions, mut queued) = (0, 0);
        for s in (0..SESSIONS).rev() {
            let missing: Vec<usize> = (0..MEASUREMENTS)
                .filter(|&m| {
                    let row = self.measurements[m].row.as_ref();
                    self.is_unqueued_in(m, s) && row.is_none_or(|row| failed_too && row.kind.is_some())
                })
                .collect();
            if missing.is_empty() || sessions == max_sessions {
                continue;
            }
            sessions += 1;
            queued += missing.len();
            for m in missing {
                self.enqueue(m, "backfill", 2, Some(backfill));
                self.measurements[m].cancelled = false;
            }
        }
        (count(sessions), count(queued))
    }

    fn is_unqueued_in(&self, m: usize, s: usize) -> bool {
        self.session_of(m) == Some(s) && self.completed(s) && self.measurements[m].queued.is_none()
    }

    /// Queues or corrects what no note has led to, in so many of the newest sessions.
    pub(in crate::stress::model) fn sweep(&mut self, max_sessions: usize) {
        let mut left_behind = BTreeMap::new();
        let mut sessions = 0;
        for s in (0..SESSIONS).rev() {
            let found: Vec<usize> = (0..MEASUREMENTS)
                .filter(|&m| {
                    let measurement = &self.measurements[m];
                    self.is_unqueued_in(m, s)
                        && match &measurement.row {
                            None => !measurement.cancelled,
                            Some(row) => row.session != Some(s) || self.is_outdated(m),
                        }
                })
                .collect();
            if !found.is_empty() && sessions < max_sessions {
                sessions += 1;
                left_behind.extend(found.into_iter().map(|m| (m, false)));
            }
        }
        self.apply_changes(&left_behind, "sweep", 1, &mut Vec::new());
    }

    pub(in crate::stress::model) fn request_backfill(&mut self, max_sessions: usize, failed_too: bool) -> (i64, i64) {
        let (sessions, queued) = self.enqueue_missing(max_sessions, failed_too, self.backfills.len());
        self.backfills.push(Backfill {
            total: queued,
            finished: queued == 0,
            ..Backfill::default()
        });
        (sessions, queued)
    }

    pub(in crate::stress::model) fn cancel_backfill(&mut self, b: usize) {
        let mut cancelled = 0;
        for measurement in &mut self.measurements {
            let ours = |entry: &mut Entry| {
                entry.backfill == Some(b) && entry.source == "backfill" && !matches!(entry.state, State::Claimed(_))
            };
            if let Some(entry) = measurement.queued.take_if(ours) {
                measurement.cancelled = true;
                self.notes.push(Note::Settle(entry.session));
                cancelled += 1;
            }
        }
        let backfill = &mut self.backfills[b];
        if !backfill.finished {
            backfill.total -= cancelled;
            backfill.cancelled = true;
            backfill.finish_if_complete();
        }
    }

    pub(in crate::stress::model) fn retry_failed(&mut self, kind: Option<&'static str>) {
        for s in (0..SESSIONS).rev() {
            for m in 0..MEASUREMENTS {
                let measurement = &self.measurements[m];
                let failed = measurement
                    .row
                    .as_ref()
                    .is_some_and(|row| row.kind.is_some() && (kind.is_none() || row.kind == kind));
                if !failed || measurement.session != s || !self.has_object(m) || !self.completed(s) {
                    continue;
                }
                match &mut self.measurements[m].queued {
                    None => self.enqueue(m, "retry", 1, None),
                    Some(entry) if entry.recheck && matches!(entry.state, State::Waiting(_)) => {
                        entry.state = State::Ready;
                        entry.attempt = 0;
                        entry.recheck = false;
                        entry.source = "retry";
                        entry.priority = entry.priority.min(1);
                    }
                    Some(_) => {}
                }
            }
        }
    }
}

fn count(n: usize) -> i64 {
    i64::try_from(n).expect("a handful")
}
