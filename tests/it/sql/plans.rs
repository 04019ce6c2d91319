//! Plans with misleading statistics: vacuum has last seen the table empty, and it is full again.
//!
//! After a wave of work, or while a snapshot is held, vacuum records pages without rows. The
//! planner then expects one row, however many there are, and chooses a scan instead of an index.

use heimdall_daemon::sql;
use serde_json::Value;
use tokio_postgres::Client;

use crate::support::{Bench, connect};

/// Rows that a wrong plan would read.
const ROWS: i32 = 5_000;

/// Sessions that no trigger saw, of one measurement each.
const MISSED: i32 = 300;

/// Buffers that the second run of a statement touches, with its triggers. The first run includes
/// planning.
async fn buffers(bench: &Bench, statement: &str) -> i64 {
    let explain = format!("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT pg_temp.run($run${statement}$run$)");
    let mut plan = Value::Null;
    for _ in 0..2 {
        bench.execute("BEGIN").await;
        plan = bench.value(&explain, &[]).await;
        bench.execute("ROLLBACK").await;
    }
    let of = |name: &str| plan[0]["Plan"][name].as_i64().expect("a number");
    of("Shared Hit Blocks") + of("Shared Read Blocks")
}

/// A bench with misleading statistics, for as long as the second value exists.
async fn bench_with_misleading_statistics() -> (Bench, Client) {
    let bench = Bench::new().await;
    let run =
        "CREATE FUNCTION pg_temp.run(command text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE command; END $$";
    bench.execute(run).await;
    let (holder, _) = connect(&bench.url().await).await;
    let hold = "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM heimdall.feature_queue";
    holder.batch_execute(hold).await.expect("held");
    let queue =
        "INSERT INTO heimdall.feature_queue (measurement_id, recording_session_id, measured_at, source, priority)
        SELECT gen_random_uuid(), gen_random_uuid(), now(), 'live', 0 FROM generate_series(1, $1::int)";
    let features = "INSERT INTO heimdall.measurement_features (timestamp, measurement_id, recording_session_id, receiver_features,
            overall_confidence, mean_snr_db, num_receivers_detected)
        SELECT now(), gen_random_uuid(), gen_random_uuid(), ARRAY['{}'::jsonb], 0.9, 20, 1 FROM generate_series(1, $1::int)";
    for (table, fill) in [("feature_queue", queue), ("measurement_features", features)] {
        // Autovacuum must not correct the statistics.
        bench
            .execute(&format!(
                "ALTER TABLE heimdall.{table} SET (autovacuum_enabled = false)"
            ))
            .await;
        bench.sql.execute(fill, &[&ROWS]).await.expect("filled");
        bench.execute(&format!("DELETE FROM heimdall.{table}")).await;
        bench.execute(&format!("VACUUM heimdall.{table}")).await;
        let seen =
            format!("SELECT reltuples = 0 AND relpages > 0 FROM pg_class WHERE oid = 'heimdall.{table}'::regclass");
        assert!(
            bench.value::<bool>(&seen, &[]).await,
            "{table}: the statistics are not misleading"
        );
        bench.sql.execute(fill, &[&ROWS]).await.expect("filled");
    }
    (bench, holder)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_triggers_read_no_table_and_the_expansion_uses_indexes_with_statistics_of_an_empty_table() {
    let (bench, _holder) = bench_with_misleading_statistics().await;
    let session = bench.record(&["a.bin"; 7]).await;

    let settle = "SELECT heimdall.settle_sessions(ARRAY[gen_random_uuid(), gen_random_uuid()])";
    let settled = buffers(&bench, settle).await;
    assert!(settled < 100, "{settled} buffers to settle two sessions");
    let complete = format!(
        "UPDATE heimdall.recording_sessions SET status = 'completed' WHERE id = '{}'",
        session.id
    );
    let completed = buffers(&bench, &complete).await;
    assert!(completed < 30, "{completed} buffers to complete a session of seven");

    let expand = "SELECT heimdall.expand_notes()";
    bench.complete(&session).await;
    let expanded = buffers(&bench, expand).await;
    assert!(
        expanded < 800,
        "{expanded} buffers to expand the completion of a session of seven"
    );
    bench.expand().await;
    let replace = format!(
        "UPDATE heimdall.measurements SET iq_data_location = 'b.bin' WHERE recording_session_id = '{}'",
        session.id
    );
    let replaced = buffers(&bench, &replace).await;
    assert!(replaced < 100, "{replaced} buffers to replace seven objects");
    let add = format!(
        "INSERT INTO heimdall.measurements (iq_data_location, recording_session_id)
         SELECT 'c.bin', '{}' FROM generate_series(1, 7)",
        session.id
    );
    let added = buffers(&bench, &add).await;
    assert!(added < 200, "{added} buffers to add seven late measurements");
    eprintln!("{settled} to settle, {completed} to complete, {replaced} to replace, {added} to add");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_administrators_functions_use_indexes_with_statistics_of_an_empty_table() {
    let (bench, _holder) = bench_with_misleading_statistics().await;
    // Without the daemon's settings.
    bench.history(MISSED, "old.bin", "completed").await;
    for (what, each) in [
        ("heimdall.enqueue_missing(250, true)", 40),
        ("heimdall.request_backfill()", 40),
        ("heimdall.retry_failed()", 0),
        (
            "heimdall.cancel_backfill(id) FROM (SELECT backfill_id AS id FROM heimdall.request_backfill()) b",
            70,
        ),
    ] {
        let touched = buffers(&bench, &format!("SELECT {what}")).await;
        eprintln!("{touched} for {what}");
        let limit = 2_000 + each * i64::from(MISSED);
        assert!(touched < limit, "{touched} buffers for {what}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_daemons_statements_use_indexes_with_statistics_of_an_empty_table() {
    let (bench, _holder) = bench_with_misleading_statistics().await;
    let session = bench.record(&["a.bin"; 7]).await;
    bench.complete(&session).await;
    bench.expand().await;
    // With the settings of the daemon's connections, and leases as a claim sets them.
    bench
        .execute("SET enable_seqscan = off; SET jit = off; SET plan_cache_mode = force_generic_plan")
        .await;
    let lease =
        "UPDATE heimdall.feature_queue SET state = 'claimed', claim_id = uuid_hash_extended(gen_random_uuid(), 0), attempt = 1,
            worker_id = gen_random_uuid(), claimed_at = now()
        WHERE recording_session_id = $1 RETURNING measurement_id::text, claim_id";
    let leases = bench.sql.query(lease, &[&session.id]).await.expect("claimed");
    let (id, claim): (String, i64) = (leases[0].get(0), leases[0].get(1));
    let lease = format!("'{id}', {claim}");
    let statements = [
        (
            "features",
            sql::STORE_FEATURES,
            format!("({lease}, ARRAY['{{}}'::jsonb], '{{}}', 0.9, 20, 1, 0, 1)"),
        ),
        (
            "failure",
            sql::STORE_FAILURE,
            format!("({lease}, 'kind', 'message', '{{}}', NULL, 1)"),
        ),
        (
            "look_again",
            sql::STORE_FAILURE,
            format!("({lease}, 'kind', 'message', '{{}}', 1, 1)"),
        ),
        ("later", sql::RETRY_LATER, format!("({lease}, 1)")),
        ("forget", sql::DISCARD, format!("({lease})")),
        (
            "give_back",
            sql::RELEASE,
            format!("(ARRAY['{id}']::uuid[], ARRAY[{claim}])"),
        ),
        ("strays", sql::RELEASE_ORPHANS, "(gen_random_uuid(), '{}')".to_owned()),
        ("promote", sql::PROMOTE_DUE, String::new()),
        // Each of the seven is claimed by another daemon that does not exist.
        ("release", sql::RELEASE_EXPIRED, String::new()),
    ];
    for (name, text, parameters) in statements {
        bench.execute(&format!("PREPARE {name} AS {text}")).await;
        let touched = buffers(&bench, &format!("EXECUTE {name} {parameters}")).await;
        eprintln!("{touched} for {name}");
        let limit = if name == "release" { 7 * 60 } else { 120 };
        assert!(touched < limit, "{touched} buffers for {name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_statements_of_an_export_read_the_sessions_of_their_days_alone() {
    let (bench, _holder) = bench_with_misleading_statistics().await;
    bench.history(MISSED, "old.bin", "completed").await;
    bench
        .execute(
            "WITH session AS (
                 INSERT INTO heimdall.recording_sessions (status, duration_seconds, created_at)
                 VALUES ('completed', 1, '2020-01-01 12:00Z') RETURNING id, created_at)
             INSERT INTO heimdall.measurement_features (timestamp, measurement_id, recording_session_id, receiver_features,
                 overall_confidence, mean_snr_db, num_receivers_detected, rx_id)
             SELECT created_at, gen_random_uuid(), id, ARRAY['{}'::jsonb], 0.9, 20, 1, 'Station ' || k
             FROM session, generate_series(1, 7) k",
        )
        .await;
    bench.execute(sql::EXPORT_SETTINGS).await;
    bench.execute("SET plan_cache_mode = force_generic_plan").await;
    for (name, text, days) in [
        ("days", sql::EXPORT_DAYS, "'2020-01-01', '2020-01-01'"),
        ("receivers", sql::EXPORT_RECEIVERS, "'2020-01-01', '2020-01-01'"),
        ("samples", sql::EXPORT_SAMPLES, "'2020-01-01'"),
    ] {
        bench.execute(&format!("PREPARE {name} AS {text}")).await;
        let touched = buffers(&bench, &format!("EXECUTE {name} ({days}, NULL)")).await;
        eprintln!("{touched} for {name}");
        assert!(touched < 120, "{touched} buffers for {name}");
    }
}
