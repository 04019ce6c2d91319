//! `--help` of each command on one screen: with the settings that the command uses, and no others.

use std::ffi::OsString;

use clap::{Arg, Command};

/// Where the commands that only ask or act get the database.
const DATABASE: &[&str] = &["database_url"];
/// What else the doctor looks at.
const SERVERS: &[&str] = &[
    "database_url",
    "s3_endpoint",
    "s3_bucket",
    "s3_access_key",
    "s3_secret_key",
];

/// Settings that are files, and not files instead of a value.
const ONLY_FILES: [&str; 5] = [
    "config_file",
    "database_ca_file",
    "s3_ca_file",
    "http_token_file",
    "http_read_token_file",
];

/// The settings that the help of a command shows; `None`: all.
fn shown(command: &str) -> Option<&'static [&'static str]> {
    match command {
        "run" => None,
        "migrate" | "status" | "session" | "export" => Some(DATABASE),
        "retry" | "backfill" => Some(&["database_url", "admin_database_url"]),
        "doctor" => Some(SERVERS),
        "config" => Some(&["config_file"]),
        "health" => Some(&["http_addr"]),
        _ => Some(&[]),
    }
}

/// The command line, for the help of the command that `arguments` name.
pub(super) fn tailored(root: Command, arguments: &[OsString]) -> Command {
    let named = arguments
        .iter()
        .skip(1)
        .filter_map(|argument| argument.to_str())
        .find(|argument| root.get_subcommands().any(|command| command.get_name() == *argument))
        .unwrap_or_default()
        .to_owned();
    let shown = shown(&named);
    root.mut_args(|argument| {
        let id = argument.get_id().to_string();
        let is_setting = argument.get_env().is_some();
        // A file instead of a value: the last line of the help names them all.
        let is_file = id.ends_with("_file") && !ONLY_FILES.contains(&id.as_str());
        let is_shown = shown.is_none_or(|shown| shown.contains(&id.as_str()));
        if is_setting {
            argument.hide_env(true).hide(is_file || !is_shown)
        } else {
            argument
        }
    })
}

/// `heimdalld help COMMAND` as `heimdalld COMMAND --help`.
pub(super) fn as_flag(mut arguments: Vec<OsString>) -> Vec<OsString> {
    if arguments.get(1).is_some_and(|argument| argument == "help") {
        arguments.remove(1);
        arguments.push("--help".into());
    }
    arguments
}

/// The settings, as names of variables.
pub(super) fn variables(root: &Command) -> Vec<String> {
    let arguments = root.get_arguments().filter_map(Arg::get_env);
    arguments.map(|name| name.to_string_lossy().into_owned()).collect()
}

/// Below the help of the commands that take settings.
pub(super) const SETTINGS: &str = "Settings are also variables (--s3-endpoint is HEIMDALL_S3_ENDPOINT), lines of \
    --config-file, or files (--database-url-file): see heimdalld config.";
/// Below the help of the whole.
pub(super) const ROOT: &str = "heimdalld COMMAND --help has its options, heimdalld run --help all settings.";
/// Below the help of `export`.
#[cfg(feature = "export")]
pub(super) const EXPORT: &str = "A row for each session, second and receiver; nulls for a receiver without a sample. Days are written \
    whole. Typed again, it writes only what is new or has changed. Settings are also variables: see heimdalld config.";
/// Below the help of `extract`.
pub(super) const FORMATS: &str = "Files: raw IQ, WAV, RF64, Wave64, NumPy, SigMF, KiwiSDR, SDRangel, PortaPack, rtl_tcp; also .gz .xz .bz2 .zst. \
    Sample formats: SigMF's (cf32_le, ci16_le, cu8 …), or fc32, cs16, sc16q11, complex64 …\n\
    Output, a line for each file: {\"file\": …, \"interpretation\": {…}, \"warnings\": […], \"segments\": […]}, or \
    {\"file\": …, \"error\": {\"kind\": …, \"message\": …}}, and then status 1. For s3:// the store's settings, as a daemon has them.";
