//! `heimdalld doctor`: checks everything that the daemon needs, and prints for each whether it
//! works, what is wrong, and what to type.

use std::io::{self, IsTerminal as _, Write};

use serde_json::json;

use self::finding::{Finding, Level};
use crate::config::credentials::DatabaseUrl;
use crate::config::settings::DoctorSettings;
use crate::postgres::error::DbError;
use crate::sanitize::escape_json;

mod database;
mod finding;
mod notifications;
mod object_store;

/// The likely cause of an error of the database: what is wrong, and what to type.
#[must_use]
pub fn likely_cause(url: &DatabaseUrl, error: &DbError) -> (String, String) {
    database::likely_cause(url, error)
}

/// Checks everything and writes the findings to `out`, as lines or as one JSON object on a line.
/// Returns whether nothing is wrong.
///
/// # Errors
/// When `out` cannot be written.
pub async fn examine(settings: &DoctorSettings, as_json: bool, mut out: impl Write) -> io::Result<bool> {
    let mut findings = database::examine(settings).await;
    findings.extend(notifications::examine(settings).await);
    findings.extend(object_store::examine(settings.store.as_ref()).await);
    let count = |level| findings.iter().filter(|finding| finding.level == level).count();
    let (wrong, warnings) = (count(Level::Wrong), count(Level::Warning));
    if as_json {
        let report = json!({
            "checks": findings.iter().map(Finding::json).collect::<Vec<_>>(),
            "wrong": wrong,
            "warnings": warnings,
        });
        writeln!(out, "{}", escape_json(&report.to_string()))?;
    } else {
        let colours = io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        for finding in &findings {
            finding.write(&mut out, colours)?;
        }
        writeln!(out, "{} checks, {wrong} wrong, {warnings} to look at", findings.len())?;
    }
    Ok(wrong == 0)
}
