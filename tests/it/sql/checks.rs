//! The SQL checks of `tests/sql`, run with psql, each in its own database. Checks of the SQL texts.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use heimdall_daemon::job::error::KINDS;

use crate::support::Bench;
use crate::support::psql::psql;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_check_in_tests_sql_holds() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let psql = psql();
    let mut files: Vec<_> = ["tests/sql", "tests/sql/applications"]
        .into_iter()
        .flat_map(|folder| std::fs::read_dir(root.join(folder)).expect("the folder").flatten())
        .map(|entry| entry.path())
        .collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "sql") && !path.ends_with("prepare.sql"));
    files.sort();
    assert!(!files.is_empty());
    for file in files {
        let bench = Bench::new().await;
        let output = Command::new(&psql)
            .args([
                "--no-psqlrc",
                "--quiet",
                "--set",
                "ON_ERROR_STOP=1",
                "--dbname",
                &bench.url().await,
                "--file",
            ])
            .arg(&file)
            .current_dir(&root)
            .output()
            .expect("psql runs");
        assert!(
            output.status.success(),
            "{}:\n{}",
            file.display(),
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn psql_alone_installs_everything_and_twice() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let url = crate::support::cluster()
        .await
        .url(&crate::support::empty_database().await);
    for turn in 1..=2 {
        let output = Command::new(psql())
            .args(["--no-psqlrc", "--quiet", "--dbname", &url, "--file", "sql/install.sql"])
            .current_dir(&root)
            .output()
            .expect("psql runs");
        assert!(
            output.status.success(),
            "turn {turn}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    let report = heimdall_daemon::postgres::migrate::check(&heimdall_daemon::config::secret::Secret::new(url))
        .await
        .expect("the check runs");
    assert!(
        report.schema_files.is_empty() && report.indexes.is_empty(),
        "{report:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_comment_on_error_kind_lists_every_kind_that_is_written() {
    let bench = Bench::new().await;
    let comment: String = bench
        .value(
            "SELECT col_description(attrelid, attnum) FROM pg_attribute
             WHERE attrelid = 'heimdall.measurement_features'::regclass AND attname = 'error_kind'",
            &[],
        )
        .await;
    let listed: BTreeSet<&str> = comment
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(": "))
        .map(|(kind, _)| kind)
        .collect();
    // The daemon writes `KINDS`, the function release_expired() writes `crashed`.
    let written: BTreeSet<&str> = KINDS.iter().copied().chain(["crashed"]).collect();
    assert_eq!(listed, written);
    let explained: Vec<String> = bench
        .value("SELECT array_agg(error_kind) FROM heimdall.feature_error_kinds", &[])
        .await;
    assert_eq!(explained.iter().map(String::as_str).collect::<BTreeSet<_>>(), written);
}

/// The clocks of hosts may differ by an hour. So no statement takes a time from a host, only
/// durations, which the database adds to its own time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_statement_takes_a_time_from_the_daemons_host() {
    let bench = Bench::new().await;
    let folder = heimdall_daemon::sql::FILES.get_dir("queries").expect("the folder");
    let mut parameters = 0;
    for file in folder.files() {
        let text = file.contents_utf8().expect("text");
        if text == heimdall_daemon::sql::SESSION_SETTINGS {
            // Several statements in one text, without parameters.
            assert!(!text.contains('$'));
            continue;
        }
        let statement = bench
            .sql
            .prepare(text)
            .await
            .unwrap_or_else(|error| panic!("{}: {error:?}", file.path().display()));
        for parameter in statement.params() {
            assert!(
                !["timestamptz", "timestamp", "timetz", "time", "date"].contains(&parameter.name()),
                "{} takes a {parameter}",
                file.path().display()
            );
            parameters += 1;
        }
    }
    assert!(parameters > 30, "{parameters}");
}

/// Installations differ in the columns and types of the application's tables and in the name of our
/// table of results, so nothing may name them directly.
#[test]
fn only_fitted_files_name_the_applications_tables_or_the_table_of_results() {
    let mut folders: Vec<_> = ["functions", "views", "queries"]
        .iter()
        .map(|name| heimdall_daemon::sql::FILES.get_dir(name).expect("the folder"))
        .collect();
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        folders.extend(folder.dirs());
        for file in folder.files() {
            let path = file.path().display().to_string();
            // These are about the tables themselves.
            let excused = [
                "functions/results/",
                "functions/application/",
                "functions/indexes/",
                "find_obstacles",
                "doctor",
                "examine_rights",
                // It looks for a column that others do not need.
                "session_transmitters",
            ];
            if excused.iter().any(|part| path.contains(part)) {
                continue;
            }
            let text = file.contents_utf8().expect("text");
            let code = text.lines().filter(|line| !line.trim_start().starts_with("--"));
            let names = [
                "heimdall.measurement_features",
                "FROM heimdall.measurements",
                "FROM heimdall.recording_sessions",
                "JOIN heimdall.measurements",
                "JOIN heimdall.recording_sessions",
                "status = 'completed'",
                "status::text = 'completed'",
            ];
            // define_view() fits what it is given.
            let fitted = ["fit_to_application", "define_view("]
                .iter()
                .any(|by| text.contains(by));
            for line in code {
                if names
                    .iter()
                    .any(|name| line.contains(name) && !(fitted && name.starts_with("FROM")))
                {
                    found.push(format!("{path}: {}", line.trim()));
                }
            }
        }
    }
    assert_eq!(found, [] as [&str; 0]);
}

/// With `standard_conforming_strings = off` a backslash in an ordinary text is an escape, so that a
/// regular expression has another meaning: `[0-9]` and `[.]` have the same for everybody.
#[test]
fn no_text_means_something_else_where_backslashes_are_escapes() {
    let mut folders = vec![&heimdall_daemon::sql::FILES];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        folders.extend(folder.dirs());
        for file in folder.files().filter(|file| !file.path().ends_with("install.sql")) {
            let Some(text) = file.contents_utf8() else { continue };
            for line in text.lines() {
                let code = line.split("--").next().unwrap_or_default();
                // A text that continues on further lines begins with E.
                let is_escape = code.contains("E'") || line.trim_end().ends_with("\\n'");
                if code.contains('\\') && !is_escape && file.path().extension().is_some_and(|ending| ending == "sql") {
                    found.push(format!("{}: {}", file.path().display(), line.trim()));
                }
            }
        }
    }
    assert_eq!(found, [] as [&str; 0]);
}
