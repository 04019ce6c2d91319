//! `heimdalld doctor`: looks at everything that the daemon needs, and says of
//! each whether it is well, what is wrong with it, and what to type.

use std::fmt::{self, Display};
use std::io::{self, IsTerminal as _, Write};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::config::settings::Settings;
use crate::sanitize::printable;

mod database;
mod listen;
mod store;

/// How a thing stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
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
struct Finding {
    level: Level,
    subject: String,
    what: String,
    /// What to type.
    hint: Option<String>,
}

impl Finding {
    fn new(level: Level, subject: &str, what: impl Display, hint: Option<String>) -> Self {
        Self {
            level,
            subject: subject.to_owned(),
            what: printable(&what.to_string()),
            hint: hint.map(|hint| printable(&hint)),
        }
    }

    fn ok(subject: &str, what: impl Display) -> Self {
        Self::new(Level::Ok, subject, what, None)
    }

    fn warning(subject: &str, what: impl Display, hint: impl Into<String>) -> Self {
        Self::new(Level::Warning, subject, what, Some(hint.into()))
    }

    fn wrong(subject: &str, what: impl Display, hint: impl Into<String>) -> Self {
        Self::new(Level::Wrong, subject, what, Some(hint.into()))
    }
}

/// Examines everything and writes what was found; whether nothing is wrong.
///
/// # Errors
/// When it cannot be written.
pub async fn examine(settings: &Settings, mut out: impl Write) -> io::Result<bool> {
    let colours = io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let mut findings = database::examine(settings).await;
    findings.extend(listen::examine(settings).await);
    findings.extend(store::examine(settings).await);
    for finding in &findings {
        writeln!(out, "{}", Line { finding, colours })?;
    }
    let count = |level| findings.iter().filter(|finding| finding.level == level).count();
    let (wrong, warnings) = (count(Level::Wrong), count(Level::Warning));
    writeln!(
        out,
        "{} looked at, {wrong} wrong, {warnings} to look at",
        findings.len()
    )?;
    Ok(wrong == 0)
}

/// A finding as it is written: the word first, since a pipe is searched for it; what to type on a line of its own.
struct Line<'a> {
    finding: &'a Finding,
    colours: bool,
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
fn unix_time_s() -> f64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0.0, |since| since.as_secs_f64())
}
