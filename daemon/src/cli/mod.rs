//! The command line.

use std::io;
use std::process::ExitCode;

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use self::extract::{ExtractArguments, extract};
use self::log_thread::FlushOnDrop;
use self::logging::start_log;
use self::outcome::{CommandError, CommandResult, EXIT_USAGE, exit_code, print, usage_error};
use crate::config::arguments::Arguments;
use crate::config::aws::AwsEnvironment;
use crate::config::environment::UnknownNames;
use crate::config::libpq::Libpq;
use crate::config::plain_password;
use crate::config::proxy::ProxyVariables;
use crate::config::secret::Secret;
use crate::config::settings::ConfigErrors;
use crate::postgres::migrate::{self, MigrateError};
use crate::postgres::obstacles::{Obstacle, Severity};
use crate::sanitize::sanitize;
use crate::service::signals;
use crate::{doctor, service, sql};

mod config;
mod extract;
mod health;
mod log_thread;
mod logging;
mod outcome;

/// Extracts RF features from completed recordings; Postgres is the queue.
#[derive(Debug, Parser)]
#[command(name = "heimdalld", version, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    arguments: Arguments,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The daemon (the default)
    Run,
    /// Installs or updates everything under sql/
    Migrate {
        /// Only list what is missing and what stands in the way; status 1 if anything is
        #[arg(long)]
        check: bool,
    },
    /// Finds what is wrong with database, triggers, rights and buckets, and what to type; status 1
    /// if anything is wrong
    Doctor,
    /// Prints the settings that hold, and where each comes from; status 64 if one is wrong
    Config,
    /// Asks the daemon of this host whether it can work, and prints its answer; status 1 if it
    /// cannot. For hosts and images without another HTTP client
    Health {
        /// Only ask whether the process lives
        #[arg(long)]
        live: bool,
    },
    /// Offline: a JSON array of segment objects on stdout, one line per file
    Extract(ExtractArguments),
    /// The embedded default: a throw-away Postgres, an in-process S3 server, recordings, rows
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
        Command::Extract(arguments) => extract(&arguments),
        #[cfg(feature = "demo")]
        Command::Demo(arguments) => block_on(async { Ok(crate::demo::main(arguments).await) }),
        command => complete(arguments).and_then(|(arguments, from_file)| match command {
            Command::Migrate { check } => migrate(&arguments, check),
            Command::Doctor => examine(&arguments),
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
    let mut command = Cli::command();
    let matches = command.try_get_matches_from_mut(std::env::args_os())?;
    let cli = Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command))?;
    Ok((cli, matches))
}

/// The arguments with what is in the file of settings and in libpq's variables. The second part is
/// the names of those that come from the file.
fn complete(arguments: Arguments) -> Result<(Arguments, Vec<&'static str>), CommandError> {
    unknown_names()?;
    let mut arguments = arguments.trimmed();
    arguments.libpq = Libpq::from_environment();
    arguments.aws = AwsEnvironment::from_environment();
    arguments.proxies = ProxyVariables::from_environment();
    let wrong = |lines: Vec<String>| usage_error(ConfigErrors(lines));
    let from_file = arguments.read_file().map_err(wrong)?;
    Ok((arguments, from_file))
}

/// Names in the environment that look like settings and are none.
///
/// # Errors
/// When one of them looks like a typing error.
fn unknown_names() -> Result<UnknownNames, CommandError> {
    let settings: Vec<String> = Cli::command()
        .get_arguments()
        .filter_map(Arg::get_env)
        .map(|name| name.to_string_lossy().into_owned())
        .collect();
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let unknown = UnknownNames::among(names, &settings);
    if unknown.misspelt.is_empty() {
        return Ok(unknown);
    }
    let line = |(name, meant): &(String, String)| format!("{name}: no such setting, {meant} is one");
    let lines: Vec<String> = unknown.misspelt.iter().map(line).collect();
    Err(usage_error(format_args!("wrong settings:\n  {}", lines.join("\n  "))))
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
        ("--s3-secret-key", "s3_secret_key", true),
        ("--s3-session-token", "s3_session_token", true),
    ]
    .into_iter()
    .filter(|(_, name, is_secret)| *is_secret && is_flag(name))
    .map(|(flag, ..)| flag)
    .collect()
}

fn run(arguments: &Arguments, secrets_in_flags: &[&str]) -> CommandResult {
    let unknown = unknown_names()?;
    let settings = arguments.settings().map_err(usage_error)?;
    start_log(arguments);
    if !unknown.others.is_empty() {
        warn!(names = unknown.others.join(","), "no such settings, they are ignored");
    }
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
        service::run(settings, stop).await?;
        Ok(ExitCode::SUCCESS)
    })
}

fn migrate(arguments: &Arguments, check: bool) -> CommandResult {
    let url = arguments.database().map_err(usage_error)?;
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
        let report = outcome?;
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

fn examine(arguments: &Arguments) -> CommandResult {
    let settings = arguments.settings().map_err(usage_error)?;
    block_on(async { Ok(exit_code(doctor::examine(&settings, io::stdout().lock()).await?)) })
}

fn block_on(work: impl Future<Output = CommandResult>) -> CommandResult {
    // Two threads are enough for the sockets; the extractor has its own threads.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let result = runtime.block_on(work);
    runtime.shutdown_background();
    result
}
