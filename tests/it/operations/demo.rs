//! `heimdalld demo`.

use std::path::PathBuf;
use std::process::Stdio;

use crate::support::daemon::{Daemon, command, get};
use crate::support::{connect, recordings, wait_for, wait_until};

#[test]
fn the_demo_exits_with_0_when_every_row_is_right() {
    let output = command().args(["demo", "--exit"]).output().expect("the binary runs");
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{printed}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    for line in [
        "NOTIFY heimdall_recording_completed",
        "NOTIFY heimdall_features_ready",
        "coverage_percent",
        "Every row is as it should be.",
    ] {
        assert!(printed.contains(line), "{line} is not in: {printed}");
    }
    assert!(
        printed
            .lines()
            .any(|line| line.trim_start().starts_with("Genova") && line.contains("IQ file not found:")),
        "{printed}"
    );
    // The daemon stops before its servers, and the result is the last line.
    assert!(!printed.contains("(warning): cannot claim"), "{printed}");
    assert!(
        printed.contains("daemon: stopped") && printed.ends_with("Every row is as it should be.\n"),
        "{printed}"
    );
}

#[test]
fn the_demo_takes_a_folder_of_recordings() {
    let folder = std::env::temp_dir().join(format!("heimdall-demo-test-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    // At the default sample rate this is a recording of 60 ms, so the row must have an error.
    std::fs::write(folder.join("short.cf32"), recordings::tone()).expect("a file");
    let output = command()
        .args(["demo", "--exit", "--recordings"])
        .arg(&folder)
        .output()
        .expect("the binary runs");
    std::fs::remove_dir_all(&folder).expect("removed");
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(
        printed.contains("Recording too short: 12000 samples, one chunk needs 40000"),
        "{printed}"
    );
    assert!(output.status.success(), "{printed}");
}

/// A running demo that has printed how to connect with psql, and the folder of its cluster.
async fn running_demo() -> (Daemon, PathBuf) {
    let mut demo = command();
    demo.arg("demo").stdout(Stdio::piped());
    let demo = Daemon::spawn(demo);
    let folder = wait_for("the demo prints a psql command", || async {
        let line = demo.stdout_lines("psql -h ");
        line.first()
            .and_then(|line| line.split_whitespace().nth(2).map(PathBuf::from))
    })
    .await;
    (demo, folder)
}

/// Types a query into the psql that the demo names, and measures what it prints.
async fn fits_the_screen(demo: &Daemon, query: &str) {
    let command = demo.stdout_lines("psql -h ").remove(0).trim().to_owned();
    let mut words = command.split_whitespace().map(str::to_owned);
    let mut psql = std::process::Command::new(words.next().expect("psql"));
    psql.args(words).args(["-X", "-P", "pager=off", "-c", query]);
    let run = tokio::task::spawn_blocking(move || psql.output());
    let output = run.await.expect("no panic").expect("psql runs");
    assert!(
        output.status.success(),
        "{query}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(text.lines().count() < 30, "{text}");
    for line in text.lines() {
        assert!(line.trim_end().chars().count() <= 100, "{query}: {line}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_statement_that_the_demo_prints_makes_a_session_and_ctrl_c_ends_it() {
    let (mut demo, folder) = running_demo().await;
    let another = include_str!("../../../daemon/src/demo/sql/another_session.sql");
    let suggestions = include_str!("../../../daemon/src/demo/sql/suggestions.sql");
    for line in another.lines().chain(suggestions.lines()) {
        assert!(!demo.stdout_lines(line).is_empty(), "{line} is not printed");
    }
    let url = format!(
        "postgres://postgres@{}:5432/heimdall",
        folder.to_string_lossy().replace('/', "%2F")
    );
    let (client, _) = connect(&url).await;
    for suggestion in suggestions.lines() {
        fits_the_screen(&demo, suggestion).await;
    }
    for path in ["/metrics", "/readyz"] {
        let line = demo.stdout_lines(path).remove(0);
        let url = line.split_whitespace().next().expect("an address").to_owned();
        assert_eq!(get(&url).await.0, 200, "{url}");
    }
    client
        .batch_execute(another)
        .await
        .expect("the printed statement works");
    wait_until("the new session's table", || async {
        demo.stdout_lines("receiver ").len() == 2
    })
    .await;
    assert!(!demo.stdout_lines("session 2 is done").is_empty());
    // Names in place of ids.
    let named = demo.stdout_lines("extracted features  station=Torino");
    assert_eq!(named.len(), 2, "{:#?}", demo.stdout_lines(""));
    let tables = demo.stdout_lines("    ");
    // Lines of the log may be longer.
    for line in tables.iter().skip_while(|line| !line.contains("receiver ")) {
        if line.contains(" ms  ") {
            continue;
        }
        assert!(line.chars().count() <= 100, "{line}");
    }
    demo.signal("INT");
    assert!(demo.wait_exit().await.success());
    assert!(!folder.exists(), "{} still exists", folder.display());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_demo_leaves_no_server_and_no_folder_behind() {
    let (mut demo, folder) = running_demo().await;
    let pid = std::fs::read_to_string(folder.join("data/postmaster.pid")).expect("a server runs");
    let pid = pid.lines().next().expect("the process id").to_owned();
    demo.signal("KILL");
    demo.wait_exit().await;
    wait_until("the folder is gone", || async { !folder.exists() }).await;
    // The server removes its pid file shortly before it ends. A zombie has ended too.
    wait_until("the server has ended", || async {
        let output = std::process::Command::new("ps")
            .args(["-o", "stat=", "-p", &pid])
            .output()
            .expect("ps runs");
        let state = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        state.is_empty() || state.starts_with('Z')
    })
    .await;
}
