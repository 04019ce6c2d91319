//! The result of one check.

use std::fmt::Display;
use std::io::{self, Write};

use crate::sanitize::sanitize;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    Ok,
    /// It works, but an operator should look at it.
    Warning,
    /// It does not work.
    Wrong,
}

impl Level {
    fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Wrong => "wrong",
        }
    }

    /// The escape sequence for its colour on a terminal.
    fn colour(self) -> &'static str {
        match self {
            Self::Ok => "\x1b[32m",
            Self::Warning => "\x1b[33m",
            Self::Wrong => "\x1b[1;31m",
        }
    }
}

/// The result of one check.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) level: Level,
    pub(super) subject: String,
    pub(super) what: String,
    /// What to type, if anything.
    pub(super) hint: Option<String>,
}

impl Finding {
    pub(super) fn new(level: Level, subject: &str, what: impl Display, hint: Option<String>) -> Self {
        Self {
            level,
            subject: subject.to_owned(),
            what: sanitize(&what.to_string()),
            hint: hint.map(|hint| sanitize(&hint)),
        }
    }

    pub(super) fn ok(subject: &str, what: impl Display) -> Self {
        Self::new(Level::Ok, subject, what, None)
    }

    pub(super) fn warning(subject: &str, what: impl Display, hint: impl Into<String>) -> Self {
        Self::new(Level::Warning, subject, what, Some(hint.into()))
    }

    pub(super) fn wrong(subject: &str, what: impl Display, hint: impl Into<String>) -> Self {
        Self::new(Level::Wrong, subject, what, Some(hint.into()))
    }

    /// The same as an object; `type` is what to type, or null.
    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::json!({
            "level": self.level.word(),
            "subject": self.subject,
            "finding": self.what,
            "type": self.hint,
        })
    }

    /// Writes a line that starts with the level, so that a script can search for it, and a second
    /// line with what to type.
    pub(super) fn write(&self, out: &mut impl Write, colours: bool) -> io::Result<()> {
        let (start, end) = if colours {
            (self.level.colour(), "\x1b[0m")
        } else {
            ("", "")
        };
        writeln!(
            out,
            "{start}{:<8}{end}{}: {}",
            self.level.word(),
            self.subject,
            self.what
        )?;
        match &self.hint {
            Some(hint) => writeln!(out, "        type: {hint}"),
            None => Ok(()),
        }
    }
}
