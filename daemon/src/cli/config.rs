//! `heimdalld config`: the settings that hold, and where each comes from.

use std::fmt::Write as _;

use clap::parser::ValueSource;
use clap::{ArgMatches, Command};
use tokio_postgres::config::Host;

use super::environment::wrong_settings;
use super::outcome::{CommandResult, exit_code, report};
use crate::config::arguments::Arguments;
use crate::config::connection_url::Address;
use crate::config::settings::StoreSettings;

const NOT_SET: &str = "-";

/// Prints a line for each setting, then what follows from them for the database. Secrets are
/// hidden.
///
/// # Errors
/// All wrong and missing settings, after the lines.
pub(super) fn show(
    arguments: &Arguments,
    command: &Command,
    matches: &ArgMatches,
    from_file: &[&str],
) -> CommandResult {
    let mut rows = Vec::new();
    for name in Arguments::NAMES {
        let (value, source) = match arguments.shown(name) {
            Some(value) if from_file.contains(name) => (value, arguments.shown("config_file").unwrap_or_default()),
            Some(value) => match matches.value_source(name) {
                Some(ValueSource::CommandLine) => (value, format!("--{}", name.replace('_', "-"))),
                _ => (value, "environment".to_owned()),
            },
            None => match default(command, name) {
                Some(value) => (value, "default".to_owned()),
                None => (NOT_SET.to_owned(), "not set".to_owned()),
            },
        };
        rows.push((format!("HEIMDALL_{}", name.to_uppercase()), value, source));
    }
    let mut out = String::new();
    let longest = |lengths: &mut dyn Iterator<Item = usize>| lengths.max().unwrap_or(0);
    let names = longest(&mut rows.iter().map(|row| row.0.len()));
    let values = longest(&mut rows.iter().map(|row| row.1.chars().count())).min(60);
    for (name, value, source) in &rows {
        // Writing to a string does not fail.
        let _ = writeln!(out, "{name:names$}  {value:values$}  {source}");
    }
    if let Ok(url) = arguments.database()
        && let Ok(address) = Address::parse(&url)
    {
        show_database(&address, &mut out);
    }
    let settings = arguments.settings();
    if let Ok(settings) = &settings {
        show_store(&settings.store, &mut out);
    }
    report(&out)?;
    settings.map_err(wrong_settings)?;
    Ok(exit_code(true))
}

/// The default that the help of a setting names.
fn default(command: &Command, name: &str) -> Option<String> {
    let argument = command.get_arguments().find(|argument| argument.get_id() == name)?;
    let help = argument.get_help()?.to_string();
    let (_, default) = help.split_once("[default: ")?;
    Some(default.split(']').next()?.replace('`', ""))
}

fn show_store(store: &StoreSettings, out: &mut String) {
    let _ = writeln!(out, "\nThe object store, as the daemon reaches it:");
    let proxy = store.proxies.shown(&store.endpoint);
    for (name, value) in [
        ("keys from", store.credentials.to_string()),
        ("region", store.region.clone()),
        ("proxy", proxy.unwrap_or_else(|| NOT_SET.to_owned())),
    ] {
        let _ = writeln!(out, "  {name:9} {value}");
    }
}

fn show_database(address: &Address, out: &mut String) {
    let config = &address.config;
    let hosts: Vec<String> = config
        .get_hosts()
        .iter()
        .map(|host| match host {
            Host::Tcp(name) => name.clone(),
            Host::Unix(folder) => folder.display().to_string(),
        })
        .chain(config.get_hostaddrs().iter().map(ToString::to_string))
        .collect();
    let ports: Vec<String> = config.get_ports().iter().map(ToString::to_string).collect();
    let user = config.get_user().unwrap_or(NOT_SET);
    let lines = [
        ("host", hosts.join(",")),
        (
            "port",
            if ports.is_empty() {
                "5432".to_owned()
            } else {
                ports.join(",")
            },
        ),
        ("dbname", config.get_dbname().unwrap_or(user).to_owned()),
        ("user", user.to_owned()),
        ("password", config.get_password().map_or(NOT_SET, |_| "***").to_owned()),
        (
            "TLS",
            if address.tls.is_some() {
                "checked in full"
            } else {
                "off"
            }
            .to_owned(),
        ),
    ];
    let _ = writeln!(out, "\nThe database, as the daemon connects to it:");
    for (name, value) in lines {
        let source = address.sources.iter().find(|(parameter, _)| *parameter == name);
        let source = source.map_or(String::new(), |(_, source)| format!("  ({source})"));
        let _ = writeln!(out, "  {name:9} {value}{source}");
    }
    for remark in &address.remarks {
        let _ = writeln!(out, "  {remark}");
    }
}
