//! `heimdalld doctor`: checks everything that the daemon needs, and prints for each whether it
//! works, what is wrong, and what to type.

use std::io::{self, IsTerminal as _, Write};

use self::finding::Level;
use crate::config::settings::Settings;

mod database;
mod finding;
mod notifications;
mod object_store;

/// Checks everything and writes the findings to `out`. Returns whether nothing is wrong.
///
/// # Errors
/// When `out` cannot be written.
pub async fn examine(settings: &Settings, mut out: impl Write) -> io::Result<bool> {
    let colours = io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let mut findings = database::examine(settings).await;
    findings.extend(notifications::examine(settings).await);
    findings.extend(object_store::examine(settings).await);
    for finding in &findings {
        finding.write(&mut out, colours)?;
    }
    let count = |level| findings.iter().filter(|finding| finding.level == level).count();
    let (wrong, warnings) = (count(Level::Wrong), count(Level::Warning));
    writeln!(out, "{} checks, {wrong} wrong, {warnings} to look at", findings.len())?;
    Ok(wrong == 0)
}
