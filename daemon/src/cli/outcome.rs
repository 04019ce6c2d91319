//! How a command ends, and its lines of output.

use std::fmt::{self, Display};
use std::io::{self, ErrorKind, Write as _};
use std::process::ExitCode;

use serde::Serialize;

use super::terminal::show;
use crate::sanitize::escape_json;

/// Exit status for wrong settings or a wrong command line: `EX_USAGE` of sysexits.h.
pub(super) const EXIT_USAGE: u8 = 64;
/// Exit status where a server cannot be reached: `EX_UNAVAILABLE`.
pub(super) const EXIT_UNAVAILABLE: u8 = 69;
/// Exit status where a right is missing: `EX_NOPERM`.
pub(super) const EXIT_NO_PERMISSION: u8 = 77;
/// Exit status after Ctrl-C, as a shell reports the signal.
pub(super) const EXIT_INTERRUPTED: u8 = 130;

/// Why a command ended early: its last line on standard error, and its exit status.
pub(super) struct CommandError {
    pub(super) message: String,
    pub(super) status: u8,
}

impl<E: std::error::Error> From<E> for CommandError {
    fn from(error: E) -> Self {
        Self {
            message: error.to_string(),
            status: 1,
        }
    }
}

/// Wrong settings or a wrong command line.
pub(super) fn usage_error(error: impl Display) -> CommandError {
    CommandError {
        message: error.to_string(),
        status: EXIT_USAGE,
    }
}

pub(super) type CommandResult = Result<ExitCode, CommandError>;

/// Prints a line about what a command does. Where nobody reads it, it is lost: what was done is done.
pub(super) fn print(line: fmt::Arguments<'_>) {
    drop(writeln!(io::stdout(), "{line}"));
}

/// Prints what a command was asked for. A reader that has gone wants no more.
///
/// # Errors
/// When it cannot be written, for example on a full disk.
pub(super) fn report(text: &str) -> CommandResult {
    match show(text) {
        Ok(()) => Ok(exit_code(true)),
        Err(error) => unwritten(&error),
    }
}

/// How a command ends whose output cannot be written.
pub(super) fn unwritten(error: &io::Error) -> CommandResult {
    if error.kind() == ErrorKind::BrokenPipe {
        return Ok(exit_code(true));
    }
    Err(CommandError {
        message: format!("standard output: {error}"),
        status: 1,
    })
}

/// A value as JSON on one line, with unsafe characters escaped.
pub(super) fn json_line(value: &impl Serialize) -> Result<String, CommandError> {
    let json = serde_json::to_string(value)?;
    Ok(escape_json(&json).into_owned() + "\n")
}

pub(super) fn exit_code(success: bool) -> ExitCode {
    if success { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
