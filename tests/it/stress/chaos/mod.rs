//! Everything at once: real daemons, sessions coming in all the while, and blows of every kind, from a printed seed.
//!
//! A minute in a normal run; by hand as long as one likes:
//! `HEIMDALL_CHAOS_SECONDS=3600 HEIMDALL_CHAOS_SEED=7 cargo test --features demo --test it chaos -- --nocapture`.
//! At the end every measurement has exactly one row and the right one, the queue is empty and nothing is held.

mod application;
mod blows;
mod fleet;
mod objects;
mod verdict;

use std::time::{Duration, Instant};

use fastrand::Rng;

use self::application::Application;
use self::blows::Arena;
use self::fleet::Fleet;
use crate::support::Bench;

/// Short enough that a normal run can afford it, long enough for a hundred blows.
const SECONDS: u64 = 40;
/// As short as a busy machine allows, so that leases run out often.
const LEASE: Duration = Duration::from_secs(2);
/// Between two blows, at most.
const LONGEST_PAUSE: Duration = Duration::from_millis(700);
/// How long the daemons may take in quiet to finish what the blows have left.
const QUIET_LIMIT: Duration = Duration::from_mins(4);

fn from_environment(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_measurement_gets_exactly_one_correct_row_under_random_faults() {
    let seed = from_environment("HEIMDALL_CHAOS_SEED").unwrap_or_else(|| fastrand::u64(..1_000_000));
    let time = Duration::from_secs(from_environment("HEIMDALL_CHAOS_SECONDS").unwrap_or(SECONDS));
    println!(
        "chaos: HEIMDALL_CHAOS_SEED={seed} HEIMDALL_CHAOS_SECONDS={}",
        time.as_secs()
    );
    let bench = Bench::with_own_cluster().await;
    objects::put_all(&bench);
    let fleet = Fleet::start(&bench, seed).await;
    let application = Application::start(&bench, seed).await;
    let mut arena = Arena::new(bench, fleet, Rng::with_seed(seed)).await;

    let begun = Instant::now();
    while begun.elapsed() < time {
        let pause = arena
            .rng
            .u64(20..u64::try_from(LONGEST_PAUSE.as_millis()).expect("less than a second"));
        arena.strike().await;
        arena.mend_for(Duration::from_millis(pause)).await;
    }
    let sessions = application.stop().await;
    let Arena {
        bench, fleet, counts, ..
    } = arena.mend_everything().await;
    println!(
        "chaos: {} s, {sessions} sessions, {} blows: {counts:?}",
        time.as_secs(),
        counts.values().sum::<u32>()
    );

    let quiet = Instant::now();
    let unsettled = verdict::settle(&bench, QUIET_LIMIT).await;
    let said = fleet.stop().await;
    let violations = verdict::violations(&bench, unsettled, &said).await;
    assert!(
        violations.is_empty(),
        "HEIMDALL_CHAOS_SEED={seed}: {} violations, logs in {}:\n{}",
        violations.len(),
        said.keep().display(),
        violations.join("\n")
    );
    let rows = bench.count("heimdall.measurement_features").await;
    println!(
        "chaos: {rows} rows, all as they should be, {:.1} s after the last blow",
        quiet.elapsed().as_secs_f64()
    );
    assert!(rows > 0 && counts.values().sum::<u32>() > 0);
}
