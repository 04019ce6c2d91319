//! The progress bar on a terminal.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::support::daemon::command;
use crate::support::{DEADLINE, recordings};

/// Files from this size on have a progress bar.
const LONG_BYTES: usize = 64 << 20;

/// A pseudo-terminal of 100 columns: our end and the end of a process.
fn terminal() -> (File, OwnedFd) {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a pseudo-terminal");
    grantpt(&ours).expect("granted");
    unlockpt(&ours).expect("unlocked");
    let name = ptsname(&ours, Vec::new()).expect("the name of the other end");
    let theirs = open(name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).expect("the other end");
    let size = Winsize {
        ws_row: 25,
        ws_col: 100,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    tcsetwinsize(&theirs, size).expect("it has a size");
    (File::from(ours), theirs)
}

/// Extracts a file on a terminal. Returns the output and all that the terminal showed. Standard
/// input gets `fed`: the first half at once, the second half after the bar shows a count.
fn extract(file: &Path, fed: &[u8]) -> (Output, String) {
    let (mut ours, theirs) = terminal();
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
    let (long, short) = (folder.path().join("long.cf32"), folder.path().join("short.cf32"));
    std::fs::write(&short, &tone).expect("written");
    // Twice the minimum, since the bar is drawn at most every 50 ms.
    let samples = tone.repeat((2 * LONG_BYTES).div_ceil(tone.len()));
    std::fs::write(&long, &samples).expect("written");

    let (output, shown) = extract(&long, &[]);
    assert!(output.status.success(), "{shown}");
    assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 1);
    let bars: Vec<&str> = shown.split('\r').filter(|line| line.contains(" % ")).collect();
    assert!(
        bars.len() > 1 && bars.iter().all(|bar| bar.contains("long.cf32")),
        "{shown:?}"
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
