//! What is explored: each configuration has the events of one subject, so that all of its states
//! are found in seconds.

use super::faults::{Event, Mending, Protocol};
use super::invariants::{ANNOUNCED, NO_FAILURE_OVER_FEATURES, NOT_OLDER, NOT_TWICE, NOTHING_FORGOTTEN, RESTS};

const NOTHING: Protocol = Protocol {
    name: "",
    events: &[],
    measurements: 1,
    expands_in_steps: false,
    stores_in_steps: false,
    sweeps: false,
    without: None,
};

/// Another object, none, the earlier one again, at any moment of two expansions and a claim.
pub(crate) const SOURCES: Protocol = Protocol {
    name: "sources",
    events: &[
        (Event::Complete, 1),
        (Event::Replace, 1),
        (Event::Revert, 1),
        (Event::Clear, 1),
        (Event::Again, 1),
    ],
    expands_in_steps: true,
    ..NOTHING
};

/// Another time, at any moment of two expansions.
pub(crate) const TIMES: Protocol = Protocol {
    name: "times",
    events: &[
        (Event::Complete, 1),
        (Event::Retime, 2),
        (Event::Again, 1),
        (Event::Fail, 1),
        (Event::Delete, 1),
    ],
    expands_in_steps: true,
    ..NOTHING
};

/// Daemons that die, stall, or do not get an answer, while the object is overwritten.
pub(crate) const LEASES: Protocol = Protocol {
    name: "leases",
    events: &[
        (Event::Complete, 1),
        (Event::Overwrite, 1),
        (Event::Again, 1),
        (Event::Die, 1),
        (Event::Expire, 1),
        (Event::LoseAnswer, 1),
        (Event::GiveBack, 1),
    ],
    ..NOTHING
};

/// A fail-over behind a pooler that loses any number of the last transactions.
pub(crate) const FAIL_OVER: Protocol = Protocol {
    name: "fail-over",
    events: &[
        (Event::Complete, 1),
        (Event::Replace, 1),
        (Event::Overwrite, 1),
        (Event::Again, 1),
        (Event::BreakReplication, 1),
    ],
    ..NOTHING
};

/// Objects that cannot be read, for a while or for good, and a session that is opened again.
pub(crate) const FAILURES: Protocol = Protocol {
    name: "failures",
    events: &[
        (Event::Complete, 2),
        (Event::Reopen, 1),
        (Event::Replace, 1),
        (Event::Again, 1),
        (Event::Spoil, 1),
        (Event::Fail, 1),
        (Event::Recheck, 1),
        (Event::GiveBack, 1),
    ],
    sweeps: true,
    ..NOTHING
};

/// Two measurements that two daemons finish at the same time, while one of them or the session is
/// deleted.
pub(crate) const SESSION: Protocol = Protocol {
    name: "session",
    events: &[
        (Event::Complete, 1),
        (Event::Delete, 1),
        (Event::DeleteSession, 1),
        (Event::Die, 1),
    ],
    measurements: 2,
    expands_in_steps: true,
    stores_in_steps: true,
    ..NOTHING
};

/// Changes that were not noted: the sweep, a backfill and its cancellation.
pub(crate) const LOST_NOTES: Protocol = Protocol {
    name: "lost notes",
    events: &[
        (Event::Complete, 1),
        (Event::Replace, 1),
        (Event::Retime, 1),
        (Event::LoseNote, 2),
        (Event::Backfill, 1),
        (Event::Cancel, 1),
    ],
    measurements: 2,
    sweeps: true,
    ..NOTHING
};

pub(crate) const ALL: [&Protocol; 7] = [&SOURCES, &TIMES, &LEASES, &FAIL_OVER, &FAILURES, &SESSION, &LOST_NOTES];

/// What is found when a mending is taken out of a configuration.
pub(crate) const FOUND: [(Mending, &Protocol, &str); 21] = [
    // A daemon that is alive has lost a claim that the table still has: the store was rolled back.
    (Mending::HeartbeatCompares, &FAIL_OVER, NOTHING_FORGOTTEN),
    // The application names another object after the first one was extracted.
    (Mending::FingerprintCompared, &SOURCES, NOTHING_FORGOTTEN),
    (Mending::FingerprintCompared, &LOST_NOTES, NOTHING_FORGOTTEN),
    (Mending::StoreFenced, &LEASES, NOT_OLDER),
    (Mending::ExpandedInOneTransaction, &SESSION, NOTHING_FORGOTTEN),
    (Mending::FailureKeepsFeatures, &FAILURES, NO_FAILURE_OVER_FEATURES),
    (Mending::SessionLocked, &SESSION, ANNOUNCED),
    (Mending::CancelRemembered, &LOST_NOTES, RESTS),
    (Mending::ClaimEndsWithItsSource, &SOURCES, NOTHING_FORGOTTEN),
    (Mending::FingerprintOfTheClaim, &SOURCES, NOTHING_FORGOTTEN),
    (Mending::DeadAreTakenOver, &LEASES, NOTHING_FORGOTTEN),
    (Mending::ClaimIdsNeverRepeat, &FAIL_OVER, NOTHING_FORGOTTEN),
    (Mending::VersionCompared, &SOURCES, NOTHING_FORGOTTEN),
    (Mending::VersionCompared, &TIMES, NOTHING_FORGOTTEN),
    (Mending::UnseenIsNotedAgain, &TIMES, NOTHING_FORGOTTEN),
    // Another expansion queues the measurement, and a daemon extracts it, between the snapshot and the INSERT.
    (Mending::ResultsCompared, &SOURCES, NOT_TWICE),
    (Mending::ClaimReadsAfterLock, &SOURCES, NOTHING_FORGOTTEN),
    (Mending::ClaimRecordsWhatItRead, &SOURCES, NOTHING_FORGOTTEN),
    (Mending::CancelSettles, &LOST_NOTES, ANNOUNCED),
    (Mending::QueuedRowFollows, &SOURCES, NOTHING_FORGOTTEN),
    (Mending::FailureRemembered, &FAILURES, RESTS),
];
