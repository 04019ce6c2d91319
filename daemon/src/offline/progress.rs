//! The progress bar of long files.

use std::path::Path;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::input;

/// Shorter files take less than about half a second, too short to read a bar.
const LONG_BYTES: u64 = 64 << 20;

/// A progress bar on standard error; hidden for short files, and if standard error is not a
/// terminal.
pub(super) struct Progress(ProgressBar);

impl Progress {
    pub(super) fn new(file: &Path, size_bytes: Option<u64>) -> Self {
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
        // The bar would cut off the end of a long path.
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
    /// Clears the line for the messages that follow.
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
