//! The state of the model and of the database as text, for comparison.

use std::fmt::Write as _;

use heimdall_daemon::job::claim::Claim;
use tokio_postgres::{Client, Row};
use uuid::Uuid;

use super::state::{State, World};
use super::system::{System, measurement_of, session_of};

/// The queue in its order, rows by measurement, backfills, daemons.
pub(super) fn of_model(world: &World) -> String {
    let mut text = String::new();
    let mut queue: Vec<_> = world
        .measurements
        .iter()
        .enumerate()
        .filter_map(|(m, measurement)| measurement.queued.as_ref().map(|entry| (m, entry)))
        .collect();
    queue.sort_unstable_by_key(|(_, entry)| entry.position);
    for (m, entry) in queue {
        let state = match entry.state {
            State::Ready => "ready".to_owned(),
            State::Claimed(lease) if world.leases[lease].lost => {
                format!("lost to worker {}", world.leases[lease].worker)
            }
            State::Claimed(lease) => format!("claimed by worker {} with {lease}", world.leases[lease].worker),
            State::Waiting(due) => format!("waiting, due {due}"),
        };
        line(
            &mut text,
            m,
            entry.session,
            &state,
            (entry.source, entry.priority),
            entry.backfill,
            (entry.attempt, entry.crashes, entry.recheck),
        );
    }
    for (m, measurement) in world.measurements.iter().enumerate() {
        if let Some(row) = &measurement.row {
            let _ = writeln!(
                text,
                "row {m} of {:?}: {:?} after {}, {:?} daemons lost",
                row.session, row.kind, row.attempts, row.crashes
            );
        }
    }
    for (b, backfill) in world.backfills.iter().enumerate() {
        let _ = writeln!(
            text,
            "backfill {b}: {} done {} failed {} finished {} cancelled {}",
            backfill.total, backfill.done, backfill.failed, backfill.finished, backfill.cancelled
        );
    }
    let registered = world.workers.iter().enumerate().filter(|(_, worker)| worker.registered);
    let registered: Vec<usize> = registered.map(|(w, _)| w).collect();
    let _ = writeln!(text, "workers {registered:?}, paused {}", world.paused);
    text
}

fn line(
    text: &mut String,
    m: usize,
    session: usize,
    state: &str,
    (source, priority): (&str, i16),
    backfill: Option<usize>,
    (attempt, crashes, recheck): (i32, i32, bool),
) {
    let _ = writeln!(
        text,
        "queued {m} of {session}: {state}; {source} {priority} backfill {backfill:?} attempt {attempt} crashes {crashes} recheck {recheck}"
    );
}

/// The number of daemons in the message of an error row of kind `crashed`.
fn lost_daemons(message: &str) -> i32 {
    let count = message.strip_prefix("Extraction crashed: ");
    let count = count.and_then(|text| text.split_once(" daemons were lost"));
    let (count, _) = count.unwrap_or_else(|| panic!("{message:?}"));
    count.parse().expect("a count")
}

/// The same for the database.
pub(super) async fn of_database(system: &System) -> String {
    let parts = [
        queue(system).await,
        results(system).await,
        backfills(system).await,
        workers(system).await,
    ];
    parts.concat()
}

async fn queue(system: &System) -> String {
    let query = "SELECT measurement_id, recording_session_id, state, claim_id, worker_id, coalesce(due_at <= clock_timestamp(), false),
            source, priority, backfill_id, attempt, crashes, recheck
        FROM heimdall.feature_queue ORDER BY id";
    let mut text = String::new();
    for row in rows(system.sql, query).await {
        let claim_id: Option<i64> = row.get(3);
        let state = match row.get(2) {
            "claimed" => {
                let worker = index_of(&system.workers, row.get(4));
                let is_its = |claim: &Option<Claim>| {
                    claim
                        .as_ref()
                        .is_some_and(|claim| Some(claim.lease.claim_id) == claim_id)
                };
                match system.claims.iter().position(is_its) {
                    Some(lease) => format!("claimed by worker {worker} with {lease}"),
                    None => format!("lost to worker {worker}"),
                }
            }
            "waiting" => format!("waiting, due {}", row.get::<_, bool>(5)),
            other => other.to_owned(),
        };
        let backfill: Option<Uuid> = row.get(8);
        line(
            &mut text,
            measurement_of(row.get(0)),
            session_of(row.get(1)),
            &state,
            (row.get(6), row.get(7)),
            backfill.map(|id| index_of(&system.backfills, id)),
            (row.get(9), row.get(10), row.get(11)),
        );
    }
    text
}

async fn results(system: &System) -> String {
    let query = "SELECT measurement_id, recording_session_id, error_kind, attempts, error_message, cardinality(receiver_features)
        FROM heimdall.measurement_features ORDER BY measurement_id";
    let mut text = String::new();
    for row in rows(system.sql, query).await {
        let kind: Option<&str> = row.get(2);
        let crashes = (kind == Some("crashed")).then(|| lost_daemons(row.get(4)));
        let _ = writeln!(
            text,
            "row {} of {:?}: {kind:?} after {}, {crashes:?} daemons lost",
            measurement_of(row.get(0)),
            row.get::<_, Option<Uuid>>(1).map(session_of),
            row.get::<_, i32>(3)
        );
        assert_eq!(
            row.get::<_, i32>(5) > 0,
            kind.is_none(),
            "a row has either features or an error"
        );
    }
    text
}

async fn backfills(system: &System) -> String {
    let query = "SELECT backfill_id, total, done, failed, finished_at IS NOT NULL, cancelled_at IS NOT NULL FROM heimdall.backfills";
    let describe = |row: &Row| {
        let b = index_of(&system.backfills, row.get(0));
        let (total, done, failed): (i64, i64, i64) = (row.get(1), row.get(2), row.get(3));
        let (finished, cancelled): (bool, bool) = (row.get(4), row.get(5));
        let text =
            format!("backfill {b}: {total} done {done} failed {failed} finished {finished} cancelled {cancelled}\n");
        (b, text)
    };
    let mut lines: Vec<(usize, String)> = rows(system.sql, query).await.iter().map(describe).collect();
    lines.sort();
    lines.into_iter().map(|(_, line)| line).collect()
}

async fn workers(system: &System) -> String {
    let ids = rows(system.sql, "SELECT worker_id FROM heimdall.worker_heartbeats").await;
    let mut registered: Vec<usize> = ids.iter().map(|row| index_of(&system.workers, row.get(0))).collect();
    registered.sort_unstable();
    let control = rows(system.sql, "SELECT paused FROM heimdall.extraction_control").await;
    let paused: bool = control[0].get(0);
    format!("workers {registered:?}, paused {paused}\n")
}

fn index_of(known: &[Uuid], id: Uuid) -> usize {
    known.iter().position(|one| *one == id).expect("an id of this test")
}

async fn rows(sql: &Client, query: &str) -> Vec<Row> {
    let prepared = sql.prepare(query).await.expect("a valid query");
    sql.query(&prepared, &[]).await.expect("rows")
}
