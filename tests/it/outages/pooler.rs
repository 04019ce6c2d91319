//! Through a real `PgBouncer` in transaction mode: nothing depends on a session.

use tokio_postgres::SimpleQueryMessage;

use crate::support::daemon::{ANY_PORT, Daemon, command, get};
use crate::support::pgbouncer::PgBouncer;
use crate::support::rds_proxy::RdsProxy;
use crate::support::{Bench, connect, recordings, wait_until};

/// A trigger that stores the settings of the session that writes each row.
const RECORD_SETTINGS: &str = "CREATE TABLE public.seen AS SELECT ''::text AS settings WHERE false;
    GRANT INSERT ON public.seen TO PUBLIC;
    CREATE FUNCTION public.see() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO public.seen SELECT concat_ws(' ', current_setting('statement_timeout'), current_setting('enable_seqscan'),
            current_setting('jit'), (SELECT count(*) FROM pg_prepared_statements));
        RETURN NULL;
    END $$;
    CREATE TRIGGER see AFTER INSERT ON heimdall.measurement_features FOR EACH STATEMENT EXECUTE FUNCTION public.see();";

/// The settings do not stay on the connection for the next client.
async fn assert_no_settings_left(bench: &Bench, bouncer: &PgBouncer) {
    let (other, _) = connect(&bouncer.url(&bench.url().await)).await;
    let shown = other.simple_query("SHOW enable_seqscan").await.expect("an answer");
    let values = shown.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    assert_eq!(values.collect::<Vec<_>>(), ["on"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_daemons_work_through_a_pooler_with_two_connections() {
    let bench = Bench::new().await;
    bench.put("a.bin", recordings::tone());
    bench.execute(RECORD_SETTINGS).await;
    bench.history(30, "a.bin", "completed").await;
    let session = bench.record(&["a.bin", "gone.bin", "a.bin"]).await;
    let bouncer = PgBouncer::start("").await;
    let url = bouncer.url(&bench.url_as("daemon").await);
    let settings = [
        ("HEIMDALL_DATABASE_URL", url.as_str()),
        ("HEIMDALL_SWEEP_INTERVAL", "500ms"),
        ("HEIMDALL_SWEEP_HISTORY", "on"),
    ];
    let daemons = [
        Daemon::spawn_with(&bench, &settings).await,
        Daemon::spawn_with(&bench, &settings).await,
    ];
    bench.wait_count("heimdall.extraction_workers", 2).await;
    bench.complete(&session).await;
    let rows = bench.rows(&session).await;
    assert_eq!(rows.iter().filter(|row| row.failed).count(), 1);
    // The sweep queues the history. Then a backfill runs to its end.
    bench
        .wait_count("heimdall.measurement_features WHERE NOT extraction_failed", 32)
        .await;
    bench
        .execute("DELETE FROM heimdall.measurement_features WHERE NOT extraction_failed")
        .await;
    let backfill: i64 = bench
        .value("SELECT measurements_queued FROM heimdall.request_backfill()", &[])
        .await;
    assert!(backfill > 0);
    bench
        .wait_count("heimdall.measurement_features WHERE NOT extraction_failed", 32)
        .await;
    bench
        .wait_count("heimdall.backfills WHERE finished_at IS NOT NULL", 1)
        .await;

    let seen = "SELECT string_agg(DISTINCT settings, ', ') FROM public.seen";
    assert_eq!(bench.value::<String>(seen, &[]).await, "2s off off 0");
    assert_no_settings_left(&bench, &bouncer).await;
    for daemon in daemons {
        daemon
            .assert_logged("a transaction pooler is in between: statements", 1)
            .await;
        daemon.assert_logged("only polling, every second", 1).await;
        for problem in [
            "cannot claim",
            "cannot be written",
            "no heartbeat",
            "sweep failed",
            "listener lost",
            "refused",
        ] {
            assert_eq!(daemon.log_lines(problem), Vec::<String>::new());
        }
        daemon.stop().await;
    }
    assert_eq!(bench.count("heimdall.worker_heartbeats").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_listener_bypasses_a_pooler_that_ignores_unknown_parameters() {
    let bench = Bench::new().await;
    bench.put("a.bin", recordings::tone());
    let session = bench.record(&["a.bin"]).await;
    let bouncer = PgBouncer::start("ignore_startup_parameters = options").await;
    let direct = bench.url_as("daemon").await;
    let url = bouncer.url(&direct);
    // The poll interval is an hour, so only a notification explains success.
    let settings = [
        ("HEIMDALL_DATABASE_URL", url.as_str()),
        ("HEIMDALL_LISTENER_DATABASE_URL", &direct),
    ];
    let daemon = Daemon::start_with(&bench, &settings).await;
    daemon
        .wait_for_log("a transaction pooler is in between: statements")
        .await;
    bench.complete(&session).await;
    assert!(!bench.rows(&session).await[0].failed);
    assert_eq!(daemon.log_lines("only polling"), Vec::<String>::new());
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_refusal_of_rds_proxy_is_the_one_of_a_pooler() {
    let bench = Bench::new().await;
    bench.put("a.bin", recordings::tone());
    let session = bench.record(&["a.bin"]).await;
    let proxy = RdsProxy::start(&bench).await;
    let url = proxy.url_as("daemon", &bench);
    let daemon = Daemon::spawn_with(&bench, &[("HEIMDALL_DATABASE_URL", url.as_str())]).await;
    daemon
        .wait_for_log("a transaction pooler is in between: statements")
        .await;
    bench.complete(&session).await;
    assert!(!bench.rows(&session).await[0].failed);
    daemon.assert_logged("only polling, every second", 1).await;
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn polling_without_listening_is_a_setting() {
    let bench = Bench::new().await;
    bench.put("a.bin", recordings::tone());
    let session = bench.record(&["a.bin"]).await;
    let settings = [("HEIMDALL_LISTENER_DATABASE_URL", "off"), ANY_PORT];
    let daemon = Daemon::spawn_with(&bench, &settings).await;
    bench.complete(&session).await;
    assert!(!bench.rows(&session).await[0].failed);
    daemon.assert_logged("only polling, every second", 1).await;
    let ready = format!("{}/readyz", daemon.http().await);
    wait_until("the daemon is ready", || async {
        let (status, text) = get(&ready).await;
        status == 200 && text.contains("only polling")
    })
    .await;
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_migration_does_not_go_through_a_pooler() {
    let bench = Bench::new().await;
    for settings in ["", "ignore_startup_parameters = options"] {
        let bouncer = PgBouncer::start(settings).await;
        for (name, status, says) in [
            ("migrate", 1, ["transaction pooler", "go past it"]),
            (
                "backfill",
                69,
                ["is a transaction pooler", "type: HEIMDALL_ADMIN_DATABASE_URL="],
            ),
        ] {
            let output = command()
                .arg(name)
                .env("HEIMDALL_DATABASE_URL", bouncer.url(&bench.url().await))
                .output()
                .expect("the binary runs");
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(status), "{said}");
            assert!(says.iter().all(|part| said.contains(part)), "{said}");
        }
    }
}
