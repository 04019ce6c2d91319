//! `heimdalld doctor`: looks at everything that the daemon needs, and says of
//! each whether it is well, what is wrong with it, and what to type.

use std::io::{self, IsTerminal as _, Write};

use self::finding::{Level, Line};
use crate::config::settings::Settings;

mod database;
mod finding;
mod notifications;
mod object_store;

/// Examines everything and writes what was found; whether nothing is wrong.
///
/// # Errors
/// When it cannot be written.
pub async fn examine(settings: &Settings, mut out: impl Write) -> io::Result<bool> {
    let colours = io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let mut findings = database::examine(settings).await;
    findings.extend(notifications::examine(settings).await);
    findings.extend(object_store::examine(settings).await);
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
