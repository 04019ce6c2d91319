//! Writes log lines to standard error on a thread of its own.
//!
//! Standard error may be a full disk, a closed pipe, or a pipe that nobody reads. No other thread
//! waits for it: a line that cannot be queued or written is dropped and counted.

use std::io::{self, ErrorKind, Write};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use tracing::warn;

use crate::metrics::metrics;

/// Lines that wait while standard error is slow: some hundred KB, a second of a busy daemon.
const QUEUED_LINES: usize = 1024;
/// Pause before another try where standard error does not block and is full, and between two looks
/// for room in the queue.
const PAUSE: Duration = Duration::from_millis(10);
/// How long the end of the process, or a panic, waits for the lines before it.
const FLUSH_LIMIT: Duration = Duration::from_millis(500);

static QUEUE: OnceLock<SyncSender<Entry>> = OnceLock::new();

enum Entry {
    Line(String),
    /// Answered when all lines before it are written.
    Flush(SyncSender<()>),
}

/// Starts the thread. Before that, and if there is none, lines are written directly.
pub(super) fn start() {
    let (sender, entries) = sync_channel(QUEUED_LINES);
    let started = thread::Builder::new()
        .name("log".to_owned())
        .spawn(move || write_all(&entries, io::stderr()));
    if started.is_ok() {
        // Fails if there is a thread already.
        drop(QUEUE.set(sender));
    }
}

/// Queues a line with its end. Never waits, and never fails.
pub(super) fn write(line: String) {
    let Some(queue) = QUEUE.get() else {
        return count_dropped(io::stderr().write_all(line.as_bytes()).is_err());
    };
    count_dropped(queue.try_send(Entry::Line(line)).is_err());
}

/// Waits until the lines are written, but not for long.
pub(crate) fn flush() {
    let Some(queue) = QUEUE.get() else { return };
    let (done, written) = sync_channel(1);
    let begun = Instant::now();
    let mut entry = Entry::Flush(done);
    while let Err(TrySendError::Full(back)) = queue.try_send(entry) {
        if begun.elapsed() >= FLUSH_LIMIT {
            return;
        }
        entry = back;
        thread::sleep(PAUSE);
    }
    // An error means that the time is over.
    let _ = written.recv_timeout(FLUSH_LIMIT.saturating_sub(begun.elapsed()));
}

/// Flushes when it is dropped, also while a panic unwinds.
pub(super) struct FlushOnDrop;

impl Drop for FlushOnDrop {
    fn drop(&mut self) {
        flush();
    }
}

fn count_dropped(is_dropped: bool) {
    if is_dropped {
        metrics().log_lines_dropped.inc();
    }
}

fn write_all(entries: &Receiver<Entry>, mut output: impl Write) {
    // As counted when the last line about dropped lines was queued.
    let mut reported = 0;
    for entry in entries {
        match entry {
            Entry::Line(line) => {
                let is_written = write_line(&mut output, line.as_bytes());
                count_dropped(!is_written);
                let dropped = metrics().log_lines_dropped.get();
                if is_written && dropped > reported {
                    warn!(
                        lines = dropped - reported,
                        "log lines could not be written and are lost"
                    );
                    reported = dropped;
                }
            }
            // The receiver may have given up.
            Entry::Flush(done) => drop(done.try_send(())),
        }
    }
}

/// Returns whether the whole line was written.
fn write_line(output: &mut impl Write, mut bytes: &[u8]) -> bool {
    while !bytes.is_empty() {
        match output.write(bytes) {
            Ok(0) => return false,
            Ok(written) => bytes = &bytes[written..],
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            // Only this thread waits.
            Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(PAUSE),
            Err(_) => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes a few bytes at a time, and refuses every second call.
    struct Reluctant(Vec<u8>, usize);

    impl Write for Reluctant {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.1 += 1;
            if self.1.is_multiple_of(2) {
                return Err(ErrorKind::WouldBlock.into());
            }
            let taken = bytes.len().min(3);
            self.0.extend_from_slice(&bytes[..taken]);
            Ok(taken)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_is_written_whole_to_an_output_that_does_not_block() {
        let mut output = Reluctant(Vec::new(), 0);
        assert!(write_line(&mut output, b"INFO ready\n"));
        assert_eq!(output.0, b"INFO ready\n");
    }

    #[test]
    fn a_line_that_cannot_be_written_is_no_error() {
        let mut full = std::fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .expect("the device");
        assert!(!write_line(&mut full, b"INFO ready\n"));
    }
}
