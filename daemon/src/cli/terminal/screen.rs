//! Where output goes: width, height, colours.

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _};

use console::{Term, is_dumb};

use super::width::wrap;
use crate::sanitize::sanitize;

/// Longer lines are harder to read, and do not fit a usual window.
const MAX_COLUMNS: usize = 100;
/// Nothing can be read on a narrower terminal.
const MIN_COLUMNS: usize = 20;

/// How a text stands out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::cli) enum Style {
    #[default]
    Plain,
    Heading,
    Good,
    /// It works, but somebody should look at it.
    Warning,
    Wrong,
    /// Less important than the rest.
    Faint,
}

impl Style {
    fn escape(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Heading => "\x1b[1m",
            Self::Good => "\x1b[32m",
            Self::Warning => "\x1b[33m",
            Self::Wrong => "\x1b[1;31m",
            Self::Faint => "\x1b[2m",
        }
    }
}

/// Whether a stream gets colours: only a terminal that knows them, and not with `NO_COLOR`.
pub(in crate::cli) fn has_colours(is_terminal: bool) -> bool {
    is_terminal && !is_dumb() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Where output goes: its width, and whether it shows colours.
#[derive(Clone, Copy, Debug)]
pub(in crate::cli) struct Screen {
    pub(in crate::cli) columns: usize,
    /// Lines that are visible at once; `None` where output is no terminal, or one without a cursor that
    /// can be moved.
    pub(in crate::cli) lines: Option<usize>,
    pub(in crate::cli) colours: bool,
}

impl Screen {
    /// Standard output.
    pub(in crate::cli) fn stdout() -> Self {
        let is_terminal = io::stdout().is_terminal();
        let size = Term::stdout().size_checked().filter(|_| is_terminal);
        Self {
            columns: size.map_or(MAX_COLUMNS, |(_, columns)| {
                usize::from(columns).clamp(MIN_COLUMNS, MAX_COLUMNS)
            }),
            lines: size.filter(|_| !is_dumb()).map(|(lines, _)| usize::from(lines)),
            colours: has_colours(is_terminal),
        }
    }

    /// The text in this style. It must be safe to print.
    pub(in crate::cli) fn paint(self, style: Style, text: &str) -> String {
        if self.colours && style != Style::Plain && !text.is_empty() {
            format!("{}{text}\x1b[0m", style.escape())
        } else {
            text.to_owned()
        }
    }

    /// Appends a line of prose, divided between words where it is too long; further lines are
    /// indented as the first one and by two more. Unsafe characters are escaped.
    pub(in crate::cli) fn line(self, out: &mut String, style: Style, indent: usize, text: &str) {
        for (number, part) in wrap(&sanitize(text), self.columns.saturating_sub(indent + 2))
            .iter()
            .enumerate()
        {
            let indent = if number == 0 { indent } else { indent + 2 };
            // Writing to a string does not fail.
            let _ = writeln!(out, "{:indent$}{}", "", self.paint(style, part));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_is_divided_between_words() {
        let screen = Screen {
            columns: 24,
            lines: None,
            colours: false,
        };
        let mut out = String::new();
        screen.line(&mut out, Style::Wrong, 2, "one two three four five\u{1b}[2J");
        assert_eq!(out, "  one two three four\n    five\\u{1b}[2J\n");
    }

    #[test]
    fn colours_are_for_terminals() {
        let mut screen = Screen {
            columns: 80,
            lines: None,
            colours: false,
        };
        assert_eq!(screen.paint(Style::Wrong, "bad"), "bad");
        screen.colours = true;
        assert_eq!(screen.paint(Style::Wrong, "bad"), "\u{1b}[1;31mbad\u{1b}[0m");
        assert_eq!(screen.paint(Style::Plain, "x"), "x");
    }
}
