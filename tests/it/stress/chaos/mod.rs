//! Random faults of all kinds from a printed seed, while real daemons work and sessions come in.
//!
//! It takes a minute in a normal run. A longer one:
//! `HEIMDALL_CHAOS_SECONDS=3600 HEIMDALL_CHAOS_SEED=7 cargo test -p heimdall-daemon --features demo --test it chaos -- --nocapture`.
//! At the end every measurement has exactly one row, the right one, and the queue is empty.

mod application;
mod changes;
mod checks;
mod faults;
mod fleet;
mod holders;
mod injector;
mod objects;
mod repairs;

use std::time::{Duration, Instant};

use fastrand::Rng;
use heimdall_daemon::config::secret::Secret;
use heimdall_daemon::postgres::migrate;

use self::application::Application;
use self::fleet::Fleet;
use self::injector::FaultInjector;
use crate::support::Bench;

/// Short enough for a normal run, long enough for a hundred faults.
const SECONDS: u64 = 40;
/// As short as a busy machine allows, so that leases expire often.
const LEASE: Duration = Duration::from_secs(2);
/// Longest pause between two faults.
const LONGEST_PAUSE: Duration = Duration::from_millis(700);
/// Time for the daemons to finish everything after the last fault.
const QUIET_LIMIT: Duration = Duration::from_mins(4);

/// An index, drawn by its weight.
fn draw_weighted(rng: &mut Rng, weights: impl Iterator<Item = u32> + Clone) -> usize {
    let mut drawn = rng.u32(..weights.clone().sum::<u32>());
    for (index, weight) in weights.enumerate() {
        if drawn < weight {
            return index;
        }
        drawn -= weight;
    }
    unreachable!("the number drawn is less than the sum")
}

fn from_environment(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{name} is not a number: {text}")),
    )
}

/// Everything belongs to a role that is no superuser, so that row-level security can hide rows from
/// it. A crash of the server loses what was committed within the last second or two, as a fail-over
/// to an asynchronous standby does.
async fn prepare(bench: &Bench) {
    bench
        .execute(
            "CREATE ROLE application_owner;
             ALTER TABLE heimdall.recording_sessions OWNER TO application_owner;
             ALTER TABLE heimdall.measurements OWNER TO application_owner;
             ALTER TABLE heimdall.websdr_stations OWNER TO application_owner",
        )
        .await;
    migrate::migrate(&Secret::new(bench.url().await))
        .await
        .expect("everything gets the tables' owner");
    for setting in ["synchronous_commit = off", "wal_writer_delay = '1s'"] {
        bench.execute(&format!("ALTER SYSTEM SET {setting}")).await;
    }
    bench.execute("SELECT pg_reload_conf()").await;
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
    prepare(&bench).await;
    objects::put_all(&bench);
    let fleet = Fleet::start(&bench, seed).await;
    let application = Application::start(&bench, seed).await;
    let mut injector = FaultInjector::new(bench, fleet, Rng::with_seed(seed)).await;

    let begun = Instant::now();
    while begun.elapsed() < time {
        let pause = injector
            .rng
            .u64(20..u64::try_from(LONGEST_PAUSE.as_millis()).expect("less than a second"));
        injector.inject().await;
        injector.repair_for(Duration::from_millis(pause)).await;
    }
    let sessions = application.stop().await;
    let FaultInjector {
        bench, fleet, counts, ..
    } = injector.repair_everything().await;
    println!(
        "chaos: {} s, {sessions} sessions, {} faults: {counts:?}",
        time.as_secs(),
        counts.values().sum::<u32>()
    );

    let quiet = Instant::now();
    let unfinished = checks::wait_finished(&bench, QUIET_LIMIT).await;
    let logs = fleet.stop().await;
    let violations = checks::violations(&bench, unfinished, &logs).await;
    assert!(
        violations.is_empty(),
        "HEIMDALL_CHAOS_SEED={seed}: {} violations, logs in {}:\n{}",
        violations.len(),
        logs.write_files().display(),
        violations.join("\n")
    );
    let rows = bench.count("heimdall.measurement_features").await;
    println!(
        "chaos: {rows} rows, all correct, {:.1} s after the last fault",
        quiet.elapsed().as_secs_f64()
    );
    assert!(rows > 0 && counts.values().sum::<u32>() > 0);
}
