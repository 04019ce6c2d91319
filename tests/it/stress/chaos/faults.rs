//! The kinds of faults, and how often each is injected.

use fastrand::Rng;

use super::draw_weighted;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum FaultKind {
    DaemonKilled,
    DaemonFrozen,
    DaemonTerminated,
    DaemonTerminatedTwice,
    BackendsTerminated,
    DatabaseCrashed,
    DatabaseConnectionsCut,
    DatabaseRefuses,
    DatabaseStalls,
    DatabaseSilent,
    DatabaseRepliesDropped,
    DatabaseSilentForAll,
    StoreRefuses,
    StoreSilent,
    StoreFails500,
    StoreSlowDown503,
    StoreCredentialsRefused403,
    StoreBodiesTruncated,
    StoreHangs,
    StoreSlow,
    StoreDrips,
    BucketRemoved,
    ExtractionPaused,
    Migrated,
    SessionDeleted,
    MeasurementDeleted,
    MeasurementMoved,
    TimeCorrected,
    LocationReplaced,
    SessionReopened,
    RowsHidden,
    ClockSetBack,
    BackfillRequested,
    QueueRowsLocked,
    ResultsLocked,
    SessionsLocked,
    ApplicationIdles,
    SlowTrigger,
}

const WEIGHTS: [(FaultKind, u32); 38] = [
    (FaultKind::DaemonKilled, 12),
    (FaultKind::DaemonFrozen, 6),
    (FaultKind::DaemonTerminated, 5),
    (FaultKind::DaemonTerminatedTwice, 2),
    (FaultKind::BackendsTerminated, 6),
    (FaultKind::DatabaseCrashed, 2),
    (FaultKind::DatabaseConnectionsCut, 6),
    (FaultKind::DatabaseRefuses, 3),
    (FaultKind::DatabaseStalls, 4),
    (FaultKind::DatabaseSilent, 4),
    (FaultKind::DatabaseRepliesDropped, 6),
    (FaultKind::DatabaseSilentForAll, 1),
    (FaultKind::StoreRefuses, 3),
    (FaultKind::StoreSilent, 2),
    (FaultKind::StoreFails500, 3),
    (FaultKind::StoreSlowDown503, 3),
    (FaultKind::StoreCredentialsRefused403, 2),
    (FaultKind::StoreBodiesTruncated, 3),
    (FaultKind::StoreHangs, 2),
    (FaultKind::StoreSlow, 4),
    (FaultKind::StoreDrips, 3),
    (FaultKind::BucketRemoved, 3),
    (FaultKind::ExtractionPaused, 2),
    (FaultKind::Migrated, 2),
    (FaultKind::SessionDeleted, 4),
    (FaultKind::MeasurementDeleted, 4),
    (FaultKind::MeasurementMoved, 6),
    (FaultKind::TimeCorrected, 4),
    (FaultKind::LocationReplaced, 6),
    (FaultKind::SessionReopened, 2),
    (FaultKind::RowsHidden, 2),
    (FaultKind::ClockSetBack, 2),
    (FaultKind::BackfillRequested, 4),
    (FaultKind::QueueRowsLocked, 3),
    (FaultKind::ResultsLocked, 3),
    (FaultKind::SessionsLocked, 3),
    (FaultKind::ApplicationIdles, 4),
    (FaultKind::SlowTrigger, 2),
];

impl FaultKind {
    /// A random kind, by the weights.
    pub(super) fn draw(rng: &mut Rng) -> Self {
        WEIGHTS[draw_weighted(rng, WEIGHTS.iter().map(|(_, weight)| *weight))].0
    }
}
