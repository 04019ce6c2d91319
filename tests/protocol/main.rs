//! The protocol of the queue as a model, of which every reachable state is visited.
//!
//! The model has one session with one or two measurements, two daemons, and a bounded number of
//! each event. An action is a transaction, or a part of one where another transaction can come in
//! between: an expansion takes its snapshot in one step and writes in a later one; a store writes its
//! row in one step, settles the session in the next and commits in a later one. What a daemon keeps in memory is not in the
//! database, so a fail-over rolls back one and not the other.
//!
//! The model assumes: READ COMMITTED; an UPDATE, DELETE or ON CONFLICT meets the newest version of
//! a row; a location that was used is not used for another object, except where it is overwritten;
//! the counts of attempts and crashes decide nothing but the end of a row; an expansion locks the
//! rows together with its snapshot, where `apply_changes.sql` compares their versions when it writes. It leaves out: the cursors of claims and notes (they are reset),
//! priorities, moves between sessions, row-level security, notes that are set aside.
//!
//! | action | file in `sql/` |
//! | --- | --- |
//! | `Complete`, `DeleteSession` | `functions/intake/note_session_changes.sql` |
//! | `Replace`, `Revert`, `Clear`, `Retime`, `Delete` | `functions/intake/note_measurement_changes.sql` |
//! | `Reopen`, `Overwrite`, `Spoil` | none: nothing is noted |
//! | `Backfill` | `functions/administration/request_backfill.sql`, `functions/administration/enqueue_sessions.sql` |
//! | `Cancel` | `functions/administration/cancel_backfill.sql` |
//! | `Again` | none yet: queues a measurement that has features |
//! | `Expand` | `functions/intake/expand_notes.sql`, `functions/intake/expand_taken.sql`, `functions/intake/apply_changes.sql`, `functions/intake/related_measurements.sql` |
//! | `Sweep` | `queries/sweep.sql`, `functions/intake/enqueue_missing.sql`, `functions/intake/sweep_sessions.sql`, `functions/intake/apply_changes.sql` |
//! | `Claim` | `queries/claim.sql`, `functions/claim_measurements.sql` |
//! | `Fetch` | none: reads the object |
//! | `Store` | `queries/store_features.sql`, `queries/store_failure.sql`, `queries/discard.sql` |
//! | `Settle` | `queries/lock_sessions.sql`, `queries/settle_sessions.sql`, `functions/settle_sessions.sql`, `functions/announce_sessions.sql` |
//! | `Commit` | the file of the transaction that is open |
//! | `Fail`, `Recheck` | `queries/store_failure.sql`, `functions/settle_sessions.sql` |
//! | `GiveBack` | `queries/retry_later.sql`, `queries/snooze.sql`, `queries/park.sql`, `queries/release.sql` |
//! | `Promote` | `queries/promote_due.sql` |
//! | `ReleaseOrphans` | `queries/heartbeat.sql`, `queries/release_orphans.sql` |
//! | `Register` | `queries/heartbeat.sql`, `queries/register_worker.sql` |
//! | `TakeOver`, `Expire` | `queries/release_expired.sql`, `functions/release_expired.sql` |
//! | `Die` | none: the process ends, and another one registers |
//! | `BreakReplication`, `FailOver` | none: what is committed in between is lost |
//!
//! `faults.rs` has the parts of the protocol that prevent something, and the file of each. Without
//! any one of them the checker finds what then goes wrong. `cargo test -p heimdall-daemon --test protocol -- --nocapture` prints the
//! number of states and the shortest traces.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use stateright::{Checker as _, HasDiscoveries, Model as _};

use self::configurations::{ALL, FOUND};
use self::faults::{Mending, Protocol};

mod actions;
mod configurations;
mod daemon;
mod expansion;
mod faults;
mod invariants;
mod state;
mod steps;

/// Visits states until an invariant is broken or all are visited. Returns the broken ones, each
/// with the shortest trace.
fn explore(protocol: &Protocol) -> BTreeMap<&'static str, String> {
    let begun = Instant::now();
    let model = protocol.clone().checker().finish_when(HasDiscoveries::AnyFailures);
    let checker = model.spawn_bfs().join();
    let without = protocol
        .without
        .map_or(String::new(), |mending| format!(" without {mending:?}"));
    println!(
        "{}{without}: {} states in {:.1?}",
        protocol.name,
        checker.unique_state_count(),
        begun.elapsed()
    );
    let traces = checker.discoveries().into_iter().map(|(invariant, path)| {
        let steps: Vec<String> = path
            .into_actions()
            .iter()
            .map(|action| format!("    {action:?}"))
            .collect();
        println!("  broken: {invariant}\n{}", steps.join("\n"));
        (invariant, steps.join("\n"))
    });
    traces.collect()
}

#[test]
fn no_reachable_state_breaks_an_invariant() {
    for protocol in ALL {
        let broken = explore(protocol);
        assert!(broken.is_empty(), "{}: {broken:#?}", protocol.name);
    }
}

#[test]
fn without_any_one_of_its_mendings_the_protocol_breaks() {
    for mending in Mending::ALL {
        assert!(
            FOUND.iter().any(|(found, ..)| *found == mending),
            "{mending:?} is not shown to be needed"
        );
    }
    for (mending, protocol, invariant) in FOUND {
        let broken = explore(&protocol.without(mending));
        assert!(
            broken.contains_key(invariant),
            "{}: without {mending:?}, {invariant:?} should be broken, but only {:?}",
            protocol.name,
            broken.keys()
        );
    }
}

#[test]
fn the_mapping_names_every_action_and_files_that_exist() {
    let table: Vec<&str> = include_str!("main.rs")
        .lines()
        .filter(|line| line.starts_with("//! |"))
        .collect();
    let named: Vec<&str> = table
        .iter()
        .flat_map(|line| line.split('`').skip(1).step_by(2))
        .collect();
    let sql = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sql");
    let sources = include_str!("faults.rs").split('`').filter(|word| is_sql(word));
    for file in named.iter().filter(|name| is_sql(name)) {
        assert!(sql.join(file).is_file(), "sql/{file} does not exist");
    }
    for file in sources {
        let exists = ["functions", "functions/administration", "functions/intake", "queries"]
            .iter()
            .any(|folder| sql.join(folder).join(file).is_file());
        assert!(exists, "{file} in faults.rs does not exist");
    }
    let parsed = syn::parse_file(include_str!("actions.rs")).expect("actions.rs is Rust");
    let variants = parsed.items.iter().find_map(|item| match item {
        syn::Item::Enum(found) if found.ident == "Action" => Some(&found.variants),
        _ => None,
    });
    for variant in variants.expect("actions.rs has the enum Action") {
        assert!(
            named.contains(&variant.ident.to_string().as_str()),
            "{} is not in the table",
            variant.ident
        );
    }
}

fn is_sql(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension == "sql")
}
