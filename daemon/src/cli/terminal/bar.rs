//! Progress bars on standard error.

use std::io::{self, IsTerminal as _};

use console::{Term, is_dumb};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};

/// Columns that a bar leaves free: the terminal writes `^C` there when the keys are pressed, and `^C`
/// once more for an impatient person. On the next line, it would stay together with the bar.
const FOR_KEYS: u16 = 5;
/// Times a second that a bar is drawn at most.
const DRAWN_HZ: u8 = 20;

/// A bar of this length, with the share in percent and a message. It takes so many columns, and fewer
/// on a narrow terminal, where the message needs them. Hidden where standard error is no terminal, or
/// one whose lines cannot be cleared.
pub(in crate::cli) fn bar(length: u64, columns: u16) -> ProgressBar {
    if !io::stderr().is_terminal() || is_dumb() {
        return ProgressBar::hidden();
    }
    let terminal = Narrower(Term::stderr());
    let columns = columns.min(terminal.width() / 6);
    let template = format!("{{bar:{columns}}} {{percent:>3}} % {{wide_msg}}");
    let style = ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_bar());
    let target = ProgressDrawTarget::term_like_with_hz(Box::new(terminal), DRAWN_HZ);
    ProgressBar::with_draw_target(Some(length), target).with_style(style)
}

/// Clears the line of a bar, for a process that ends now.
pub(in crate::cli) fn clear_line() {
    if io::stderr().is_terminal() && !is_dumb() {
        // Where the terminal is gone, so is the bar.
        drop(Term::stderr().clear_line());
    }
}

/// A terminal without its last columns. indicatif leaves the cursor behind the last column that it
/// knows.
#[derive(Debug)]
struct Narrower(Term);

impl TermLike for Narrower {
    fn width(&self) -> u16 {
        let (_, columns) = self.0.size();
        columns.saturating_sub(FOR_KEYS).max(1)
    }

    fn height(&self) -> u16 {
        let (lines, _) = self.0.size();
        lines
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_up(n)
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_down(n)
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_right(n)
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_left(n)
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.0.write_line(text)
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.0.write_str(text)
    }

    fn clear_line(&self) -> io::Result<()> {
        self.0.clear_line()
    }

    fn flush(&self) -> io::Result<()> {
        self.0.flush()
    }
}
