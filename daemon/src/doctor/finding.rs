//! What an examination found: how it stands and what to type.

use std::fmt::{self, Display};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::sanitize::sanitize;

/// How a thing stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    /// Well.
    Ok,
    /// It works, but somebody should look at it.
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

    /// As terminals colour it.
    fn colour(self) -> &'static str {
        match self {
            Self::Ok => "\x1b[32m",
            Self::Warning => "\x1b[33m",
            Self::Wrong => "\x1b[1;31m",
        }
    }
}

/// One line of the examination.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) level: Level,
    pub(super) subject: String,
    pub(super) what: String,
    /// What to type.
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
}

/// A finding as it is written: the word first, since a pipe is searched for it; what to type on a line of its own.
pub(super) struct Line<'a> {
    pub(super) finding: &'a Finding,
    pub(super) colours: bool,
}

impl Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Finding {
            level,
            subject,
            what,
            hint,
        } = self.finding;
        let (start, end) = if self.colours {
            (level.colour(), "\x1b[0m")
        } else {
            ("", "")
        };
        write!(f, "{start}{:<8}{end}{subject}: {what}", level.word())?;
        match hint {
            Some(hint) => write!(f, "\n        type: {hint}"),
            None => Ok(()),
        }
    }
}

/// This host's clock.
pub(super) fn unix_time_s() -> f64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0.0, |since| since.as_secs_f64())
}
