//! The command line.

use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use self::backfill::BackfillArguments;
use self::environment::wrong_settings;
#[cfg(feature = "export")]
use self::export::ExportArguments;
use self::extract::{ExtractArguments, extract};
use self::log_thread::FlushOnDrop;
use self::logging::start_log;
use self::outcome::{CommandError, CommandResult, EXIT_USAGE, exit_code, report};
use self::retry::RetryArguments;
use self::runtime::block_on;
use self::session::SessionArguments;
use self::status::StatusArguments;
use crate::config::arguments::Arguments;
use crate::config::aws::AwsEnvironment;
use crate::config::libpq::Libpq;
use crate::config::plain_password;
use crate::config::proxy::ProxyVariables;
use crate::config::secret::Secret;
use crate::config::settings::ConfigErrors;
use crate::service::signals;
use crate::{doctor, service};

mod backfill;
mod config;
mod database;
mod environment;
#[cfg(feature = "export")]
mod export;
mod extract;
mod health;
mod help;
mod log_thread;
mod logging;
mod migrate;
mod outcome;
mod retry;
mod runtime;
mod session;
mod status;
mod terminal;

/// Extracts RF features from completed recordings; Postgres is the queue.
#[derive(Debug, Parser)]
#[command(name = "heimdalld", version, disable_help_subcommand = true, max_term_width = 100, after_help = help::ROOT)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    arguments: Arguments,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The daemon (the default)
    #[command(after_help = help::SETTINGS)]
    Run,
    /// Installs or updates everything under sql/
    #[command(after_help = help::SETTINGS)]
    Migrate {
        /// Only list what is missing and what stands in the way; status 1 if anything is
        #[arg(long)]
        check: bool,
    },
    /// What is wrong with database, rights and buckets, and what to type
    #[command(after_help = help::SETTINGS)]
    Doctor {
        /// One JSON object on a line: checks, wrong, warnings
        #[arg(long)]
        json: bool,
    },
    /// How the whole stands: coverage, queue, throughput, daemons, failures
    #[command(after_help = help::SETTINGS)]
    Status(StatusArguments),
    /// One session: its receivers, their results, what each waits for
    #[command(after_help = help::SETTINGS)]
    Session(SessionArguments),
    /// Tries again what failed; says how much that is, and asks
    #[command(
        after_help = help::SETTINGS,
        override_usage = "heimdalld retry --measurement ID|--session ID|--kind KIND|--all [OPTIONS]"
    )]
    Retry(RetryArguments),
    /// Queues earlier recordings, newest first, after all other work
    #[command(after_help = help::SETTINGS)]
    Backfill(BackfillArguments),
    /// The settings that hold, and where each comes from
    Config,
    /// Whether the daemon of this host can work; status 1 if not
    Health {
        /// Only ask whether the process lives
        #[arg(long)]
        live: bool,
    },
    /// Features of files, without a database
    #[command(after_help = help::FORMATS)]
    Extract(ExtractArguments),
    /// Training samples as files, a folder for each day
    #[cfg(feature = "export")]
    #[command(after_help = help::EXPORT)]
    Export(ExportArguments),
    /// Not in this build
    #[cfg(not(feature = "export"))]
    #[command(hide = true)]
    Export {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
        arguments: Vec<std::ffi::OsString>,
    },
    /// A throw-away Postgres, an S3 server in the process, recordings, rows
    #[cfg(feature = "demo")]
    Demo(crate::demo::DemoArguments),
}

/// Parses the command line and runs the command.
#[must_use]
pub fn main() -> ExitCode {
    let _flush = FlushOnDrop;
    let (Cli { command, arguments }, matches) = match parse() {
        Ok(parsed) => parsed,
        Err(error) => {
            let error = naming_unreadable(error);
            // This prints --help and --version too. If the terminal is closed, there is nothing
            // left to do.
            drop(error.print());
            return if error.use_stderr() {
                ExitCode::from(EXIT_USAGE)
            } else {
                ExitCode::SUCCESS
            };
        }
    };
    let result = match command.unwrap_or(Command::Run) {
        Command::Extract(options) if options.needs_store() => {
            complete(arguments).and_then(|(arguments, _)| extract(&options, Some(&arguments)))
        }
        Command::Extract(options) => extract(&options, None),
        #[cfg(not(feature = "export"))]
        Command::Export { .. } => Err(outcome::usage_error(
            "this heimdalld was built without cargo's feature export: cargo build --release -p heimdall-daemon --features export",
        )),
        #[cfg(feature = "demo")]
        Command::Demo(arguments) => block_on(async { Ok(crate::demo::main(arguments).await) }),
        command => complete(arguments).and_then(|(arguments, from_file)| match command {
            Command::Migrate { check } => migrate::migrate(&arguments, check),
            Command::Doctor { json } => examine(&arguments, json),
            Command::Status(options) => block_on(status::status(&arguments, &options)),
            Command::Session(options) => block_on(session::session(&arguments, &options)),
            Command::Retry(options) => block_on(retry::retry(&arguments, &options)),
            Command::Backfill(options) => block_on(backfill::backfill(&arguments, &options)),
            #[cfg(feature = "export")]
            Command::Export(options) => block_on(export::export(&arguments, &options)),
            Command::Health { live } => health::ask(&arguments, live),
            Command::Config => config::show(&arguments, &Cli::command(), &matches, &from_file),
            _ => run(&arguments, &secrets_in_flags(&arguments, &matches)),
        }),
    };
    result.unwrap_or_else(|error| {
        // Printed whatever the log filter is.
        log_thread::write(format!("heimdalld: {}\n", error.message));
        ExitCode::from(error.status)
    })
}

/// The command line, also as what says where each setting comes from.
fn parse() -> Result<(Cli, ArgMatches), clap::Error> {
    let given = help::as_flag(std::env::args_os().collect());
    let mut command = help::tailored(Cli::command(), &given);
    let matches = command.try_get_matches_from_mut(given)?;
    let cli = Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command))?;
    Ok((cli, matches))
}

/// The same error; where a value is not UTF-8, with the names of the variables that have such a value.
fn naming_unreadable(error: clap::Error) -> clap::Error {
    let names = environment::unreadable();
    if error.kind() != ErrorKind::InvalidUtf8 || names.is_empty() {
        return error;
    }
    let text = format!("not UTF-8: the value of {}", names.join(", "));
    Cli::command().error(ErrorKind::InvalidUtf8, text)
}

/// The arguments with what is in the file of settings and in libpq's variables. The second part is
/// the names of those that come from the file.
fn complete(arguments: Arguments) -> Result<(Arguments, Vec<&'static str>), CommandError> {
    environment::check()?;
    let mut arguments = arguments.trimmed();
    arguments.libpq = Libpq::from_environment();
    arguments.aws = AwsEnvironment::from_environment();
    arguments.proxies = ProxyVariables::from_environment();
    let wrong = |lines: Vec<String>| wrong_settings(ConfigErrors(lines));
    let from_file = arguments.read_file().map_err(wrong)?;
    Ok((arguments, from_file))
}

/// The flags that give a secret.
fn secrets_in_flags(arguments: &Arguments, matches: &ArgMatches) -> Vec<&'static str> {
    let has_password = |url: &Option<Secret>| url.as_ref().is_some_and(|url| plain_password::is_in(url.expose()));
    let is_flag = |name| matches.value_source(name) == Some(ValueSource::CommandLine);
    [
        ("--database-url", "database_url", has_password(&arguments.database_url)),
        (
            "--listener-database-url",
            "listener_database_url",
            has_password(&arguments.listener_database_url),
        ),
        (
            "--admin-database-url",
            "admin_database_url",
            has_password(&arguments.admin_database_url),
        ),
        ("--s3-secret-key", "s3_secret_key", true),
        ("--s3-session-token", "s3_session_token", true),
    ]
    .into_iter()
    .filter(|(_, name, is_secret)| *is_secret && is_flag(name))
    .map(|(flag, ..)| flag)
    .collect()
}

fn run(arguments: &Arguments, secrets_in_flags: &[&str]) -> CommandResult {
    let remarks = environment::check()?;
    let settings = arguments.settings().map_err(wrong_settings)?;
    start_log(arguments);
    remarks.log();
    for remark in settings.remarks() {
        warn!(remark, "in the database URL");
    }
    for flag in secrets_in_flags {
        warn!(
            flag,
            "everybody on this host sees this secret in the list of processes: use the variable or {flag}-file"
        );
    }
    for host in settings.passwords_without_tls() {
        warn!(
            host,
            "the database password goes over the network without TLS: add ?sslmode=verify-full to the URL"
        );
    }
    block_on(async {
        let stop = CancellationToken::new();
        let _signals = signals::on_signals(stop.clone(), log_thread::flush);
        let _hangup = signals::on_hangup(stop.clone());
        service::run(settings, stop).await?;
        Ok(ExitCode::SUCCESS)
    })
}

fn examine(arguments: &Arguments, as_json: bool) -> CommandResult {
    let settings = arguments.for_doctor().map_err(wrong_settings)?;
    block_on(async {
        let mut text = Vec::new();
        let is_good = doctor::examine(&settings, as_json, &mut text).await?;
        report(&String::from_utf8_lossy(&text))?;
        Ok(exit_code(is_good))
    })
}
