//! What can happen, and how it is drawn.

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest_state_machine::ReferenceStateMachine;

use super::state::{MEASUREMENTS, SESSIONS, World};

/// The error kinds that are used.
pub(super) const KINDS: [&str; 2] = ["invalid_format", "too_short"];
/// Daemons that are registered in one case, at most.
const MAX_WORKERS: usize = 12;

/// What becomes of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Features,
    Failed(&'static str),
    /// The object is missing; an error row, and another look.
    LookAgain,
    Later,
    GiveBack,
    Forget,
}

/// From where a claim looks: for each priority above the place of this measurement, if it is queued; else from the bottom.
pub(super) type Above = [Option<usize>; 3];

#[derive(Clone, Debug)]
pub(super) enum Transition {
    // The application.
    Complete(Vec<usize>),
    /// As before the installation, or with the triggers off: only sweep and backfill find it.
    CompleteUnseen(usize),
    Reopen(usize),
    DeleteSession(usize),
    InsertSession(usize, bool),
    InsertMeasurement(usize, bool),
    DeleteMeasurement(usize),
    /// An object at another place, or at last.
    PutObject(usize),
    RemoveObject(usize),
    MoveMeasurement(usize, usize),
    TruncateMeasurements,
    // Daemons.
    Register,
    Beat(usize),
    Claim {
        worker: usize,
        limit: usize,
        above: Above,
    },
    /// It is carried out, and the daemon never hears of it.
    LoseClaim {
        worker: usize,
        limit: usize,
    },
    TakeStrays(usize),
    /// By two daemons at the same moment; all of it given back.
    ClaimTogether {
        workers: (usize, usize),
        limit: usize,
    },
    /// In one transaction, by leases of any age.
    Finish(Vec<(usize, Verdict)>),
    /// In two transactions at the same moment.
    FinishTogether((usize, Verdict), (usize, Verdict)),
    /// Its heartbeat is from long ago.
    Expire(usize),
    /// Its row is deleted, whatever it holds.
    Leave(usize),
    Release,
    /// A daemon claims from the top and dies, again and again.
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

fn verdict() -> BoxedStrategy<Verdict> {
    prop_oneof![
        4 => Just(Verdict::Features),
        2 => select(&KINDS[..]).prop_map(Verdict::Failed),
        2 => Just(Verdict::LookAgain),
        2 => Just(Verdict::Later),
        1 => Just(Verdict::GiveBack),
        2 => Just(Verdict::Forget),
    ]
    .boxed()
}

fn above() -> BoxedStrategy<Above> {
    let one = || proptest::option::of(0..MEASUREMENTS);
    prop_oneof![Just([None; 3]), (one(), one(), one()).prop_map(<[_; 3]>::from)].boxed()
}

/// Strategies with their weights, for as long as there is something to draw from.
struct Choice(Vec<(u32, BoxedStrategy<Transition>)>);

impl Choice {
    fn add(&mut self, weight: u32, strategy: impl Strategy<Value = Transition> + 'static) {
        self.0.push((weight, strategy.boxed()));
    }

    fn add_each<T: Clone + std::fmt::Debug + 'static>(
        &mut self,
        weight: u32,
        of: Vec<T>,
        make: impl Fn(T) -> Transition + 'static,
    ) {
        if !of.is_empty() {
            self.add(weight, select(of).prop_map(make));
        }
    }
}

/// The indices of those that pass.
fn those<T>(of: &[T], pass: impl Fn(&T) -> bool) -> Vec<usize> {
    of.iter()
        .enumerate()
        .filter(|(_, one)| pass(one))
        .map(|(index, _)| index)
        .collect()
}

fn application(world: &World, choice: &mut Choice) {
    let present = those(&world.sessions, |session| session.exists);
    if !present.is_empty() {
        let most = present.len();
        choice.add(6, subsequence(present.clone(), 1..=most).prop_map(Transition::Complete));
        choice.add_each(1, present.clone(), Transition::DeleteSession);
        choice.add_each(4, present, Transition::CompleteUnseen);
    }
    choice.add_each(
        3,
        those(&world.sessions, |session| session.completed),
        Transition::Reopen,
    );
    let absent = those(&world.sessions, |session| !session.exists);
    if !absent.is_empty() {
        choice.add(
            2,
            (select(absent), any::<bool>()).prop_map(|(s, completed)| Transition::InsertSession(s, completed)),
        );
    }
    let recorded = those(&world.measurements, |measurement| measurement.exists);
    choice.add_each(1, recorded.clone(), Transition::DeleteMeasurement);
    choice.add_each(3, recorded.clone(), Transition::PutObject);
    choice.add_each(1, recorded.clone(), Transition::RemoveObject);
    if !recorded.is_empty() {
        choice.add(
            1,
            (select(recorded), 0..SESSIONS).prop_map(|(m, s)| Transition::MoveMeasurement(m, s)),
        );
    }
    let unrecorded = those(&world.measurements, |measurement| !measurement.exists);
    if !unrecorded.is_empty() {
        choice.add(
            3,
            (select(unrecorded), any::<bool>()).prop_map(|(m, object)| Transition::InsertMeasurement(m, object)),
        );
        choice.add(1, Just(Transition::TruncateMeasurements));
    }
}

fn daemons(world: &World, choice: &mut Choice) {
    let living = those(&world.workers, |worker| worker.registered);
    let all: Vec<usize> = (0..world.workers.len()).collect();
    if world.workers.len() < MAX_WORKERS {
        choice.add(2, Just(Transition::Register));
        if world.workers.len() + 5 < MAX_WORKERS {
            choice.add(
                1,
                (1..=5_usize, 1..3_usize).prop_map(|(times, limit)| Transition::CrashLoop { times, limit }),
            );
        }
    }
    choice.add_each(1, all.clone(), Transition::Beat);
    // The dead try too.
    let claim = (select(all.clone()), 1..6_usize, above()).prop_map(|(worker, limit, above)| Transition::Claim {
        worker,
        limit,
        above,
    });
    choice.add(12, claim);
    choice.add(
        2,
        (select(all.clone()), 1..4_usize).prop_map(|(worker, limit)| Transition::LoseClaim { worker, limit }),
    );
    choice.add_each(2, all, Transition::TakeStrays);
    if living.len() > 1 {
        let together =
            (subsequence(living.clone(), 2), 1..4_usize).prop_map(|(pair, limit)| Transition::ClaimTogether {
                workers: (pair[0], pair[1]),
                limit,
            });
        choice.add(2, together);
    }
    choice.add_each(2, living.clone(), Transition::Expire);
    choice.add_each(1, living, Transition::Leave);
    choice.add(4, Just(Transition::Release));
    choice.add(3, Just(Transition::TimePasses));
    choice.add(3, Just(Transition::Promote));

    let answered = those(&world.leases, |lease| !lease.lost);
    let held: Vec<usize> = answered.iter().copied().filter(|&lease| world.holds(lease)).collect();
    if !held.is_empty() {
        let most = held.len().min(4);
        let batch = subsequence(held.clone(), 1..=most).prop_flat_map(|leases| {
            leases
                .into_iter()
                .map(|lease| (Just(lease), verdict()))
                .collect::<Vec<_>>()
        });
        choice.add(14, batch.prop_map(Transition::Finish));
    }
    let first_looks: Vec<usize> = held
        .iter()
        .copied()
        .filter(|&lease| !world.leases[lease].recheck)
        .collect();
    if first_looks.len() > 1 {
        let pair = (subsequence(first_looks, 2), verdict(), verdict());
        choice.add(
            3,
            pair.prop_map(|(pair, one, other)| Transition::FinishTogether((pair[0], one), (pair[1], other))),
        );
    }
    if !answered.is_empty() {
        let stale = (select(answered), verdict()).prop_map(|claim| Transition::Finish(vec![claim]));
        choice.add(4, stale);
    }
}

fn administrator(world: &World, choice: &mut Choice) {
    choice.add(3, (1..=SESSIONS).prop_map(Transition::Sweep));
    let backfill =
        (1..=SESSIONS, any::<bool>()).prop_map(|(sessions, failed_too)| Transition::Backfill { sessions, failed_too });
    choice.add(3, backfill);
    choice.add_each(2, (0..world.backfills.len()).collect(), Transition::Cancel);
    choice.add(2, proptest::option::of(select(&KINDS[..])).prop_map(Transition::Retry));
    choice.add(
        1,
        Just(if world.paused {
            Transition::Resume
        } else {
            Transition::Pause
        }),
    );
    if world.paused {
        choice.add(4, Just(Transition::Resume));
    }
}

/// The model as proptest wants it.
pub(super) struct Reference;

impl ReferenceStateMachine for Reference {
    type State = World;
    type Transition = Transition;

    fn init_state() -> BoxedStrategy<World> {
        Just(World::new()).boxed()
    }

    fn transitions(world: &World) -> BoxedStrategy<Transition> {
        let mut choice = Choice(Vec::new());
        application(world, &mut choice);
        daemons(world, &mut choice);
        administrator(world, &mut choice);
        proptest::strategy::Union::new_weighted(choice.0).boxed()
    }

    /// What is left out while shrinking may be what another transition needs.
    fn preconditions(world: &World, transition: &Transition) -> bool {
        let answered = |lease: &usize| world.leases.get(*lease).is_some_and(|lease| !lease.lost);
        let known = |worker: &usize| *worker < world.workers.len();
        let lives = |worker: &usize| world.workers.get(*worker).is_some_and(|worker| worker.registered);
        match transition {
            Transition::Complete(sessions) => sessions.iter().all(|&s| world.sessions[s].exists),
            Transition::Reopen(s) | Transition::DeleteSession(s) | Transition::CompleteUnseen(s) => {
                world.sessions[*s].exists
            }
            Transition::InsertSession(s, _) => !world.sessions[*s].exists,
            Transition::InsertMeasurement(m, _) => !world.measurements[*m].exists,
            Transition::DeleteMeasurement(m)
            | Transition::PutObject(m)
            | Transition::RemoveObject(m)
            | Transition::MoveMeasurement(m, _) => world.measurements[*m].exists,
            Transition::Beat(worker)
            | Transition::TakeStrays(worker)
            | Transition::Claim { worker, .. }
            | Transition::LoseClaim { worker, .. } => known(worker),
            Transition::ClaimTogether { workers, .. } => lives(&workers.0) && lives(&workers.1),
            Transition::Expire(worker) | Transition::Leave(worker) => lives(worker),
            Transition::Finish(verdicts) => verdicts.iter().all(|(lease, _)| answered(lease)),
            Transition::FinishTogether((one, _), (other, _)) => {
                // Who only looks again does not keep a session open; which of the two announces it would be open too.
                one != other
                    && [one, other]
                        .into_iter()
                        .all(|lease| answered(lease) && world.holds(*lease) && !world.leases[*lease].recheck)
            }
            Transition::Cancel(b) => *b < world.backfills.len(),
            _ => true,
        }
    }

    fn apply(mut world: World, transition: &Transition) -> World {
        world.happen(transition);
        world
    }
}
