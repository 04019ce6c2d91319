//! What only a terminal gets: progress bars, colours, the live view, questions.

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use unicode_width::UnicodeWidthStr as _;

use super::logins;
use super::pseudo_terminal::{Terminal, USUAL, converse, on_terminal, terminal};
use crate::support::daemon::command;
use crate::support::{Bench, DEADLINE, recordings};

/// Files from this size on have a progress bar.
const LONG_BYTES: usize = 64 << 20;

/// Extracts a file on a terminal. Returns the output and all that the terminal showed. Standard
/// input gets `fed`: the first half at once, the second half after the bar shows a count.
fn extract(file: &Path, fed: &[u8]) -> (Output, String) {
    let (mut ours, theirs) = terminal(USUAL);
    let mut command = command();
    command
        .args(["extract", "--sample-rate", &recordings::SAMPLE_RATE_HZ.to_string()])
        .arg(file)
        .env("TERM", "xterm")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(theirs);
    let mut child = command.spawn().expect("the binary runs");
    // The command holds their end of the terminal too.
    drop(command);
    let shown = Arc::new(Mutex::new(String::new()));
    let seen = Arc::clone(&shown);
    let reading = std::thread::spawn(move || {
        let (mut all, mut block) = (Vec::new(), [0; 4_096]);
        // Reading fails when nothing has the other end open any more.
        while let Ok(count @ 1..) = ours.read(&mut block) {
            all.extend_from_slice(&block[..count]);
            *seen.lock().expect("no panic") = String::from_utf8_lossy(&all).into_owned();
        }
    });
    let mut input = child.stdin.take().expect("piped");
    if !fed.is_empty() {
        let (first, second) = fed.split_at(fed.len() / 2);
        input.write_all(first).expect("it reads");
        let begun = Instant::now();
        while !shown.lock().expect("no panic").contains(" MiB ") {
            assert!(begun.elapsed() < DEADLINE, "{:?}", shown.lock());
            std::thread::sleep(Duration::from_millis(10));
        }
        input.write_all(second).expect("it reads");
    }
    drop(input);
    let output = child.wait_with_output().expect("it ends");
    reading.join().expect("no panic");
    let shown = shown.lock().expect("no panic").clone();
    (output, shown)
}

#[test]
fn a_long_file_has_a_progress_bar_that_is_removed_at_the_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let tone = recordings::tone();
    let (long, short) = (folder.path().join("録音-long.cf32"), folder.path().join("short.cf32"));
    std::fs::write(&short, &tone).expect("written");
    // Twice the minimum, since the bar is drawn at most every 50 ms.
    let samples = tone.repeat((2 * LONG_BYTES).div_ceil(tone.len()));
    std::fs::write(&long, &samples).expect("written");

    let (output, shown) = extract(&long, &[]);
    assert!(output.status.success(), "{shown}");
    assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 1);
    let bars: Vec<&str> = shown.split('\r').filter(|line| line.contains(" % ")).collect();
    assert!(
        bars.len() > 1 && bars.iter().all(|bar| bar.contains("録音-long.cf32")),
        "{shown:?}"
    );
    // A bar that is too wide would leave a line behind each time.
    let width = |bar: &str| bar.trim_start_matches("\u{1b}[2K").width();
    assert!(
        bars.iter().all(|bar| width(bar) <= usize::from(USUAL.columns)),
        "{bars:?}"
    );
    let percent = |bar: &str| -> Option<u32> { bar.split_once(" % ")?.0.rsplit(' ').next()?.parse().ok() };
    let percents: Vec<u32> = bars.iter().map(|bar| percent(bar).expect("a number")).collect();
    assert!(
        percents.is_sorted() && percents.last() > percents.first(),
        "{percents:?}"
    );
    // The bar is removed before anything is printed.
    let (_, rest) = shown.rsplit_once("\u{1b}[2K").expect("the line is cleared");
    assert!(!rest.contains(" % ") && rest.contains("long.cf32: "), "{rest:?}");

    let (output, shown) = extract(&short, &[]);
    assert!(output.status.success(), "{shown}");
    assert!(!shown.contains('\u{1b}'), "{shown:?}");

    // The length of standard input is unknown, so the bar counts what was read.
    let (output, shown) = extract(Path::new("-"), &samples[..tone.len() * 100]);
    assert!(output.status.success(), "{shown}");
    assert!(shown.contains("standard input") && shown.contains(" MiB "), "{shown:?}");
    assert!(shown.ends_with("(argument)\r\n"), "{shown:?}");
}

/// A command with this login's database, for a terminal.
pub(super) async fn command_for(bench: &Bench, login: &str, arguments: &[&str]) -> Command {
    let mut command = command();
    command
        .args(arguments)
        .env("HEIMDALL_DATABASE_URL", bench.url_as(login).await)
        .env("TERM", "xterm")
        .env_remove("NO_COLOR");
    command
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn status_has_colours_on_a_terminal_and_none_with_no_color() {
    let bench = Bench::new().await;
    let command = command_for(&bench, "daemon", &["status"]).await;
    let (status, shown) = tokio::task::block_in_place(|| on_terminal(command, USUAL));
    assert_eq!(status, Some(0));
    assert!(shown.contains("\u{1b}[1mqueue: 0 measurements\u{1b}[0m"), "{shown:?}");
    let mut command = command_for(&bench, "daemon", &["status"]).await;
    command.env("NO_COLOR", "1");
    let (_, shown) = tokio::task::block_in_place(|| on_terminal(command, USUAL));
    assert!(
        shown.contains("queue: 0 measurements") && !shown.contains('\u{1b}'),
        "{shown:?}"
    );
    // A terminal that knows no commands.
    let mut command = command_for(&bench, "daemon", &["status", "--watch", "--every", "100ms"]).await;
    command.env("TERM", "dumb");
    let said = [("queue: 0 measurements", "SIGINT")];
    let (status, shown) = tokio::task::block_in_place(|| converse(command, USUAL, &said));
    assert!(status == Some(0) && !shown.contains('\u{1b}'), "{shown:?}");
    // Narrow ones.
    for columns in [60, 40, 20] {
        let mut command = command_for(&bench, "daemon", &["status"]).await;
        command.env("NO_COLOR", "1");
        let narrow = Terminal { columns, lines: 25 };
        let (_, shown) = tokio::task::block_in_place(|| on_terminal(command, narrow));
        assert!(shown.contains("with features:"), "{shown}");
        let longest = shown.lines().map(|line| line.chars().count()).max();
        assert!(longest <= Some(columns.into()), "{shown}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_live_view_stays_on_the_screen_and_gives_it_back() {
    let bench = Bench::new().await;
    bench.execute("SELECT heimdall.pause_extraction('a test')").await;
    let small = Terminal { columns: 80, lines: 10 };
    let command = command_for(&bench, "daemon", &["status", "--watch", "--every", "100ms"]).await;
    let said = [("PAUSED", ""), ("\u{1b}[J\u{1b}[H", "SIGINT")];
    let (status, shown) = tokio::task::block_in_place(|| converse(command, small, &said));
    assert_eq!(status, Some(0), "{shown:?}");
    assert!(shown.contains("more lines: a larger window shows them"), "{shown:?}");
    // Each picture begins at the upper left and has at most nine lines.
    for picture in shown.split("\u{1b}[H").skip(1) {
        assert!(picture.matches("\r\n").count() <= 9, "{picture:?}");
    }
    assert!(
        shown.rfind("\u{1b}[?25h") > shown.rfind("\u{1b}[?25l"),
        "the cursor is back: {shown:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_live_view_is_shown_again_when_the_window_changes() {
    let bench = Bench::new().await;
    let command = command_for(&bench, "daemon", &["status", "--watch", "--every", "1h"]).await;
    let said = [("\u{1b}[J", "COLUMNS 50"), ("\u{1b}[J\u{1b}[H", "SIGINT")];
    let (status, shown) = tokio::task::block_in_place(|| converse(command, USUAL, &said));
    assert_eq!(status, Some(0), "{shown:?}");
    let pictures: Vec<&str> = shown.split("\u{1b}[H").collect();
    let [.., wide, narrow] = pictures[..] else {
        panic!("{shown:?}");
    };
    assert!(
        !wide.contains("with features: 0") && narrow.contains("with features: 0"),
        "{shown:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn retry_asks_on_a_terminal() {
    let bench = Bench::new().await;
    logins(&bench).await;
    bench
        .execute(
            "INSERT INTO heimdall.recording_sessions (status, duration_seconds) VALUES ('completed', 1);
             INSERT INTO heimdall.measurements (recording_session_id, iq_data_location)
             SELECT id, 'a.bin' FROM heimdall.recording_sessions",
        )
        .await;
    bench.expand().await;
    bench
        .execute(
            "DELETE FROM heimdall.feature_queue;
             INSERT INTO heimdall.extracted_features (timestamp, measurement_id, receiver_features, overall_confidence,
                 num_receivers_detected, extraction_failed, error_kind, error_message)
             SELECT now(), id, '{}', 0, 0, true, 'crashed', 'x' FROM heimdall.measurements",
        )
        .await;
    for (answer, expected, queued) in [("n\r", 1, 0), ("y\r", 0, 1)] {
        let command = command_for(&bench, "admin", &["retry", "--kind", "crashed"]).await;
        let said = [("Do it? [y/N]", answer)];
        let (status, shown) = tokio::task::block_in_place(|| converse(command, USUAL, &said));
        assert_eq!(status, Some(expected), "{shown:?}");
        assert!(shown.contains("retries 1 measurement at most"), "{shown:?}");
        assert_eq!(
            bench.count("heimdall.feature_queue WHERE source = 'retry'").await,
            queued
        );
    }
}
