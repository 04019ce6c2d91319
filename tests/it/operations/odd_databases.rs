//! Databases with other settings than usual, and databases that were restored from a dump.

use std::process::Command;

use heimdall_daemon::config::secret::Secret;
use heimdall_daemon::postgres::migrate::{check, migrate};
use heimdall_daemon::sandbox::binaries::Binaries;

use crate::support::daemon::{Daemon, command};
use crate::support::psql::run_files;
use crate::support::{Bench, cluster, connect, empty_database, recordings};

/// Limits and formats that an administrator may have set for a whole database.
const SETTINGS: [&str; 9] = [
    "statement_timeout = '1ms'",
    "lock_timeout = '1ms'",
    "idle_in_transaction_session_timeout = '1ms'",
    "default_transaction_isolation = 'serializable'",
    "standard_conforming_strings = off",
    "datestyle = 'SQL, DMY'",
    "timezone = 'Asia/Kathmandu'",
    "search_path = ''",
    "extra_float_digits = -10",
];

async fn bench_on(database: String) -> Bench {
    let mut bench = Bench::new().await;
    bench.database = database;
    bench.sql = connect(&bench.url().await).await.0;
    bench
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn limits_and_formats_of_the_database_change_nothing() {
    let bench = bench_on(empty_database().await).await;
    for setting in SETTINGS {
        bench
            .execute(&format!("ALTER DATABASE {} SET {setting}", bench.database))
            .await;
    }
    let url = Secret::new(bench.url().await);
    migrate(&url).await.unwrap_or_else(|error| panic!("{error}"));
    let report = check(&url).await.expect("the check runs");
    assert!(!report.is_obstructed() && report.obstacles.is_empty(), "{report:?}");
    bench.put("a.bin", recordings::tone());
    let session = bench.record(&["a.bin", "a.bin"]).await;
    let daemon = Daemon::start(&bench).await;
    bench.complete(&session).await;
    assert!(bench.rows(&session).await.iter().all(|row| !row.failed));
    daemon.stop().await;
    // The installation of another session: the definition is still ours.
    for setting in ["datestyle", "timezone", "search_path"] {
        bench
            .execute(&format!("ALTER DATABASE {} RESET {setting}", bench.database))
            .await;
    }
    let report = migrate(&url).await.unwrap_or_else(|error| panic!("{error}"));
    assert!(report.obstacles.is_empty(), "{report:?}");
}

/// Pipes a dump of one database into another one.
async fn copy(from: &str, to: &str, arguments: &[&str]) {
    let dump = Command::new(Binaries::find().expect("a server").path("pg_dump"))
        .args(arguments)
        .args(["--dbname", &cluster().await.url(from)])
        .output()
        .expect("pg_dump runs");
    assert!(dump.status.success(), "{}", String::from_utf8_lossy(&dump.stderr));
    let file = std::env::temp_dir().join(format!("{to}.sql"));
    std::fs::write(&file, dump.stdout).expect("the dump");
    let path = file.to_str().expect("UTF-8");
    run_files(&cluster().await.url(to), &["--output", "/dev/null"], &[path]);
    std::fs::remove_file(&file).expect("the dump");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restored_database_is_migrated_and_works() {
    let origin = Bench::new().await;
    let session = origin.record(&["a.bin", "b.bin"]).await;
    origin.complete(&session).await;
    origin.expand().await;
    let bench = bench_on(empty_database().await).await;
    copy(&origin.database, &bench.database, &["--no-owner", "--no-privileges"]).await;

    let report = migrate(&Secret::new(bench.url().await))
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(report.schema_files, [] as [&str; 0]);
    assert!(report.obstacles.is_empty(), "{report:?}");
    bench.put("a.bin", recordings::tone());
    bench.put("b.bin", recordings::tone());
    let daemon = Daemon::start(&bench).await;
    bench
        .wait_count("heimdall.measurement_features WHERE NOT extraction_failed", 2)
        .await;
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_schema_that_was_restored_without_its_rows_is_refused_until_it_has_its_versions() {
    let origin = Bench::new().await;
    let bench = bench_on(empty_database().await).await;
    copy(&origin.database, &bench.database, &["--schema-only"]).await;
    let run = async || {
        let output = command()
            .arg("migrate")
            .env("HEIMDALL_DATABASE_URL", bench.url().await)
            .output()
            .expect("the binary runs");
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stdout).into_owned(),
        )
    };
    let (status, said) = run().await;
    assert!(
        status == Some(1)
            && said.contains("a schema was restored without its rows")
            && said.contains("pg_dump --data-only"),
        "{said}"
    );
    copy(
        &origin.database,
        &bench.database,
        &["--data-only", "--table=heimdall.schema_migrations"],
    )
    .await;
    let (status, said) = run().await;
    assert_eq!(status, Some(0), "{said}");
    for table in ["extraction_control", "sweep_state", "queue_depth", "coverage_totals"] {
        assert_eq!(bench.count(&format!("heimdall.{table}")).await, 1, "{table}");
    }
}

/// As sql/README.md says, under "Dump and restore".
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_alone_are_restored_into_an_installed_database() {
    let origin = Bench::new().await;
    let session = origin.record(&["a.bin", "b.bin"]).await;
    origin.complete(&session).await;
    origin.expand().await;
    let bench = Bench::new().await;
    let document = include_str!("../../../sql/README.md");
    let begin = document
        .find("TRUNCATE heimdall.schema_migrations")
        .expect("the statement");
    let (statement, _) = document[begin..].split_once(';').expect("its end");
    bench.execute(statement).await;
    copy(&origin.database, &bench.database, &["--data-only"]).await;
    bench.put("a.bin", recordings::tone());
    bench.put("b.bin", recordings::tone());
    let daemon = Daemon::start(&bench).await;
    bench
        .wait_count("heimdall.measurement_features WHERE NOT extraction_failed", 2)
        .await;
    daemon.stop().await;
}
