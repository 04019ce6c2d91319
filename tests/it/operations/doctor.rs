//! `heimdalld doctor`: every fault is caused on purpose, and its line and command are checked.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::support::daemon::Daemon;
use crate::support::doctor::doctor;
use crate::support::pgbouncer::PgBouncer;
use crate::support::store_proxy::{Fault, StoreProxy};
use crate::support::{Bench, cluster, connect};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_nothing_wrong_every_line_is_ok_and_the_status_is_0() {
    let bench = Bench::new().await;
    let daemon = Daemon::start(&bench).await;
    let report = doctor(&bench, &[]).await;
    report.assert_status(0);
    let subjects = [
        "database",
        "clock",
        "schema",
        "server",
        "trigger heimdall_session_updated",
        "functions and views",
        "login",
        "rights",
        "indexes",
        "autovacuum",
        "oldest snapshot",
        "notification queue",
        "workers",
        "pause",
        "notifications",
        "store",
        "store's clock",
        "bucket heimdall-raw-iq",
    ];
    for subject in subjects {
        report.expect("ok", subject, "", "");
    }
    report.expect("ok", "workers", "1 alive", "");
    assert_eq!(
        report.text.matches("type:").count(),
        1,
        "only the snapshot, which the login may not see: {}",
        report.text
    );
    assert!(
        report.text.ends_with(" checks, 0 wrong, 0 to look at\n"),
        "{}",
        report.text
    );
    daemon.stop().await;
}

/// Disables all our triggers for every session.
const SILENCE_TRIGGERS: &str = "DO $$ BEGIN
    EXECUTE format('ALTER DATABASE %I SET session_replication_role = replica', current_database()); END $$";
const RESET_ROLE: &str = "DO $$ BEGIN
    EXECUTE format('ALTER DATABASE %I RESET session_replication_role', current_database()); END $$";

/// A statement that breaks something, and the line that reports it: level, subject, words, command. All are broken at
/// the same time.
const BREAKS: [(&str, &str, &str, &str, &str); 10] = [
    (
        "ALTER TABLE heimdall.recording_sessions DISABLE TRIGGER heimdall_session_updated",
        "wrong",
        "trigger heimdall_session_updated",
        "disabled",
        "ALTER TABLE heimdall.recording_sessions ENABLE TRIGGER heimdall_session_updated;",
    ),
    (
        "ALTER TABLE heimdall.measurements ENABLE REPLICA TRIGGER heimdall_measurement_inserted",
        "wrong",
        "trigger heimdall_measurement_inserted",
        "disabled",
        "ENABLE TRIGGER heimdall_measurement_inserted;",
    ),
    (
        "DROP TRIGGER heimdall_measurement_updated ON heimdall.measurements",
        "wrong",
        "trigger heimdall_measurement_updated",
        "missing",
        "heimdalld migrate",
    ),
    (
        "DROP FUNCTION heimdall.cancel_backfill(uuid)",
        "wrong",
        "functions and views",
        "missing: cancel_backfill",
        "heimdalld migrate",
    ),
    (
        "DROP INDEX heimdall.heimdall_measurements_created_at_idx",
        "wrong",
        "indexes",
        "measurements.created_at",
        "heimdalld migrate",
    ),
    (
        "REVOKE UPDATE ON heimdall.sweep_state FROM heimdall_daemon",
        "wrong",
        "rights",
        "UPDATE on sweep_state",
        "heimdalld migrate",
    ),
    (
        "ALTER TABLE heimdall.feature_queue SET (autovacuum_enabled = off)",
        "warning",
        "autovacuum",
        "switched off for heimdall.feature_queue",
        "RESET (autovacuum_enabled)",
    ),
    (
        "SELECT heimdall.pause_extraction('store maintenance')",
        "warning",
        "pause",
        "store maintenance",
        "heimdall.resume_extraction()",
    ),
    (
        SILENCE_TRIGGERS,
        "wrong",
        "triggers",
        "session_replication_role = replica for everybody in database",
        "RESET session_replication_role;",
    ),
    ("SELECT 1", "warning", "workers", "no daemon is alive", "heimdalld run"),
];

/// More transactions than the doctor accepts since the oldest snapshot.
const MANY_TRANSACTIONS: &str =
    "DO $$ BEGIN FOR n IN 1..1000001 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_fault_in_the_database_is_reported_with_the_command_that_mends_it() {
    // An own cluster has no snapshots of other tests.
    let bench = Bench::with_own_cluster().await;
    for (broken, ..) in BREAKS {
        bench.execute(broken).await;
    }
    let report = doctor(&bench, &[]).await;
    report.assert_status(1);
    for (_, level, subject, words, hint) in BREAKS {
        report.expect(level, subject, words, hint);
    }
    assert!(
        report.text.ends_with(" checks, 7 wrong, 3 to look at\n"),
        "{}",
        report.text
    );

    // A migration mends what the commands say. With warnings alone the status is 0.
    bench.execute(RESET_ROLE).await;
    bench
        .execute("ALTER TABLE heimdall.recording_sessions ENABLE TRIGGER heimdall_session_updated")
        .await;
    bench
        .execute("ALTER TABLE heimdall.measurements ENABLE TRIGGER heimdall_measurement_inserted")
        .await;
    let url = heimdall_daemon::config::secret::Secret::new(bench.url().await);
    heimdall_daemon::postgres::migrate::migrate(&url)
        .await
        .expect("sql/ installs");
    let report = doctor(&bench, &[]).await;
    report.assert_status(0);
    assert!(
        report.text.ends_with(" checks, 0 wrong, 3 to look at\n"),
        "{}",
        report.text
    );

    // The process that holds a snapshot is named.
    bench
        .execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM heimdall.feature_queue")
        .await;
    let pid: i32 = bench.value("SELECT pg_backend_pid()", &[]).await;
    let url = bench.url().await;
    let report = doctor(&bench, &[("HEIMDALL_DATABASE_URL", &url)]).await;
    report.expect("ok", "oldest snapshot", &format!("held by process {pid} "), "");
    // The daemon's login cannot see the snapshots of others, and the line says so.
    let report = doctor(&bench, &[]).await;
    report.expect(
        "ok",
        "oldest snapshot",
        "cannot see",
        "GRANT pg_read_all_stats TO daemon;",
    );
    // After a million transactions it is a warning.
    let (other, _) = connect(&url).await;
    // Separate calls, since one call would be one transaction.
    for statement in ["SET synchronous_commit = off", MANY_TRANSACTIONS] {
        other.batch_execute(statement).await.expect("they commit");
    }
    let report = doctor(&bench, &[("HEIMDALL_DATABASE_URL", &url)]).await;
    report.assert_status(0);
    report.expect(
        "warning",
        "oldest snapshot",
        "dead rows of the queue cannot be removed",
        &format!("SELECT pg_terminate_backend({pid});"),
    );
    bench.execute("COMMIT").await;

    bench
        .execute("INSERT INTO heimdall.schema_migrations (version, name, serves_from) VALUES (4711, 'later', 4711)")
        .await;
    let report = doctor(&bench, &[]).await;
    report.assert_status(1);
    report.expect("wrong", "schema", "4711", "replace this heimdalld by the newer one");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_without_autovacuum_and_a_read_only_server_are_reported() {
    let mut bench = Bench::with_own_cluster().await;
    let standby = tokio::task::block_in_place(|| bench.own_cluster().standby()).expect("a standby");
    let url = standby.url_as("daemon", &bench.database);
    let report = doctor(&bench, &[("HEIMDALL_DATABASE_URL", &url)]).await;
    report.assert_status(1);
    report.expect("wrong", "database", "takes no writes", "SELECT pg_is_in_recovery();");

    bench.own_cluster().set_for_next_start(&["autovacuum=off"]);
    tokio::task::block_in_place(|| bench.own_cluster().restart()).expect("it starts again");
    bench.reconnect().await;
    let report = doctor(&bench, &[]).await;
    report.assert_status(0);
    report.expect(
        "warning",
        "autovacuum",
        "the whole server",
        "ALTER SYSTEM SET autovacuum = on",
    );
}

/// A server that refuses TLS as Postgres does.
async fn server_without_tls() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("its number");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut question = [0; 8];
            if stream.read_exact(&mut question).await.is_ok() {
                let _ = stream.write_all(b"N").await;
            }
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_obstacle_to_the_database_has_its_own_line() {
    let bench = Bench::new().await;
    let direct = bench.url_as("daemon").await;
    let database = async |url: String| doctor(&bench, &[("HEIMDALL_DATABASE_URL", &url)]).await;
    let nobody = cluster().await.url_as("nobody_at_all", &bench.database);
    let empty = cluster()
        .await
        .url_as("daemon", &crate::support::empty_database().await);
    bench.execute("CREATE ROLE stranger LOGIN").await;
    let without_tls = server_without_tls().await;
    let bouncer = PgBouncer::start("auth_type = md5").await;
    let locked = bouncer.url(&direct).replace("daemon@", "daemon:hunter2@");
    for (url, words, hint) in [
        (
            "postgresql://daemon@127.0.0.1:1/x".to_owned(),
            "nothing answers at 127.0.0.1:1",
            "pg_isready -h 127.0.0.1 -p 1",
        ),
        (
            direct.replace(&bench.database, "no_such_database"),
            "no database no_such_database",
            "createdb",
        ),
        (
            nobody,
            "does not accept nobody_at_all",
            "CREATE ROLE \"nobody_at_all\" LOGIN",
        ),
        (empty, "lacks parts of our schema", "heimdalld migrate"),
        (
            bench.url_as("stranger").await,
            "stranger lacks rights",
            "GRANT heimdall_daemon TO \"stranger\";",
        ),
        (
            format!("postgresql://daemon@{without_tls}/x?sslmode=verify-full"),
            "no TLS with",
            "openssl s_client -starttls postgres",
        ),
        (
            locked,
            "refuses the password of daemon",
            "ALTER ROLE \"daemon\" PASSWORD",
        ),
    ] {
        let report = database(url).await;
        report.assert_status(1);
        report.expect("wrong", "database", words, hint);
        assert!(!report.text.contains("hunter2"), "{}", report.text);
    }
    bench.execute("DROP ROLE stranger").await;

    // A superuser works, with a warning.
    let report = database(bench.url().await).await;
    report.assert_status(0);
    report.expect("warning", "login", "superuser", "IN ROLE heimdall_daemon");

    for settings in ["", "ignore_startup_parameters = options"] {
        let bouncer = PgBouncer::start(settings).await;
        let report = database(bouncer.url(&direct)).await;
        report.assert_status(0);
        report.expect(
            "warning",
            "notifications",
            "transaction pooler",
            "HEIMDALL_LISTENER_DATABASE_URL",
        );
        report.expect("ok", "indexes", "", "");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_fault_of_the_store_has_its_own_line() {
    let bench = Bench::new().await;
    let store_proxy = StoreProxy::start(bench.store.objects()).await;
    let endpoint = store_proxy.endpoint();
    let bucket = "bucket heimdall-raw-iq";
    let report = doctor(&bench, &[("HEIMDALL_S3_BUCKET", "heimdall-raw-iq,other-one")]).await;
    report.assert_status(1);
    report.expect("ok", bucket, "", "");
    report.expect("wrong", "bucket other-one", "NoSuchBucket", "s3 mb s3://other-one");
    let report = doctor(&bench, &[("HEIMDALL_S3_SECRET_KEY", "another")]).await;
    report.expect("wrong", bucket, "SignatureDoesNotMatch", "HEIMDALL_S3_SECRET_KEY_FILE");
    let report = doctor(&bench, &[("HEIMDALL_S3_ENDPOINT", "http://127.0.0.1:1")]).await;
    report.expect("wrong", bucket, "onnect", "curl -sv http://127.0.0.1:1");
    for (fault, words, hint) in [
        (Fault::Status(403, "AccessDenied"), "403 AccessDenied", "s3:ListBucket"),
        (
            Fault::Status(403, "RequestTimeTooSkewed"),
            "RequestTimeTooSkewed",
            "timedatectl",
        ),
    ] {
        store_proxy.set("", fault);
        let report = doctor(&bench, &[("HEIMDALL_S3_ENDPOINT", &endpoint)]).await;
        report.assert_status(1);
        report.expect("wrong", bucket, words, hint);
    }
}
