//! Draws a transition that is possible in the current state.

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::strategy::Union;

use super::state::{MEASUREMENTS, SESSIONS, World};
use super::transition::{KINDS, MAX_WORKERS, Outcome, StartAfter, Transition};

/// Any transition that is possible, by weight.
pub(super) fn any_possible(world: &World) -> BoxedStrategy<Transition> {
    let mut choice = Choice(Vec::new());
    application(world, &mut choice);
    daemons(world, &mut choice);
    writers(world, &mut choice);
    administrator(world, &mut choice);
    Union::new_weighted(choice.0).boxed()
}

/// An outcome of a lease, with the lease. A claim of a measurement that has gone is never extracted.
fn finished(world: &World, lease: usize) -> BoxedStrategy<(usize, Outcome)> {
    let gone = prop_oneof![Just(Outcome::Retry), Just(Outcome::Release), Just(Outcome::Discard),];
    let outcome = match world.leases[lease].location {
        Some(_) => outcome(),
        None => gone.boxed(),
    };
    (Just(lease), outcome).boxed()
}

fn outcome() -> BoxedStrategy<Outcome> {
    prop_oneof![
        4 => Just(Outcome::Completed),
        2 => select(&KINDS[..]).prop_map(Outcome::Failed),
        2 => Just(Outcome::NotFound),
        2 => Just(Outcome::Retry),
        1 => Just(Outcome::Release),
        2 => Just(Outcome::Discard),
    ]
    .boxed()
}

fn start_after() -> BoxedStrategy<StartAfter> {
    let one = || proptest::option::of(0..MEASUREMENTS);
    prop_oneof![Just([None; 3]), (one(), one(), one()).prop_map(<[_; 3]>::from)].boxed()
}

/// Strategies with their weights.
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

/// Indices of the elements that pass.
fn indices<T>(of: &[T], pass: impl Fn(&T) -> bool) -> Vec<usize> {
    of.iter()
        .enumerate()
        .filter(|(_, one)| pass(one))
        .map(|(index, _)| index)
        .collect()
}

fn application(world: &World, choice: &mut Choice) {
    let present = indices(&world.sessions, |session| session.exists);
    if !present.is_empty() {
        let most = present.len();
        choice.add(6, subsequence(present.clone(), 1..=most).prop_map(Transition::Complete));
        choice.add_each(1, present.clone(), Transition::DeleteSession);
        choice.add_each(4, present, Transition::CompleteWithoutTriggers);
    }
    choice.add_each(
        3,
        indices(&world.sessions, |session| session.completed),
        Transition::Reopen,
    );
    let absent = indices(&world.sessions, |session| !session.exists);
    if !absent.is_empty() {
        choice.add(
            2,
            (select(absent), any::<bool>()).prop_map(|(s, completed)| Transition::InsertSession(s, completed)),
        );
    }
    let recorded = indices(&world.measurements, |measurement| measurement.exists);
    choice.add_each(1, recorded.clone(), Transition::DeleteMeasurement);
    choice.add_each(3, recorded.clone(), Transition::PutObject);
    choice.add_each(1, recorded.clone(), Transition::RemoveObject);
    if !recorded.is_empty() {
        choice.add(
            1,
            (select(recorded), 0..SESSIONS).prop_map(|(m, s)| Transition::MoveMeasurement(m, s)),
        );
    }
    let unrecorded = indices(&world.measurements, |measurement| !measurement.exists);
    if !unrecorded.is_empty() {
        choice.add(
            3,
            (select(unrecorded), any::<bool>()).prop_map(|(m, object)| Transition::InsertMeasurement(m, object)),
        );
        choice.add(1, Just(Transition::TruncateMeasurements));
    }
}

/// Registration, claims, and the end of daemons.
fn daemons(world: &World, choice: &mut Choice) {
    let registered = indices(&world.workers, |worker| worker.registered);
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
    choice.add_each(1, all.clone(), Transition::Heartbeat);
    // Daemons without a heartbeat row claim too.
    let claim =
        (select(all.clone()), 1..6_usize, start_after()).prop_map(|(worker, limit, start_after)| Transition::Claim {
            worker,
            limit,
            start_after,
        });
    choice.add(12, claim);
    choice.add(
        2,
        (select(all.clone()), 1..4_usize)
            .prop_map(|(worker, limit)| Transition::ClaimAndLoseResponse { worker, limit }),
    );
    choice.add_each(2, all, Transition::ReleaseOrphans);
    if registered.len() > 1 {
        let together =
            (subsequence(registered.clone(), 2), 1..4_usize).prop_map(|(pair, limit)| Transition::ClaimTogether {
                workers: (pair[0], pair[1]),
                limit,
            });
        choice.add(2, together);
    }
    choice.add_each(2, registered.clone(), Transition::Expire);
    choice.add_each(1, registered, Transition::Deregister);
    if !world.notes.is_empty() {
        choice.add(10, Just(Transition::Expand));
    }
    choice.add(4, Just(Transition::ReleaseExpired));
    choice.add(3, Just(Transition::TimePasses));
    choice.add(3, Just(Transition::Promote));
}

/// Transactions that write outcomes.
fn writers(world: &World, choice: &mut Choice) {
    let answered = indices(&world.leases, |lease| !lease.lost);
    let held: Vec<usize> = answered.iter().copied().filter(|&lease| world.holds(lease)).collect();
    if !held.is_empty() {
        let most = held.len().min(4);
        let outcomes: Vec<_> = held.iter().map(|&lease| finished(world, lease)).collect();
        let batch = subsequence(outcomes, 1..=most).prop_flat_map(|outcomes| outcomes);
        choice.add(14, batch.prop_map(Transition::Finish));
    }
    let no_rechecks: Vec<usize> = held
        .iter()
        .copied()
        .filter(|&lease| !world.leases[lease].recheck)
        .collect();
    if no_rechecks.len() > 1 {
        let outcomes: Vec<_> = no_rechecks.iter().map(|&lease| finished(world, lease)).collect();
        let pair = subsequence(outcomes, 2).prop_flat_map(|outcomes| outcomes);
        choice.add(3, pair.prop_map(|pair| Transition::FinishTogether(pair[0], pair[1])));
    }
    if !answered.is_empty() {
        let outcomes: Vec<_> = answered.iter().map(|&lease| finished(world, lease)).collect();
        let stale = select(outcomes)
            .prop_flat_map(|one| one)
            .prop_map(|claim| Transition::Finish(vec![claim]));
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
