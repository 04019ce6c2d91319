//! Progress of long files, on a terminal.

use std::path::Path;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::input;

/// Shorter files are done before a bar can be read: about half a second of work.
const LONG_BYTES: u64 = 64 << 20;

/// A bar on the standard error, or nothing: for short files, and where that is no terminal.
pub(super) struct Progress(ProgressBar);

impl Progress {
    pub(super) fn of(file: &Path, size_bytes: Option<u64>) -> Self {
        let (bar, style) = match size_bytes {
            Some(size) if size < LONG_BYTES => return Self(ProgressBar::hidden()),
            Some(size) => (
                ProgressBar::new(size),
                "{wide_msg} {bar:20} {percent:>3} % {bytes_per_sec} {eta}",
            ),
            None => (
                ProgressBar::new_spinner(),
                "{spinner} {wide_msg} {bytes} {bytes_per_sec}",
            ),
        };
        // indicatif draws nothing where standard error is no terminal.
        let style = ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar());
        // The end of a long path would be cut off.
        let name = file.file_name().map_or(file, Path::new);
        let bar = bar.with_style(style).with_message(input::name(name));
        if size_bytes.is_none() {
            bar.enable_steady_tick(Duration::from_millis(200));
        }
        Self(bar)
    }

    pub(super) fn advance(&mut self, bytes: usize) {
        self.0.inc(bytes as u64);
    }
}

impl Drop for Progress {
    /// The line is free for what is said next.
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
