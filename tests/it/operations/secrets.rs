//! Secrets: never logged, reloaded from files. Text of a hostile store does no harm.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use heimdall_daemon::sandbox::s3::{ACCESS_KEY, SECRET_KEY};

use crate::support::daemon::{Daemon, command, command_on};
use crate::support::s3_replies::{http_reply, no_such_key, object, s3_error, truncate, working_store};
use crate::support::scripted_store::{Reply, Request, ScriptedStore};
use crate::support::{Bench, assert_extracted, recordings, wait_until};

const PASSWORD: &str = "hunter2-of-the-database";
const TOKEN: &str = "token-of-the-session";

/// A reply that repeats the secrets of the request in every part that the daemon might log.
fn echo(request: &Request) -> Vec<u8> {
    let secret = format!(
        "{} {} {} {ACCESS_KEY} {SECRET_KEY}",
        request.headers["authorization"], request.headers["x-amz-security-token"], request.path
    );
    let body = format!("<Error><Code>Echo{ACCESS_KEY}</Code><Message>{secret}</Message></Error>");
    http_reply(
        "500 Internal Server Error",
        &format!("ETag: \"{secret}\"\r\nServer: {secret}\r\n"),
        body.as_bytes(),
    )
}

/// The log at level trace is long and has no secret.
fn assert_log_without_secrets(daemon: &Daemon) {
    let lines = daemon.log_lines("");
    assert!(lines.len() > 50, "only {} lines at trace", lines.len());
    for line in &lines {
        for secret in [ACCESS_KEY, SECRET_KEY, TOKEN, PASSWORD, "AWS4-HMAC", "Signature="] {
            assert!(!line.contains(secret), "{secret} in: {line}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_is_logged_whatever_fails_at_any_log_level() {
    let bench = Bench::new().await;
    let tone = recordings::tone();
    let broken = Arc::new(AtomicU32::new(1));
    let rule = Arc::clone(&broken);
    let store = ScriptedStore::start(move |request| match rule.load(Ordering::SeqCst) {
        0 => working_store(request, &tone),
        1 => Reply::Send(echo(request)),
        2 => Reply::Close(b"220 smtp.example ESMTP\r\n".to_vec()),
        3 => Reply::Hang(Vec::new()),
        _ if request.path.contains("probe") => Reply::Send(no_such_key()),
        _ if request.path.contains("echo") => Reply::Send(echo(request)),
        _ => Reply::Close(truncate(&object(request, "v1", &tone), 50_000)),
    })
    .await;
    let url = bench
        .url_as("daemon")
        .await
        .replace("daemon@", &format!("daemon:{PASSWORD}@"));
    let endpoint = store.endpoint();
    for format in ["pretty", "json"] {
        broken.store(1, Ordering::SeqCst);
        let settings = [
            ("HEIMDALL_DATABASE_URL", url.as_str()),
            ("HEIMDALL_S3_ENDPOINT", endpoint.as_str()),
            ("HEIMDALL_S3_SESSION_TOKEN", TOKEN),
            ("HEIMDALL_S3_TIMEOUT", "300ms"),
            ("HEIMDALL_S3_PROBE_INTERVAL", "50ms"),
            ("HEIMDALL_LOG", "trace"),
            ("HEIMDALL_LOG_FORMAT", format),
            ("RUST_BACKTRACE", "full"),
        ];
        let daemon = Daemon::start_with(&bench, &settings).await;
        let session = bench.record(&["good.bin", "echo.bin", "cut.bin"]).await;
        bench.complete(&session).await;
        daemon.wait_for_log("object store away").await;
        for kind in [2, 3, 4] {
            let before = store.requests("").len();
            broken.store(kind, Ordering::SeqCst);
            wait_until("requests", || async { store.requests("").len() > before + 3 }).await;
        }
        bench.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'daemon' AND datname = current_database()").await;
        broken.store(0, Ordering::SeqCst);
        daemon.wait_for_log("object store back").await;
        bench.rows_without_delays(&session).await;
        assert_log_without_secrets(&daemon);
        daemon.stop().await;
    }
    let rows: String = bench
        .value(
            "SELECT coalesce(string_agg(f::text, ' '), '') FROM heimdall.measurement_features f",
            &[],
        )
        .await;
    for secret in [SECRET_KEY, PASSWORD, "AWS4-HMAC"] {
        assert!(!rows.contains(secret), "{secret} in a row");
    }
}

#[test]
fn no_secret_is_printed_by_help_or_errors_of_the_command_line() {
    let url = format!("postgresql://daemon:{PASSWORD}@localhost/heimdall");
    for arguments in [
        &["--help"][..],
        &["run", "--help"],
        &["--version"],
        &["run", "--concurrency", "0"],
        &["run", "--nonsense"],
    ] {
        let output = command()
            .args(arguments)
            .env("HEIMDALL_DATABASE_URL", &url)
            .env("HEIMDALL_S3_ACCESS_KEY", ACCESS_KEY)
            .env("HEIMDALL_S3_SECRET_KEY", SECRET_KEY)
            .output()
            .expect("the binary runs");
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text);
        for secret in [ACCESS_KEY, SECRET_KEY, PASSWORD] {
            assert!(!text.contains(secret), "{secret} in {arguments:?}: {text}");
        }
    }
}

/// Every log line is short, printable and one of ours.
fn assert_log_lines_intact(daemon: &Daemon, format: &str) {
    for line in daemon.log_lines("") {
        assert!(line.len() < 8_000 && !line.contains(|c: char| c.is_control()), "{line}");
        if format == "json" {
            let parsed: serde_json::Value = serde_json::from_str(&line).expect("a JSON object a line");
            assert!(parsed["timestamp"].is_string());
        } else {
            assert!(line.starts_with("20") && line.contains('Z'), "not a log line: {line}");
        }
        assert!(!line.starts_with("2026-11-25T00:00:00Z"), "a forged line");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn text_from_a_hostile_store_breaks_no_log_line_and_no_row() {
    let bench = Bench::new().await;
    let hostile = "x\u{1b}[2J\u{1b}]0;owned\u{7}\n2026-11-25T00:00:00Z  INFO extracted features measurement=fake\r\n\0\u{202e}'; DROP TABLE heimdall.feature_queue; --";
    let tone = recordings::tone();
    let store = ScriptedStore::start(move |request| {
        if !request.path.contains("bad") {
            return working_store(request, &tone);
        }
        let message = format!("{hostile}{}", "A".repeat(3_000_000));
        Reply::Send(s3_error("500 Internal Server Error", hostile, &message))
    })
    .await;
    let endpoint = store.endpoint();
    for format in ["pretty", "json"] {
        let daemon = Daemon::start_with(
            &bench,
            &[("HEIMDALL_S3_ENDPOINT", &endpoint), ("HEIMDALL_LOG_FORMAT", format)],
        )
        .await;
        let locations = [
            "good.bin".to_owned(),
            "bad.bin".to_owned(),
            format!("a\u{1b}[31m\n{}", "b".repeat(1_000_000)),
            "s3://\u{202e}x\n/y".to_owned(),
        ];
        let session = bench.record(&locations.each_ref().map(String::as_str)).await;
        let name = "E'Zürich \\x1b[31m\\n'' || x'";
        let rename =
            format!("UPDATE heimdall.websdr_stations SET name = {name} || '{format}' WHERE name = 'Station 1'");
        bench.execute(&rename).await;
        bench.complete(&session).await;
        daemon.wait_for_log("recording postponed").await;
        bench
            .wait_count("heimdall.feature_queue WHERE state = 'ready'", 0)
            .await;
        let rows = bench.rows_without_delays(&session).await;
        assert!(!rows[0].failed);
        for row in &rows[1..] {
            let message = row.error_message.as_deref().expect("a message");
            assert!(
                row.failed && message.len() < 2_100 && !message.contains(|c: char| c.is_control()),
                "{message}"
            );
        }
        assert!(
            rows[1]
                .error_message
                .as_deref()
                .is_some_and(|message| message.contains("HTTP 500"))
        );
        assert_log_lines_intact(&daemon, format);
        daemon.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_changed_in_their_files_are_reloaded_when_the_store_refuses_the_old_ones() {
    let bench = Bench::new().await;
    bench.put("a.bin", recordings::tone());
    let folder = std::env::temp_dir().join(format!("heimdall-keys-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let (access, secret) = (folder.join("access"), folder.join("secret"));
    std::fs::write(&access, format!("{ACCESS_KEY}\n")).expect("written");
    std::fs::write(&secret, "the old one\r\n").expect("written");
    let mut command = command_on(&bench, "run").await;
    command
        .env_remove("HEIMDALL_S3_ACCESS_KEY")
        .env_remove("HEIMDALL_S3_SECRET_KEY")
        .env("HEIMDALL_S3_PROBE_INTERVAL", "50ms")
        .env("HEIMDALL_S3_ACCESS_KEY_FILE", &access)
        .env("HEIMDALL_S3_SECRET_KEY_FILE", &secret);
    let daemon = Daemon::spawn(command);
    daemon.wait_for_log("listening").await;
    let session = bench.record(&["a.bin"]).await;
    bench.complete(&session).await;
    daemon.wait_for_log("HTTP 403 SignatureDoesNotMatch").await;
    std::fs::write(&secret, format!("{SECRET_KEY}\n")).expect("written");
    assert_extracted(&bench.rows(&session).await, 1);
    daemon.assert_logged("the new ones are used", 1).await;
    daemon.stop().await;
    std::fs::remove_dir_all(folder).expect("removed");
}

const END_FIRST_LOGIN: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'first_login'";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_url_that_changes_in_its_file_is_used_for_the_next_connection() {
    let bench = Bench::new().await;
    bench.put("a.bin", recordings::tone());
    // A password is changed without locking anyone out by creating a second login before the first one is disabled.
    bench
        .execute("CREATE ROLE first_login LOGIN IN ROLE heimdall_daemon; CREATE ROLE second_login LOGIN IN ROLE heimdall_daemon")
        .await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("url");
    std::fs::write(&file, bench.url_as("first_login").await).expect("written");
    let mut command = command_on(&bench, "run").await;
    command
        .env_remove("HEIMDALL_DATABASE_URL")
        .env("HEIMDALL_DATABASE_URL_FILE", &file);
    let daemon = Daemon::spawn(command);
    daemon.wait_for_log("listening").await;
    let sessions_of = async |role: &str| bench.count(&format!("pg_stat_activity WHERE usename = '{role}'")).await;
    assert!(sessions_of("first_login").await > 0);

    // A file that is half written has no usable URL. The last valid one stays in use.
    std::fs::write(&file, "postgresql://").expect("written");
    bench.execute(END_FIRST_LOGIN).await;
    bench
        .wait_count(
            "pg_stat_activity WHERE usename = 'first_login' AND query LIKE 'LISTEN%'",
            1,
        )
        .await;

    std::fs::write(&file, bench.url_as("second_login").await).expect("written");
    bench.execute("ALTER ROLE first_login NOLOGIN").await;
    bench.execute(END_FIRST_LOGIN).await;
    let session = bench.record(&["a.bin"]).await;
    bench.complete(&session).await;
    assert!(!bench.rows(&session).await[0].failed);
    daemon.wait_for_log("the new one is used").await;
    daemon.assert_logged("the new one is used", 1).await;
    // A backend is visible until it has ended, and a login in progress only after it has succeeded.
    wait_until("the first login's sessions have ended", || async {
        bench.execute(END_FIRST_LOGIN).await;
        sessions_of("first_login").await == 0
    })
    .await;
    assert!(sessions_of("second_login").await > 0);
    daemon.stop().await;
    bench.execute("DROP ROLE first_login, second_login").await;
}
