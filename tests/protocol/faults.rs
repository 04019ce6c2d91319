//! What may happen in a configuration, and the mendings that can be taken out of the protocol.

use super::state::{Database, MEASUREMENTS, Measurement, Session, State, Worker};

/// Something that happens a limited number of times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Event {
    Complete,
    Reopen,
    Replace,
    Revert,
    Clear,
    Overwrite,
    Spoil,
    Retime,
    Delete,
    DeleteSession,
    /// A change of the application is not noted.
    LoseNote,
    Backfill,
    Cancel,
    Again,
    Die,
    Expire,
    LoseAnswer,
    Fail,
    Recheck,
    GiveBack,
    /// The replication breaks off; the fail-over follows at any time.
    BreakReplication,
}

impl State {
    /// How often the event may still happen.
    pub(crate) fn left(&self, event: Event) -> u64 {
        self.left >> (2 * event as u32) & 3
    }

    pub(crate) fn spend(&mut self, event: Event) {
        self.left -= 1 << (2 * event as u32);
    }
}

/// A part of the protocol without which something goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Mending {
    /// `heartbeat.sql`: the daemon compares the claims of the table with those that it holds.
    HeartbeatCompares,
    /// `apply_changes.sql`, `sweep_sessions.sql`: features of another source are out of date.
    FingerprintCompared,
    /// `store_features.sql`: the condition on `claim_id`.
    StoreFenced,
    /// `expand_taken.sql`: a note is deleted in the transaction that expands it.
    ExpandedInOneTransaction,
    /// `store_failure.sql`: an error row does not replace features.
    FailureKeepsFeatures,
    /// `lock_sessions.sql`, `settle_sessions.sql`: one transaction at a time settles a session, after it
    /// has stored its result.
    SessionLocked,
    /// `cancel_backfill.sql`: the sweep leaves alone what was cancelled.
    CancelRemembered,
    /// `apply_changes.sql`: another source ends a claim of the old one.
    ClaimEndsWithItsSource,
    /// `store_features.sql`: the fingerprint of the claim, and not the present one.
    FingerprintOfTheClaim,
    /// `release_expired.sql`: claims of daemons that no longer exist are released.
    DeadAreTakenOver,
    /// `claim_measurements.sql`: an id of a claim that a fail-over lost is not issued again.
    ClaimIdsNeverRepeat,
    /// `apply_changes.sql`: a row is changed only in the version that was compared, and noted again
    /// if it has changed since. The model locks the rows with the snapshot, which excludes the same
    /// orders.
    VersionCompared,
    /// `apply_changes.sql`: a row of the queue that the snapshot did not have is left alone, and
    /// looked at again.
    UnseenIsNotedAgain,
    /// `apply_changes.sql`: a measurement that has another result than in the snapshot is not queued, and
    /// looked at again.
    ResultsCompared,
    /// `claim_measurements.sql`: the location is read after the row is locked.
    ClaimReadsAfterLock,
    /// `claim_measurements.sql`: the row of the queue gets the fingerprint and the time that the
    /// claim has read.
    ClaimRecordsWhatItRead,
    /// `cancel_backfill.sql`: a session whose last row is cancelled is announced.
    CancelSettles,
    /// `apply_changes.sql`: a queued row follows source and time also while the features are right.
    QueuedRowFollows,
    /// `store_failure.sql`: the features that stand remember the later source that failed.
    FailureRemembered,
}

impl Mending {
    pub(crate) const ALL: [Mending; 19] = [
        Mending::HeartbeatCompares,
        Mending::FingerprintCompared,
        Mending::StoreFenced,
        Mending::ExpandedInOneTransaction,
        Mending::FailureKeepsFeatures,
        Mending::SessionLocked,
        Mending::CancelRemembered,
        Mending::ClaimEndsWithItsSource,
        Mending::FingerprintOfTheClaim,
        Mending::DeadAreTakenOver,
        Mending::ClaimIdsNeverRepeat,
        Mending::VersionCompared,
        Mending::UnseenIsNotedAgain,
        Mending::ResultsCompared,
        Mending::ClaimReadsAfterLock,
        Mending::ClaimRecordsWhatItRead,
        Mending::CancelSettles,
        Mending::QueuedRowFollows,
        Mending::FailureRemembered,
    ];
}

/// A model to explore: the bounds, how finely transactions are divided, and the mending that is
/// taken out.
#[derive(Clone, Debug)]
pub(crate) struct Protocol {
    pub(crate) name: &'static str,
    /// How often each event may happen, three times at most.
    pub(crate) events: &'static [(Event, u64)],
    pub(crate) measurements: usize,
    /// An expansion takes its snapshot in one step and writes in another.
    pub(crate) expands_in_steps: bool,
    /// A store takes its locks in one step and commits in another.
    pub(crate) stores_in_steps: bool,
    /// The sweep runs.
    pub(crate) sweeps: bool,
    pub(crate) without: Option<Mending>,
}

impl Protocol {
    pub(crate) fn has(&self, mending: Mending) -> bool {
        self.without != Some(mending)
    }

    /// Whether an event can happen in this configuration at all.
    pub(crate) fn may(&self, event: Event) -> bool {
        self.events.iter().any(|(possible, _)| *possible == event)
    }

    /// The same protocol without one mending.
    pub(crate) fn without(&self, mending: Mending) -> Self {
        Self {
            without: Some(mending),
            ..self.clone()
        }
    }

    /// A session that is being recorded, with its measurements, and two idle daemons.
    pub(crate) fn start(&self) -> State {
        let mut left = 0;
        for &(event, times) in self.events {
            left |= times << (2 * event as u32);
        }
        let worker = |id| Worker {
            id,
            jobs: Vec::new(),
            expects_orphans: false,
            open: None,
        };
        let mut measurements = [None; MEASUREMENTS];
        measurements[..self.measurements].fill(Some(Measurement { location: 1, time: 0 }));
        State {
            database: Database {
                session: Session::Recording,
                measurements,
                notes: [0; 5],
                queue: [None; MEASUREMENTS],
                features: [[None; 2]; MEASUREMENTS],
                cancelled: [false; MEASUREMENTS],
                registered: 0b11,
                unannounced: false,
                sequence: 0,
            },
            standby: None,
            workers: [worker(0), worker(1)],
            objects: [[0, 1, 0, 0]; MEASUREMENTS],
            versions: 1,
            left,
            blunder: None,
        }
    }
}
