//! The state of the model: a few vectors.

/// Number of sessions. Session 0 is the oldest.
pub(super) const SESSIONS: usize = 3;
/// Number of measurements, in the order of their time.
pub(super) const MEASUREMENTS: usize = 7;

#[derive(Clone, Debug, Default)]
pub(super) struct World {
    pub(super) sessions: Vec<Session>,
    pub(super) measurements: Vec<Measurement>,
    pub(super) workers: Vec<Worker>,
    /// All claims so far in order, also those whose response was lost and those that have expired.
    pub(super) leases: Vec<Lease>,
    pub(super) backfills: Vec<Backfill>,
    /// What the application has changed since the last expansion.
    pub(super) notes: Vec<Note>,
    pub(super) paused: bool,
    next_position: i64,
    /// Sessions announced by the last transaction, with features and failed.
    pub(super) settled: Vec<(usize, i64, i64)>,
    /// For each outcome of the last transaction: what the database has to say.
    pub(super) written: Vec<Written>,
    /// Rows that the last `release_expired` released, and rows that it made error rows of.
    pub(super) released: (usize, usize),
}

/// A note of a trigger.
#[derive(Clone, Debug)]
pub(super) enum Note {
    Completed(usize),
    /// Deleted.
    Session(usize),
    /// A cancelled backfill had rows of this session.
    Settle(usize),
    Measurement(usize),
    /// The same, of one that has failed since.
    FailedSince(usize),
}

#[derive(Clone, Debug, Default)]
pub(super) struct Session {
    pub(super) exists: bool,
    pub(super) completed: bool,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Measurement {
    pub(super) exists: bool,
    pub(super) location: Option<String>,
    /// What a cancelled backfill had queued; the sweep leaves it alone.
    pub(super) cancelled: bool,
    /// The session that its `recording_session_id` names.
    pub(super) session: usize,
    pub(super) queued: Option<Entry>,
    pub(super) row: Option<Row>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Position in the order of arrival.
    pub(super) position: i64,
    pub(super) session: usize,
    pub(super) state: State,
    pub(super) priority: i16,
    pub(super) source: &'static str,
    pub(super) backfill: Option<usize>,
    pub(super) attempt: i32,
    pub(super) crashes: i32,
    pub(super) recheck: bool,
    /// The location when it was queued.
    pub(super) location: Option<String>,
}

impl Entry {
    /// Another location or session starts it again, and ends a claim.
    pub(in crate::stress::model) fn restart_if_changed(&mut self, session: usize, location: Option<&String>) -> bool {
        let changed = self.location.as_ref() != location || self.session != session;
        if changed {
            (self.state, self.attempt, self.recheck) = (State::Ready, 0, false);
            (self.location, self.session) = (location.cloned(), session);
        }
        changed
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Ready,
    /// With the lease of this index.
    Claimed(usize),
    /// Whether it is due.
    Waiting(bool),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// `None`: features.
    pub(super) kind: Option<&'static str>,
    /// Number of daemons in the message, if the kind is `crashed`.
    pub(super) crashes: Option<i32>,
    pub(super) attempts: i32,
    pub(super) session: Option<usize>,
    /// The location that it was extracted from.
    pub(super) location: Option<String>,
    /// The location of a later extraction, which failed.
    pub(super) failed_location: Option<String>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Worker {
    pub(super) registered: bool,
    /// Its last heartbeat is older than its lease.
    pub(super) expired: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Lease {
    pub(super) measurement: usize,
    pub(super) worker: usize,
    pub(super) session: usize,
    pub(super) attempt: i32,
    pub(super) recheck: bool,
    /// The location in the claim.
    pub(super) location: Option<String>,
    /// The response never reached the worker.
    pub(super) lost: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Backfill {
    pub(super) total: i64,
    pub(super) done: i64,
    pub(super) failed: i64,
    pub(super) finished: bool,
    pub(super) cancelled: bool,
}

impl Backfill {
    pub(in crate::stress::model) fn finish_if_complete(&mut self) {
        self.finished |= self.done + self.failed >= self.total;
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    Done(Option<usize>),
    LeaseLost,
}

impl World {
    pub(super) fn new() -> Self {
        Self {
            sessions: vec![
                Session {
                    exists: true,
                    completed: false
                };
                SESSIONS
            ],
            measurements: (0..MEASUREMENTS)
                .map(|m| Measurement {
                    // The last two arrive late.
                    exists: m < MEASUREMENTS - 2,
                    location: (m < MEASUREMENTS - 2).then(|| "first.bin".to_owned()),
                    session: m % SESSIONS,
                    ..Measurement::default()
                })
                .collect(),
            workers: vec![Worker {
                registered: true,
                ..Worker::default()
            }],
            ..Self::default()
        }
    }

    /// Whether the session exists and is completed.
    pub(in crate::stress::model) fn completed(&self, session: usize) -> bool {
        self.sessions[session].exists && self.sessions[session].completed
    }

    pub(in crate::stress::model) fn has_features(&self, m: usize) -> bool {
        self.measurements[m].row.as_ref().is_some_and(|row| row.kind.is_none())
    }

    pub(in crate::stress::model) fn has_object(&self, m: usize) -> bool {
        self.measurements[m].exists && self.measurements[m].location.is_some()
    }

    /// The session that the measurement belongs to, if both exist and it has an object.
    pub(in crate::stress::model) fn session_of(&self, m: usize) -> Option<usize> {
        let session = self.measurements[m].session;
        (self.has_object(m) && self.sessions[session].exists).then_some(session)
    }

    /// Whether its row is of another location than the present one.
    pub(in crate::stress::model) fn is_outdated(&self, m: usize) -> bool {
        let measurement = &self.measurements[m];
        let row = measurement.row.as_ref();
        row.is_some_and(|row| {
            row.location.is_some()
                && row.location != measurement.location
                && row.failed_location != measurement.location
        })
    }

    pub(in crate::stress::model) fn holds(&self, lease: usize) -> bool {
        let queued = &self.measurements[self.leases[lease].measurement].queued;
        queued
            .as_ref()
            .is_some_and(|entry| entry.state == State::Claimed(lease))
    }

    pub(in crate::stress::model) fn enqueue(
        &mut self,
        m: usize,
        source: &'static str,
        priority: i16,
        backfill: Option<usize>,
    ) {
        self.next_position += 1;
        self.measurements[m].queued = Some(Entry {
            position: self.next_position,
            session: self.measurements[m].session,
            state: State::Ready,
            priority,
            source,
            backfill,
            attempt: 0,
            crashes: 0,
            recheck: false,
            location: self.measurements[m].location.clone(),
        });
    }
}
