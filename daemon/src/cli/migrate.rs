//! `heimdalld migrate`.

use super::environment::wrong_settings;
use super::logging::start_log;
use super::outcome::{CommandError, CommandResult, exit_code, print};
use super::runtime::block_on;
use crate::config::arguments::Arguments;
use crate::doctor::likely_cause;
use crate::postgres::migrate::{self, MigrateError};
use crate::postgres::obstacles::{Obstacle, Severity};
use crate::sanitize::sanitize;
use crate::sql;

/// Installs or updates everything, or only says what is missing.
pub(super) fn migrate(arguments: &Arguments, check: bool) -> CommandResult {
    let url = arguments.database().map_err(wrong_settings)?;
    start_log(arguments);
    block_on(async {
        let outcome = if check {
            migrate::check(&url).await
        } else {
            migrate::migrate(&url).await
        };
        if let Err(MigrateError::Blocked(obstacles)) = &outcome {
            print_obstacles(obstacles);
        }
        let report = outcome.map_err(|error| match &error {
            MigrateError::Database(cause) if !cause.is_refusal() => {
                let (what, hint) = likely_cause(&url, cause);
                CommandError {
                    message: sanitize(&format!("{what}: {error}; type: {hint}")),
                    status: 1,
                }
            }
            _ => error.into(),
        })?;
        let version = sql::schema_version();
        let is_complete = if check {
            for path in &report.schema_files {
                print(format_args!("missing: sql/{path}"));
            }
            for statement in &report.indexes {
                let cost = if statement.contains("CONCURRENTLY") {
                    ""
                } else {
                    "  (writers wait meanwhile)"
                };
                print(format_args!("missing: {statement}{cost}"));
            }
            report.schema_files.is_empty() && report.indexes.is_empty()
        } else {
            print(format_args!(
                "schema version {version}: {} schema files applied, {} others re-applied, {} indexes built",
                report.schema_files.len(),
                report.reapplied,
                report.indexes.len()
            ));
            true
        };
        print_obstacles(&report.obstacles);
        if check && is_complete && !report.is_obstructed() {
            print(format_args!("schema version {version}: up to date"));
        }
        Ok(exit_code(is_complete && !report.is_obstructed()))
    })
}

/// Prints what stands in the way in the form of the doctor's lines.
fn print_obstacles(obstacles: &[Obstacle]) {
    for obstacle in obstacles {
        let level = match obstacle.severity {
            Severity::Blocks | Severity::Wrong => "wrong",
            Severity::Warning => "warning",
            Severity::Note => "ok",
        };
        print(format_args!(
            "{level:<8}{}: {}",
            sanitize(&obstacle.subject),
            sanitize(&obstacle.finding)
        ));
        if let Some(hint) = &obstacle.hint {
            print(format_args!("        type: {}", sanitize(hint)));
        }
    }
}
