//! The state of the model: the database, what the daemons keep in memory, the objects, and what may
//! still happen.

/// Most measurements of the session. A configuration may have fewer.
pub(crate) const MEASUREMENTS: usize = 2;
/// Number of daemons.
pub(crate) const WORKERS: usize = 2;

/// The version of an object that cannot be read. Every try to extract it fails.
pub(crate) const UNREADABLE: u8 = 9;

/// `recording_sessions.status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Session {
    Recording,
    Completed,
    /// Deleted.
    Gone,
}

/// A row of `measurements`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Measurement {
    /// `iq_data_location`, and with it the fingerprint of the source. 0: NULL.
    pub(crate) location: u8,
    /// `created_at`: one of two times.
    pub(crate) time: u8,
}

/// A row of `change_notes`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Note {
    Completed,
    Measurement(usize),
    Session,
    Settle,
}

impl Note {
    pub(crate) const ALL: [Note; 5] = [
        Note::Completed,
        Note::Measurement(0),
        Note::Measurement(1),
        Note::Session,
        Note::Settle,
    ];

    /// The place of this note in `Database::notes`.
    pub(crate) const fn place(self) -> usize {
        match self {
            Note::Completed => 0,
            Note::Measurement(m) => 1 + m,
            Note::Session => 3,
            Note::Settle => 4,
        }
    }
}

/// `feature_queue.state`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum RowState {
    Ready,
    Waiting,
    Claimed { claim: u8, worker: u8 },
}

/// A row of `feature_queue`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Row {
    pub(crate) state: RowState,
    /// `source_fingerprint`.
    pub(crate) source: u8,
    /// `measured_at`.
    pub(crate) time: u8,
    /// Queued by a backfill.
    pub(crate) backfill: bool,
    /// An error row exists, and the object is looked for again.
    pub(crate) recheck: bool,
}

/// A row of `measurement_features`, without its timestamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Features {
    pub(crate) failed: bool,
    /// `source_fingerprint`.
    pub(crate) source: u8,
    /// The location that was read. No column: what `source` ought to say.
    pub(crate) from: u8,
    /// The version of the object that was read.
    pub(crate) read: u8,
    /// A later source, whose extraction failed for good. 0: none.
    pub(crate) refused: u8,
}

/// The tables, as committed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Database {
    pub(crate) session: Session,
    pub(crate) measurements: [Option<Measurement>; MEASUREMENTS],
    /// How many notes of each kind there are.
    pub(crate) notes: [u8; Note::ALL.len()],
    pub(crate) queue: [Option<Row>; MEASUREMENTS],
    /// By measurement and timestamp.
    pub(crate) features: [[Option<Features>; 2]; MEASUREMENTS],
    /// `cancelled_measurements`.
    pub(crate) cancelled: [bool; MEASUREMENTS],
    /// `worker_heartbeats`: one bit for each id.
    pub(crate) registered: u16,
    /// Since the session completed, or a result was stored, `heimdall_features_ready` was not sent.
    pub(crate) unannounced: bool,
    /// `claim_ids`. Counts only where ids of claims can be issued again.
    pub(crate) sequence: u8,
}

/// What `session_measurements` says of a measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Current {
    pub(crate) location: u8,
    pub(crate) time: u8,
    pub(crate) is_completed: bool,
}

impl Database {
    pub(crate) fn current(&self, m: usize) -> Option<Current> {
        let measurement = self.measurements[m].filter(|found| found.location > 0)?;
        (self.session != Session::Gone).then_some(Current {
            location: measurement.location,
            time: measurement.time,
            is_completed: self.session == Session::Completed,
        })
    }

    pub(crate) fn note(&mut self, note: Note) {
        self.notes[note.place()] += 1;
    }

    pub(crate) fn is_registered(&self, id: u8) -> bool {
        self.registered & (1 << id) != 0
    }

    /// The rows of features of a measurement.
    pub(crate) fn rows(&self, m: usize) -> impl Iterator<Item = Features> + '_ {
        self.features[m].iter().copied().flatten()
    }

    pub(crate) fn has_features(&self, m: usize) -> bool {
        self.rows(m).any(|row| !row.failed)
    }

    /// `settle_sessions`: announces the session if it has nothing outstanding. `besides` is a row
    /// that the transaction has deleted already.
    pub(crate) fn has_outstanding(&self, besides: Option<usize>) -> bool {
        let mut rows = self.queue.iter().enumerate();
        rows.any(|(m, row)| Some(m) != besides && row.is_some_and(|row| !row.recheck))
    }

    pub(crate) fn settle(&mut self) {
        if !self.has_outstanding(None) {
            self.unannounced = false;
        }
    }

    /// The claim that a row is in.
    pub(crate) fn claim_of(&self, m: usize) -> Option<(u8, u8)> {
        match self.queue[m]?.state {
            RowState::Claimed { claim, worker } => Some((claim, worker)),
            _ => None,
        }
    }
}

/// A measurement in the hands of a daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Job {
    pub(crate) m: usize,
    pub(crate) claim: u8,
    /// The location that the claim returned, and its fingerprint. 0: there is none.
    pub(crate) location: u8,
    /// The version of the object that was read. 0: not yet.
    pub(crate) read: u8,
}

/// What an expansion has seen of a measurement, and so decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Look {
    pub(crate) current: Option<Current>,
    pub(crate) is_wanted: bool,
    /// The row of the queue that the snapshot saw still exists.
    pub(crate) sees_row: bool,
    /// The rows of features that the snapshot saw, by timestamp.
    pub(crate) features: [Option<Features>; 2],
}

/// A transaction that has begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Open {
    /// Of the note that it has deleted; of none: a sweep.
    Expansion {
        note: Option<Note>,
        looks: [Option<Look>; MEASUREMENTS],
    },
    /// With the location that its snapshot has. `sees_row`: the row that it saw still exists.
    Claim { m: usize, location: u8, sees_row: bool },
    /// With the row's lock. When it has settled also with the session's lock, and `announces`:
    /// nothing else is outstanding.
    Store { job: Job, announces: Option<bool> },
}

/// A daemon.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Worker {
    pub(crate) id: u8,
    /// Sorted.
    pub(crate) jobs: Vec<Job>,
    /// The response to a claim was lost.
    pub(crate) expects_orphans: bool,
    pub(crate) open: Option<Open>,
}

impl Worker {
    /// Whether its open transaction has the session's lock.
    pub(crate) fn has_settled(&self) -> bool {
        matches!(self.open, Some(Open::Store { announces: Some(_), .. }))
    }
}

/// What must never happen. The model notices it in the action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Blunder {
    OlderOverNewer,
    FailureOverFeatures,
    CancelledQueuedAgain,
    ExtractedQueuedAgain,
    NoteSetAside,
}

/// Everything.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct State {
    pub(crate) database: Database,
    /// The database of an asynchronous standby, from when the replication breaks off.
    pub(crate) standby: Option<Box<Database>>,
    pub(crate) workers: [Worker; WORKERS],
    /// The version of the object at each location of a measurement.
    pub(crate) objects: [[u8; 4]; MEASUREMENTS],
    /// The last version that was written.
    pub(crate) versions: u8,
    /// How often each event may still happen: two bits for each.
    pub(crate) left: u64,
    pub(crate) blunder: Option<Blunder>,
}
