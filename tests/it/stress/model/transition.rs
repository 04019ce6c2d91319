//! What can happen to the queue.

use proptest::prelude::*;
use proptest_state_machine::ReferenceStateMachine;

use super::state::World;
use super::strategies;

/// Error kinds of failed recordings.
pub(super) const KINDS: [&str; 2] = ["invalid_format", "too_short"];
/// Most daemons of one case.
pub(super) const MAX_WORKERS: usize = 12;

/// Outcome of a claim, as in the daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Completed,
    Failed(&'static str),
    /// An error row and a recheck: the object is missing.
    NotFound,
    Retry,
    Release,
    Discard,
}

/// Start of a claim for each priority: after this measurement, if it is queued, else a full scan.
pub(super) type StartAfter = [Option<usize>; 3];

#[derive(Clone, Debug)]
pub(super) enum Transition {
    // The application.
    Complete(Vec<usize>),
    /// Without triggers, as before the installation: only sweep and backfill find the session.
    CompleteWithoutTriggers(usize),
    Reopen(usize),
    DeleteSession(usize),
    InsertSession(usize, bool),
    InsertMeasurement(usize, bool),
    DeleteMeasurement(usize),
    /// The location is set or changes.
    PutObject(usize),
    RemoveObject(usize),
    MoveMeasurement(usize, usize),
    TruncateMeasurements,
    // Daemons.
    /// All notes are expanded.
    Expand,
    Register,
    Heartbeat(usize),
    Claim {
        worker: usize,
        limit: usize,
        start_after: StartAfter,
    },
    /// The claim is committed, and the daemon never gets the response.
    ClaimAndLoseResponse {
        worker: usize,
        limit: usize,
    },
    ReleaseOrphans(usize),
    /// Claims of two daemons at the same time. All of it is released.
    ClaimTogether {
        workers: (usize, usize),
        limit: usize,
    },
    /// Outcomes in one transaction, for leases of any age.
    Finish(Vec<(usize, Outcome)>),
    /// Two transactions at the same time.
    FinishTogether((usize, Outcome), (usize, Outcome)),
    /// The last heartbeat becomes older than the lease.
    Expire(usize),
    /// The heartbeat row is deleted, whatever the daemon has claimed.
    Deregister(usize),
    ReleaseExpired,
    /// Daemons claim and die, one after another.
    CrashLoop {
        times: usize,
        limit: usize,
    },
    TimePasses,
    Promote,
    Sweep(usize),
    // An administrator.
    Backfill {
        sessions: usize,
        failed_too: bool,
    },
    Cancel(usize),
    Retry(Option<&'static str>),
    Pause,
    Resume,
}

/// The model in the form that proptest needs.
pub(super) struct Reference;

impl ReferenceStateMachine for Reference {
    type State = World;
    type Transition = Transition;

    fn init_state() -> BoxedStrategy<World> {
        Just(World::new()).boxed()
    }

    fn transitions(world: &World) -> BoxedStrategy<Transition> {
        strategies::any_possible(world)
    }

    /// Shrinking removes transitions, and others may depend on them.
    fn preconditions(world: &World, transition: &Transition) -> bool {
        let answered = |lease: &usize| world.leases.get(*lease).is_some_and(|lease| !lease.lost);
        // A claim of a measurement that has gone is never extracted.
        let possible = |lease: usize, outcome: Outcome| {
            world.leases.get(lease).is_some_and(|lease| lease.location.is_some())
                || matches!(outcome, Outcome::Retry | Outcome::Release | Outcome::Discard)
        };
        let known = |worker: &usize| *worker < world.workers.len();
        let lives = |worker: &usize| world.workers.get(*worker).is_some_and(|worker| worker.registered);
        match transition {
            Transition::Complete(sessions) => sessions.iter().all(|&s| world.sessions[s].exists),
            Transition::Reopen(s) | Transition::DeleteSession(s) | Transition::CompleteWithoutTriggers(s) => {
                world.sessions[*s].exists
            }
            Transition::InsertSession(s, _) => !world.sessions[*s].exists,
            Transition::InsertMeasurement(m, _) => !world.measurements[*m].exists,
            Transition::DeleteMeasurement(m)
            | Transition::PutObject(m)
            | Transition::RemoveObject(m)
            | Transition::MoveMeasurement(m, _) => world.measurements[*m].exists,
            Transition::Heartbeat(worker)
            | Transition::ReleaseOrphans(worker)
            | Transition::Claim { worker, .. }
            | Transition::ClaimAndLoseResponse { worker, .. } => known(worker),
            Transition::ClaimTogether { workers, .. } => lives(&workers.0) && lives(&workers.1),
            Transition::Expire(worker) | Transition::Deregister(worker) => lives(worker),
            Transition::Finish(outcomes) => outcomes
                .iter()
                .all(|(lease, outcome)| answered(lease) && possible(*lease, *outcome)),
            Transition::FinishTogether((one, first), (other, second)) => {
                // A recheck does not keep a session open, so the order of the two would decide which one announces it.
                one != other
                    && possible(*one, *first)
                    && possible(*other, *second)
                    && [one, other]
                        .into_iter()
                        .all(|lease| answered(lease) && world.holds(*lease) && !world.leases[*lease].recheck)
            }
            Transition::Cancel(b) => *b < world.backfills.len(),
            _ => true,
        }
    }

    fn apply(mut world: World, transition: &Transition) -> World {
        world.apply_transition(transition);
        world
    }
}
