//! The queue against its model: random interleavings of everything that application, daemons and administrators do,
//! through the daemon's own statements on a real Postgres. After every step queue, rows, backfills and daemons have
//! to be what the model says, and what is true of any queue has to hold; at the end of a case everything is worked off.
//!
//! Half a minute in a normal run. `HEIMDALL_MODEL_SECONDS` makes it longer; a failure prints its seed, and
//! `HEIMDALL_MODEL_SEED` repeats it.

mod actual;
mod meant;
mod picture;
mod state;
mod transition;

use std::cell::Cell;
use std::str::FromStr;
use std::time::{Duration, Instant};

use proptest::test_runner::{Config, RngSeed, TestCaseError, TestError, TestRunner};
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest};

use self::actual::Actual;
use self::transition::Reference;

/// As long as a normal run may take.
const SECONDS: u64 = 25;
/// Steps of one case: enough for a measurement to be queued, lost, postponed and finished several times.
const STEPS: std::ops::Range<usize> = 1..80;
/// Between two looks at the clock.
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
                Actual::test_sequential(config.clone(), world, transitions, seen);
                Ok::<_, TestCaseError>(())
            },
        );
        match outcome {
            Ok(()) => {}
            Err(TestError::Fail(why, (_, transitions, _))) => {
                panic!("HEIMDALL_MODEL_SEED={seed}: {why}\nby these steps: {transitions:#?}")
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
