//! `heimdalld status`.

use std::fs::File;
use std::process::Stdio;

use super::pseudo_terminal::{Terminal, on_terminal};
use super::terminal::command_for;
use super::{HOSTILE, json, logins, printed, refused, run};
use crate::support::daemon::{Daemon, command};
use crate::support::{Bench, recordings, wait_until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn status_fits_the_screen_and_any_role_may_ask() {
    let bench = Bench::new().await;
    logins(&bench).await;
    bench.put("a.bin", recordings::tone());
    let session = bench.record(&["a.bin", "gone.bin"]).await;
    let rename = "UPDATE heimdall.websdr_stations SET name = $1::text WHERE name = 'Station 2'";
    bench.sql.execute(rename, &[&HOSTILE]).await.expect("renamed");
    let daemon = Daemon::start_with(&bench, &[("HEIMDALL_LEASE", "1s")]).await;
    bench.complete(&session).await;
    bench.rows(&session).await;
    bench
        .wait_count("heimdall.feature_minutes WHERE extracted = 1 AND failed = 1", 1)
        .await;
    bench.history(3, "a.bin", "completed").await;
    bench
        .execute("SELECT heimdall.pause_extraction(E'because \x1b[31mof\nthis'); SELECT heimdall.request_backfill()")
        .await;
    for login in ["daemon", "reader", "admin"] {
        let (status, text) = printed(&run(&bench, login, &["status"]).await);
        assert_eq!(status, Some(0), "{login}");
        assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
        for words in [
            "coverage ",
            "PAUSED for ",
            "by postgres: because \\u{1b}[31mof this",
            "1 daemon\n",
            "last hour              1       1",
            "not_found",
            "failures",
            "backfills",
            "paused",
        ] {
            assert!(text.contains(words), "'{words}' is not in {text}");
        }
        let report = json(&run(&bench, login, &["status", "--json"]).await);
        assert_eq!(report["coverage"]["measurements_with_features"], 1);
        assert_eq!(report["throughput"]["hour"]["extracted"], 1);
        assert_eq!(report["failures"][0]["error_kind"], "not_found");
        assert_eq!(report["workers"][0]["pid"], i64::from(daemon.pid()));
        assert_eq!(report["backfills"][0]["state"], "paused");
    }
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_keeps_status_from_answering_is_one_sentence_with_what_to_type() {
    let bench = Bench::new().await;
    logins(&bench).await;
    let (status, text) = refused(&run(&bench, "nobody", &["status"]).await);
    assert_eq!((status, text.lines().count()), (Some(77), 1), "{text}");
    assert!(text.contains(r#"GRANT heimdall_reader TO "nobody";"#), "{text}");

    let output = command()
        .arg("status")
        .env("HEIMDALL_DATABASE_URL", "postgresql://daemon@127.0.0.1:1/heimdall")
        .output();
    let (status, text) = refused(&output.expect("the binary runs"));
    assert_eq!((status, text.lines().count()), (Some(69), 1), "{text}");
    assert!(text.contains("127.0.0.1:1") && text.contains("pg_isready"), "{text}");

    let (status, text) = refused(&command().arg("status").output().expect("the binary runs"));
    assert_eq!(status, Some(64));
    assert!(text.contains("HEIMDALL_DATABASE_URL"), "{text}");
    let (status, _) = refused(&run(&bench, "daemon", &["status", "--nonsense"]).await);
    assert_eq!(status, Some(64));

    bench
        .execute("INSERT INTO heimdall.schema_migrations (version, name, serves_from) VALUES (9999, 'future', 9999)")
        .await;
    let (status, text) = refused(&run(&bench, "daemon", &["status"]).await);
    assert_eq!(status, Some(1));
    assert!(text.contains("schema version 9999"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn watch_in_a_pipe_prints_reports_until_ctrl_c() {
    let bench = Bench::new().await;
    for options in [&["--json"][..], &[]] {
        let mut command = command();
        command
            .args(["status", "--watch", "--every", "100ms"])
            .args(options)
            .env("HEIMDALL_DATABASE_URL", bench.url_as("daemon").await)
            .stdout(std::process::Stdio::piped());
        let mut watching = Daemon::spawn(command);
        wait_until("three reports", || async {
            watching.stdout_lines("coverage").len() >= 3
        })
        .await;
        watching.signal("INT");
        assert!(watching.wait_exit().await.success());
        let escaped = watching.stdout_lines("\u{1b}");
        assert!(escaped.is_empty(), "{escaped:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_whole_advice_is_shown_at_any_width() {
    let bench = Bench::new().await;
    bench.history(3, "a.bin", "completed").await;
    bench
        .execute(
            "INSERT INTO heimdall.extracted_features (timestamp, measurement_id, receiver_features, overall_confidence,
                 num_receivers_detected, extraction_failed, error_kind, error_message)
             SELECT now(), id, '{}', 0, 0, true,
                    (ARRAY['not_found', 'location_refused', 'unreadable'])[row_number() OVER ()], 'x'
             FROM heimdall.measurements",
        )
        .await;
    let rows = bench
        .sql
        .query(
            "SELECT k.what_to_do FROM heimdall.feature_error_kinds k
             WHERE k.error_kind IN ('not_found', 'location_refused', 'unreadable')",
            &[],
        )
        .await
        .expect("the kinds");
    let advice: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(advice.len(), 3);
    let bare = |text: &str| text.split_whitespace().collect::<String>();
    for columns in [40, 60, 80, 100, 132, 200] {
        let mut command = command_for(&bench, "daemon", &["status"]).await;
        command.env("NO_COLOR", "1");
        let size = Terminal { columns, lines: 25 };
        let (status, shown) = tokio::task::block_in_place(|| on_terminal(command, size));
        assert_eq!(status, Some(0), "{shown}");
        let longest = shown.lines().map(|line| line.chars().count()).max();
        assert!(longest <= Some(columns.into()), "{shown}");
        for whole in &advice {
            assert!(bare(&shown).contains(&bare(whole)), "'{whole}' is not in\n{shown}");
        }
        assert!(!shown.contains('…'), "{shown}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_that_cannot_be_written_is_an_error_unless_nobody_reads_it() {
    let bench = Bench::new().await;
    let session = bench.record(&["a.bin"]).await.id.to_string();
    for arguments in [
        &["status"][..],
        &["status", "--json"],
        &["status", "--watch", "--json"],
        &["session", &session],
        &["session", &session, "--json"],
        &["doctor", "--json"],
        &["config"],
    ] {
        for (output, expected) in [("/dev/full", 1), ("a closed pipe", 0)] {
            // The settings of the store are missing, which only `config` minds.
            let expected = if arguments == ["config"] && output != "/dev/full" {
                64
            } else {
                expected
            };
            let mut command = command_for(&bench, "daemon", arguments).await;
            command.stderr(Stdio::piped());
            if output == "/dev/full" {
                let full = File::options().write(true).open(output).expect("the device");
                command.stdout(full);
            } else {
                let (reader, writer) = std::io::pipe().expect("a pipe");
                drop(reader);
                command.stdout(writer);
            }
            let ended = tokio::task::spawn_blocking(move || command.output())
                .await
                .expect("no panic");
            let (status, text) = refused(&ended.expect("the binary runs"));
            assert_eq!(status, Some(expected), "{arguments:?} to {output}: {text}");
            assert_eq!(
                text.contains("standard output: No space left"),
                expected == 1,
                "{arguments:?}: {text}"
            );
            assert!(!text.contains("Broken pipe"), "{text}");
        }
    }
}
