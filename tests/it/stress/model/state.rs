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
    pub(super) paused: bool,
    next_position: i64,
    /// Sessions announced by the last transaction, with features and failed.
    pub(super) settled: Vec<(usize, i64, i64)>,
    /// For each outcome of the last transaction: what the database has to say.
    pub(super) written: Vec<Written>,
    /// Rows that the last `release_expired` released, and rows that it made error rows of.
    pub(super) released: (usize, usize),
}

#[derive(Clone, Debug, Default)]
pub(super) struct Session {
    pub(super) exists: bool,
    pub(super) completed: bool,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Measurement {
    pub(super) exists: bool,
    pub(super) object: bool,
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
    pub(super) session: usize,
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
    /// Whether the claim has a location.
    pub(super) located: bool,
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
                    object: m < MEASUREMENTS - 2,
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
        self.measurements[m].exists && self.measurements[m].object
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
        });
    }
}
