//! Results that cannot be written now: rows that somebody has locked, slow triggers,
//! long recordings. They are set aside, and the others are written.

use std::time::Duration;

use tokio_postgres::Client;
use uuid::Uuid;

use crate::support::daemon::{ANY_PORT, Daemon, get};
use crate::support::doctor::doctor;
use crate::support::prometheus::Scrape;
use crate::support::store_proxy::{Fault, StoreProxy};
use crate::support::{Bench, Session, assert_extracted, connect, recordings, wait_for, wait_until};

/// A connection with the name of an application, in an open transaction.
async fn application(bench: &Bench) -> (Client, i32) {
    let url = format!("{}?application_name=the-application", bench.url().await);
    let (client, _) = connect(&url).await;
    client.batch_execute("BEGIN").await.expect("begun");
    let row = client.query_one("SELECT pg_backend_pid()", &[]).await.expect("a pid");
    (client, row.get(0))
}

/// Waits until a statement of the daemon waits for a lock.
async fn wait_blocked(bench: &Bench) {
    wait_until("the daemon waits for a lock", || async {
        bench.count_connections("wait_event_type = 'Lock'").await > 0
    })
    .await;
}

/// Several sessions complete, and get all their rows while something else is held.
async fn others_are_written(bench: &Bench) {
    let mut others = Vec::new();
    for _ in 0..3 {
        let other = bench.record(&["a.bin", "a.bin", "a.bin"]).await;
        bench.complete(&other).await;
        others.push(other);
    }
    for other in &others {
        assert_extracted(&bench.rows(other).await, 1);
    }
}

/// A daemon, and a session of one measurement that it has claimed and whose object arrives late.
async fn claimed_late(bench: &Bench) -> (Daemon, Session, StoreProxy) {
    bench.put("a.bin", recordings::tone());
    bench.put("late.bin", recordings::tone());
    let store_proxy = StoreProxy::with_fault(bench, "late.bin", Fault::Delay(Duration::from_secs(1))).await;
    let endpoint = store_proxy.endpoint();
    let settings = [
        ANY_PORT,
        ("HEIMDALL_S3_ENDPOINT", endpoint.as_str()),
        ("HEIMDALL_LEASE", "3s"),
    ];
    let daemon = Daemon::start_with(bench, &settings).await;
    let session = bench.record(&["late.bin"]).await;
    bench.complete(&session).await;
    bench.wait_claimed(1).await;
    (daemon, session, store_proxy)
}

async fn metrics(daemon: &Daemon) -> Scrape {
    let http = daemon.http().await;
    Scrape::parse(&get(&format!("{http}/metrics")).await.1)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_locked_row_of_the_queue_delays_one_recording_and_the_log_names_who_holds_it() {
    let bench = Bench::new().await;
    let (daemon, session, _store_proxy) = claimed_late(&bench).await;
    let (holder, pid) = application(&bench).await;
    let lock = "SELECT FROM heimdall.feature_queue WHERE measurement_id = $1 FOR UPDATE";
    let measurement = session.measurements[0];
    assert_eq!(holder.query(lock, &[&measurement]).await.expect("locked").len(), 1);
    wait_blocked(&bench).await;
    others_are_written(&bench).await;

    daemon.wait_for_log("result cannot be written now, set aside").await;
    let line = daemon.log_lines("set aside").remove(0);
    for words in [
        &measurement.to_string(),
        &format!("process {pid} of the server (application_name the-application, user postgres)"),
        "heimdall.feature_queue",
    ] {
        assert!(line.contains(words), "{words}: {line}");
    }
    let scrape = metrics(&daemon).await;
    assert_eq!(scrape.count("heimdalld_results_set_aside"), 1);
    assert_eq!(scrape.count(r#"heimdalld_outages_total{server="database"}"#), 0);
    // The table of daemons has it after a heartbeat, and so has the doctor.
    let reported = format!(
        "heimdall.extraction_workers, jsonb_array_elements(stalled) s WHERE s ->> 'measurement_id' = '{measurement}'
         AND s ->> 'reason' LIKE '%the-application%' AND (s ->> 'since')::timestamptz < clock_timestamp()"
    );
    bench.wait_count(&reported, 1).await;
    let report = doctor(&bench, &[]).await;
    report.expect("warning", "stalled", "the-application", "pg_terminate_backend");

    holder.batch_execute("COMMIT").await.expect("committed");
    assert_extracted(&bench.rows(&session).await, 1);
    bench.wait_count("heimdall.feature_queue", 0).await;
    daemon.wait_for_log("no longer set aside").await;
    bench
        .wait_count("heimdall.extraction_workers WHERE stalled = '[]'", 1)
        .await;
    assert_eq!(metrics(&daemon).await.count("heimdalld_results_set_aside"), 0);
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_result_that_somebody_selects_for_update_delays_one_recording() {
    let bench = Bench::new().await;
    bench.put("a.bin", recordings::tone());
    bench.put("b.bin", recordings::tone());
    let daemon = Daemon::start(&bench).await;
    let session = bench.record(&["a.bin"]).await;
    bench.complete(&session).await;
    bench.rows(&session).await;
    let (holder, _) = application(&bench).await;
    let lock = "SELECT FROM heimdall.measurement_features WHERE measurement_id = $1 FOR UPDATE";
    let measurement = session.measurements[0];
    assert_eq!(holder.query(lock, &[&measurement]).await.expect("locked").len(), 1);
    let replaced = "UPDATE heimdall.measurements SET iq_data_location = 'b.bin' WHERE id = $1";
    bench.sql.execute(replaced, &[&measurement]).await.expect("replaced");
    wait_blocked(&bench).await;
    others_are_written(&bench).await;
    holder.batch_execute("COMMIT").await.expect("committed");
    wait_for("the features of the new object", || async {
        let row = bench.row(measurement).await?;
        (row.metadata["object_key"] == "b.bin").then_some(())
    })
    .await;
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_advisory_lock_stops_a_daemon_a_sweep_or_a_backfill() {
    let bench = Bench::new().await;
    bench.put("a.bin", recordings::tone());
    let session = bench.record(&["a.bin", "a.bin"]).await;
    bench.history(3, "a.bin", "completed").await;
    // A role without any right on our schema.
    let (anybody, _) = connect(&bench.url_as("app").await).await;
    let keys = "SELECT pg_advisory_lock(k) FROM unnest(ARRAY[
            hashtextextended($1::text, 0), hashtextextended('heimdall.enqueue', 0), hashtextextended('heimdall.sweep', 0),
            uuid_hash_extended($1::text::uuid, 0), uuid_hash_extended($1::text::uuid, 7350423801),
            uuid_hash_extended($1::text::uuid, 0) & 4095]) k";
    let id = session.id.to_string();
    anybody.query(keys, &[&id]).await.expect("they may");
    let daemon = Daemon::start_with(&bench, &[("HEIMDALL_SWEEP_INTERVAL", "1s")]).await;
    bench.complete(&session).await;
    assert_extracted(&bench.rows(&session).await, 1);
    bench
        .execute("SELECT FROM heimdall.request_backfill(); SELECT heimdall.enqueue_missing()")
        .await;
    bench
        .wait_count("heimdall.measurement_features WHERE NOT extraction_failed", 5)
        .await;
    daemon.assert_logged("feature extraction complete", 4).await;
    daemon.stop().await;
}

/// A trigger of the application on the results that works for as long as the table `public.gate` has a row.
async fn slow_trigger(bench: &Bench, measurement: Uuid) {
    let slow = format!(
        "CREATE TABLE public.gate AS SELECT 1;
         CREATE FUNCTION public.slow() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
             WHILE EXISTS (SELECT FROM public.gate) LOOP PERFORM pg_sleep(0.02); END LOOP;
             RETURN new;
         END $$;
         CREATE TRIGGER slow BEFORE INSERT ON heimdall.measurement_features FOR EACH ROW
         WHEN (new.measurement_id = '{measurement}') EXECUTE FUNCTION public.slow()"
    );
    bench.execute(&slow).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_trigger_for_one_row_delays_one_recording() {
    let bench = Bench::new().await;
    bench.put("a.bin", recordings::tone());
    let session = bench.record(&["a.bin", "a.bin", "a.bin"]).await;
    slow_trigger(&bench, session.measurements[1]).await;
    let daemon = Daemon::start(&bench).await;
    bench.complete(&session).await;
    // The others of its batch, and of other sessions.
    for other in [session.measurements[0], session.measurements[2]] {
        wait_for("a row", || bench.row(other)).await;
    }
    others_are_written(&bench).await;
    assert!(bench.row(session.measurements[1]).await.is_none());
    daemon.assert_logged("feature extraction complete", 3).await;
    bench.execute("DELETE FROM public.gate").await;
    assert_extracted(&bench.rows(&session).await, 1);
    daemon.assert_logged("feature extraction complete", 4).await;
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recording_of_an_hour_is_written_beside_live_ones() {
    const SECONDS: usize = 3_600;
    let bench = Bench::new().await;
    bench.put("a.bin", recordings::tone());
    bench.put("long.bin", recordings::tone_of(1, SECONDS * 1_000));
    let long = bench.record(&["long.bin", "a.bin"]).await;
    bench
        .execute("UPDATE heimdall.measurements SET iq_sample_rate = 1000 WHERE iq_data_location = 'long.bin'")
        .await;
    slow_trigger(&bench, long.measurements[0]).await;
    let daemon = Daemon::start(&bench).await;
    bench.complete(&long).await;
    // Its parts are written, and the last statement is at work.
    wait_until("the trigger is at work", || async {
        let at_work = "state = 'active' AND wait_event = 'PgSleep'";
        bench.count_connections(at_work).await > 0
    })
    .await;
    others_are_written(&bench).await;
    wait_for("a row of the same session", || bench.row(long.measurements[1])).await;
    bench.execute("DELETE FROM public.gate").await;
    let rows = bench.rows(&long).await;
    assert_extracted(&rows, 1);
    assert_eq!(rows[0].features.as_array().map(Vec::len), Some(SECONDS));
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daemon_that_stops_gives_back_all_but_the_locked_row() {
    let bench = Bench::new().await;
    let (daemon, session, _store_proxy) = claimed_late(&bench).await;
    let (holder, _) = application(&bench).await;
    let lock = "SELECT FROM heimdall.feature_queue WHERE measurement_id = $1 FOR UPDATE";
    assert_eq!(
        holder
            .query(lock, &[&session.measurements[0]])
            .await
            .expect("locked")
            .len(),
        1
    );
    daemon.wait_for_log("result cannot be written now, set aside").await;
    // Another one, which is in flight when the daemon stops.
    let other = bench.record(&["late.bin"]).await;
    bench.complete(&other).await;
    bench.wait_claimed(2).await;
    daemon.stop().await;
    assert_eq!(bench.count("heimdall.worker_heartbeats").await, 0);
    holder.batch_execute("COMMIT").await.expect("committed");
    // The row that was locked is taken over from a daemon that no longer exists.
    let next = Daemon::start(&bench).await;
    bench.rows(&session).await;
    bench.rows(&other).await;
    next.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_results_than_can_be_set_aside_are_extracted_again_and_the_others_are_written() {
    const LOCKED: i32 = 300;
    let bench = Bench::new().await;
    bench.put("a.bin", recordings::tone());
    // One chunk of 200 ms.
    bench.put("locked.bin", recordings::tone()[..19_200].to_vec());
    let locked = "CREATE FUNCTION public.locked() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             RAISE EXCEPTION 'locked' USING ERRCODE = 'lock_not_available';
         END $$;
         CREATE TRIGGER locked BEFORE INSERT ON heimdall.measurement_features FOR EACH ROW
         WHEN (new.extraction_metadata ->> 'object_key' = 'locked.bin') EXECUTE FUNCTION public.locked()";
    bench.execute(locked).await;
    bench.history(LOCKED, "locked.bin", "recording").await;
    let daemon = Daemon::start(&bench).await;
    bench.complete_all().await;
    others_are_written(&bench).await;
    daemon.wait_for_log("this one is given up and extracted again").await;
    others_are_written(&bench).await;

    bench
        .execute("DROP TRIGGER locked ON heimdall.measurement_features")
        .await;
    wait_until("all rows", || async {
        let now = "UPDATE heimdall.feature_queue SET state = 'ready', due_at = NULL WHERE state = 'waiting';
            SELECT heimdall.wake_workers()";
        bench.execute(now).await;
        bench.count("heimdall.feature_queue").await == 0
    })
    .await;
    let rows = "heimdall.measurement_features WHERE NOT extraction_failed AND attempts = 1";
    assert_eq!(bench.count(rows).await, i64::from(LOCKED) + 18);
    daemon.stop().await;
}
