//! The queue compared with a model: random sequences of what the application, the daemons and
//! administrators do, with the daemon's own statements on a real Postgres.
//!
//! After every step the queue, the rows, the backfills and the daemons must be those of the model,
//! and the invariants of any queue must hold. At the end of a case everything is completed.
//!
//! It takes half a minute in a normal run; `HEIMDALL_MODEL_SECONDS` makes it longer. A failure
//! prints its seed, and
//! `HEIMDALL_MODEL_SEED` repeats it.

mod reference;
mod snapshot;
mod state;
mod strategies;
mod system;
mod transition;

use std::cell::Cell;
use std::str::FromStr;
use std::time::{Duration, Instant};

use proptest::test_runner::{Config, RngSeed, TestCaseError, TestError, TestRunner};
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest};

use self::system::System;
use self::transition::Reference;

/// Length of a normal run.
const SECONDS: u64 = 25;
/// Steps of one case: enough for a measurement to be queued, lost, deferred and finished several
/// times.
const STEPS: std::ops::Range<usize> = 1..80;
/// Cases between two checks of the time.
const CASES: u32 = 8;

fn setting<T: FromStr>(name: &str) -> Option<T> {
    std::env::var(name)
        .ok()
        .map(|text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is not a number")))
}

#[test]
fn the_queue_agrees_with_its_model() {
    let seconds = setting("HEIMDALL_MODEL_SECONDS").unwrap_or(SECONDS);
    let fixed: Option<u64> = setting("HEIMDALL_MODEL_SEED");
    let mut seed = fixed.unwrap_or_else(|| fastrand::u64(..1 << 48));
    let begun = Instant::now();
    let (cases, steps) = (Cell::new(0_u32), Cell::new(0_usize));
    loop {
        let config = Config {
            cases: CASES,
            rng_seed: RngSeed::Fixed(seed),
            failure_persistence: None,
            max_shrink_time: 120_000,
            ..Config::default()
        };
        let outcome = TestRunner::new(config.clone()).run(
            &Reference::sequential_strategy(STEPS),
            |(world, transitions, seen)| {
                steps.set(steps.get() + transitions.len());
                cases.set(cases.get() + 1);
                System::test_sequential(config.clone(), world, transitions, seen);
                Ok::<_, TestCaseError>(())
            },
        );
        match outcome {
            Ok(()) => {}
            Err(TestError::Fail(why, (_, transitions, _))) => {
                panic!("HEIMDALL_MODEL_SEED={seed}: {why}\nafter these steps: {transitions:#?}")
            }
            Err(error) => panic!("HEIMDALL_MODEL_SEED={seed}: {error}"),
        }
        if fixed.is_some() || begun.elapsed() >= Duration::from_secs(seconds) {
            break;
        }
        seed += 1;
    }
    eprintln!("{} cases, {} steps, the last seed was {seed}", cases.get(), steps.get());
    assert!(cases.get() >= CASES);
}
