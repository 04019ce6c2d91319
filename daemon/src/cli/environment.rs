//! What an operator should know of the variables: names that are no setting, and values in quotes.

use clap::{Args as _, Command};
use tracing::{info, warn};

use super::help;
use super::outcome::{CommandError, usage_error};
use crate::config::arguments::Arguments;
use crate::config::environment::{UnknownNames, quoted};
use crate::config::libpq::Libpq;
use crate::config::proxy::ProxyVariables;
use crate::config::settings::ConfigErrors;

/// What is worth a line, and wrong in no way.
pub(super) struct Remarks {
    /// Names that begin with `HEIMDALL_` and are no setting.
    unknown: Vec<String>,
    /// Variables whose quotes are removed.
    quoted: Vec<String>,
}

/// Looks at the variables.
///
/// # Errors
/// When a name looks like a typing error.
pub(super) fn check() -> Result<Remarks, CommandError> {
    let settings = settings();
    let unknown = unknown(&settings);
    if !unknown.misspelt.is_empty() {
        let line = |(name, meant): &(String, String)| format!("{name}: no such setting, {meant} is one");
        let lines: Vec<String> = unknown.misspelt.iter().map(line).collect();
        return Err(usage_error(format_args!("wrong settings:\n  {}", lines.join("\n  "))));
    }
    let unreadable = unreadable();
    if !unreadable.is_empty() {
        let names = unreadable.join(", ");
        return Err(usage_error(format_args!(
            "wrong settings:\n  {names}: the value is not UTF-8"
        )));
    }
    let is_read = |name: &String| settings.contains(name) || is_foreign(name);
    let variables =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    Ok(Remarks {
        unknown: unknown.others,
        quoted: quoted(variables.filter(|(name, _)| is_read(name))),
    })
}

/// Wrong settings. The reason may be a name that is none.
pub(super) fn wrong_settings(errors: ConfigErrors) -> CommandError {
    let others = unknown(&settings()).others;
    if others.is_empty() {
        return usage_error(errors);
    }
    let lines: Vec<String> = others
        .iter()
        .map(|name| format!("\n  {name}: no such setting, it is ignored"))
        .collect();
    usage_error(format_args!("{errors}{}", lines.concat()))
}

/// The variables that have an effect and whose values are not UTF-8.
pub(super) fn unreadable() -> Vec<String> {
    let settings = settings();
    let variables = std::env::vars_os().filter(|(_, value)| value.to_str().is_none());
    let names = variables.filter_map(|(name, _)| name.into_string().ok());
    names
        .filter(|name| settings.contains(name) || is_foreign(name))
        .collect()
}

/// Whether a variable of other programs has an effect here.
fn is_foreign(name: &str) -> bool {
    Libpq::reads(name) || ProxyVariables::reads(name) || name.starts_with("AWS_")
}

/// The variables of our settings.
fn settings() -> Vec<String> {
    help::variables(&Arguments::augment_args(Command::new("heimdalld")))
}

fn unknown(settings: &[String]) -> UnknownNames {
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    UnknownNames::among(names, settings)
}

impl Remarks {
    /// Lines of the log.
    pub(super) fn log(&self) {
        if !self.unknown.is_empty() {
            warn!(names = self.unknown.join(","), "no such settings, they are ignored");
        }
        if !self.quoted.is_empty() {
            info!(
                names = self.quoted.join(","),
                "quotes around these values are removed; a secret that has quotes of its own must be in a file"
            );
        }
    }
}
