//! scratch head

use stateright::{Checker as _, HasDiscoveries, Model as _};

use self::faults::{Event, Mending, Protocol};

mod actions;
mod daemon;
mod expansion;
mod faults;
mod invariants;
mod state;
mod steps;

const BASE: Protocol = Protocol {
    name: "",
    events: &[],
    measurements: 1,
    expands_in_steps: false,
    stores_in_steps: false,
    sweeps: false,
    without: None,
};

fn explore(protocol: &Protocol) -> Vec<(&'static str, String)> {
    let begun = std::time::Instant::now();
    let checker = protocol
        .clone()
        .checker()
        .threads(1)
        .finish_when(HasDiscoveries::AnyFailures)
        .spawn_bfs()
        .join();
    println!(
        "{} without {:?}: {} states, depth {}, {:?}",
        protocol.name,
        protocol.without,
        checker.unique_state_count(),
        checker.max_depth(),
        begun.elapsed()
    );
    let mut found: Vec<_> = checker
        .discoveries()
        .into_iter()
        .map(|(name, path)| (name, path.into_actions().iter().map(|action| format!("    {action:?}\n")).collect()))
        .collect();
    found.sort();
    for (name, trace) in &found {
        println!("  {name}:\n{trace}");
    }
    found
}


use Event as E;
fn configurations() -> Vec<Protocol> {
    vec![
        Protocol {
            name: "sources",
            events: &[(E::Complete, 1), (E::Replace, 1), (E::Revert, 1), (E::Clear, 1), (E::Again, 1)],
            expands_in_steps: true,
            ..BASE
        },
        Protocol {
            name: "leases",
            events: &[(E::Complete, 1), (E::Overwrite, 1), (E::Again, 1), (E::Die, 1), (E::Expire, 1), (E::LoseAnswer, 1), (E::GiveBack, 1)],
            ..BASE
        },
        Protocol {
            name: "fail-over",
            events: &[(E::Complete, 1), (E::Replace, 1), (E::Overwrite, 1), (E::Again, 1), (E::BreakReplication, 1), (E::LoseAnswer, 1)],
            ..BASE
        },
        Protocol {
            name: "failures",
            events: &[(E::Complete, 1), (E::Reopen, 1), (E::Replace, 1), (E::Again, 1), (E::Spoil, 1), (E::Fail, 1), (E::Recheck, 1), (E::GiveBack, 1)],
            sweeps: true,
            ..BASE
        },
        Protocol {
            name: "times",
            events: &[(E::Complete, 1), (E::Retime, 2), (E::Again, 1), (E::Fail, 1), (E::Delete, 1)],
            expands_in_steps: true,
            ..BASE
        },
        Protocol {
            name: "session",
            events: &[(E::Complete, 1), (E::Delete, 1), (E::DeleteSession, 1), (E::Die, 1)],
            measurements: 2,
            expands_in_steps: true,
            stores_in_steps: true,
            ..BASE
        },
        Protocol {
            name: "lost notes",
            events: &[(E::Complete, 1), (E::Replace, 1), (E::Retime, 1), (E::LoseNote, 2), (E::Backfill, 1), (E::Cancel, 1)],
            measurements: 2,
            sweeps: true,
            ..BASE
        },
    ]
}

#[test]
fn scratch() {
    use Mending as M;
    for protocol in configurations() {
        explore(&protocol);
    }
    for m in [M::FailureRemembered, M::FingerprintOfTheClaim, M::ClaimIdsNeverRepeat, M::HeartbeatCompares] {
        println!("=== {m:?}");
        for protocol in configurations() {
            explore(&protocol.without(m));
        }
    }
}
