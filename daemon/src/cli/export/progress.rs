//! The progress of an export, and its last line.

use std::time::{Duration, Instant};

use indicatif::ProgressBar;

use crate::cli::outcome::print;
use crate::cli::terminal::bar::bar;
use crate::cli::terminal::words::{bytes, count_unsigned, duration, plural, rate};

/// Between two lines of progress, where output is no terminal.
const LINE: Duration = Duration::from_secs(10);

/// What was done.
#[derive(Debug, Default)]
pub(super) struct Done {
    pub(super) days: u64,
    pub(super) rows: u64,
    pub(super) bytes: u64,
    pub(super) unchanged: u64,
    pub(super) removed: u64,
}

impl Done {
    /// In one line.
    pub(super) fn text(&self, seconds: f64) -> String {
        let signed = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let mut parts = vec![format!(
            "{} written, {}, {}",
            plural(signed(self.days), "day"),
            plural(signed(self.rows), "row"),
            bytes(self.bytes)
        )];
        parts.push(format!("{} unchanged", count_unsigned(self.unchanged)));
        if self.removed > 0 {
            parts.push(format!("{} removed", count_unsigned(self.removed)));
        }
        parts.push(format!("in {}", duration(seconds)));
        parts.join(", ")
    }
}

/// A progress bar on standard error; where that is no terminal, a line on standard output every ten
/// seconds. It counts sessions.
pub(super) struct Progress {
    bar: ProgressBar,
    total: u64,
    done: u64,
    rows: u64,
    begun: Instant,
    printed: Instant,
}

impl Progress {
    pub(super) fn new(sessions: u64) -> Self {
        Self {
            bar: bar(sessions, 30),
            total: sessions,
            done: 0,
            rows: 0,
            begun: Instant::now(),
            printed: Instant::now(),
        }
    }

    /// A session of this day is read, with so many rows.
    pub(super) fn advance(&mut self, day: &str, rows: u64) {
        self.done += 1;
        self.rows += rows;
        let text = || {
            let per_second = self.rows as f64 / self.begun.elapsed().as_secs_f64().max(0.001);
            format!("{day}, {} rows, {} per s", count_unsigned(self.rows), rate(per_second))
        };
        if self.bar.is_hidden() {
            if self.printed.elapsed() >= LINE {
                let (done, total) = (count_unsigned(self.done), count_unsigned(self.total));
                print(format_args!("{done} of {total} sessions: {}", text()));
                self.printed = Instant::now();
            }
        } else if self.done.is_multiple_of(64) {
            self.bar.set_position(self.done);
            self.bar.set_message(text());
        }
    }
}

impl Drop for Progress {
    /// Clears the line for what follows.
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
