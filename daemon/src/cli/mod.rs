//! The command line.

use std::fmt::{self, Display};
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Arg, Args, CommandFactory as _, Parser, Subcommand};
use heimdall_dsp::{InstructionSet, SampleFormat};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use self::log_thread::FlushOnDrop;
use self::logging::start_log;
use crate::config::arguments::Arguments;
use crate::config::environment::UnknownNames;
use crate::postgres::migrate::{self, MigrateError};
use crate::postgres::obstacles::{Obstacle, Severity};
use crate::sanitize::sanitize;
use crate::service::signals;
use crate::{doctor, offline, service, sql};

mod log_thread;
mod logging;

/// Exit status for wrong settings or a wrong command line: `EX_USAGE` of sysexits.h.
const EXIT_USAGE: u8 = 64;

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
    /// Offline: a JSON array of segment objects on stdout, one line per file
    Extract(ExtractArguments),
    /// The embedded default: a throw-away Postgres, an in-process S3 server, recordings, rows
    #[cfg(feature = "demo")]
    Demo(crate::demo::DemoArguments),
}

#[derive(Args, Debug)]
struct ExtractArguments {
    /// Recordings, also compressed ones (.gz, .xz, .bz2, .zst); `-` is the standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Samples per second, for files that do not contain it
    #[arg(long, value_name = "HZ", value_parser = parse_rate)]
    sample_rate: Option<f64>,
    /// Sample format, for files that do not contain it, for example `cf32_le`
    #[arg(long, value_name = "FORMAT")]
    format: Option<SampleFormat>,
    /// Plot of the recording: waterfall, averaged spectrum, level over time. `.png` or `.svg`; a
    /// folder for several files
    #[arg(long, value_name = "OUT.png")]
    #[cfg_attr(not(feature = "plot"), arg(hide = true))]
    plot: Option<PathBuf>,
    /// Vector instructions to use at most, for measurements: `baseline`, `avx2`, `avx512` [default:
    /// the best that the processor has]
    #[arg(long, value_name = "SET")]
    instructions: Option<InstructionSet>,
}

fn parse_rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if rate.is_finite() && rate > 0.0 => Ok(rate),
        _ => Err("not a positive number of samples per second".to_owned()),
    }
}

/// Why a command ended early: its last line on standard error, and its exit status.
struct CommandError {
    message: String,
    status: u8,
}

impl<E: std::error::Error> From<E> for CommandError {
    fn from(error: E) -> Self {
        Self {
            message: error.to_string(),
            status: 1,
        }
    }
}

fn usage_error(error: impl Display) -> CommandError {
    CommandError {
        message: error.to_string(),
        status: EXIT_USAGE,
    }
}

type CommandResult = Result<ExitCode, CommandError>;

/// Parses the command line and runs the command.
#[must_use]
pub fn main() -> ExitCode {
    let _flush = FlushOnDrop;
    let Cli { command, arguments } = match Cli::try_parse() {
        Ok(cli) => cli,
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
    let arguments = arguments.trimmed();
    let result = match command.unwrap_or(Command::Run) {
        Command::Run => run(&arguments),
        Command::Migrate { check } => migrate(&arguments, check),
        Command::Doctor => examine(&arguments),
        Command::Extract(arguments) => extract(&arguments),
        #[cfg(feature = "demo")]
        Command::Demo(arguments) => block_on(async { Ok(crate::demo::main(arguments).await) }),
    };
    result.unwrap_or_else(|error| {
        // Printed whatever the log filter is.
        log_thread::write(format!("heimdalld: {}\n", error.message));
        ExitCode::from(error.status)
    })
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

fn run(arguments: &Arguments) -> CommandResult {
    let unknown = unknown_names()?;
    let settings = arguments.settings().map_err(usage_error)?;
    start_log(arguments);
    if !unknown.others.is_empty() {
        warn!(names = unknown.others.join(","), "no such settings, they are ignored");
    }
    block_on(async {
        let stop = CancellationToken::new();
        let _signals = signals::on_signals(stop.clone(), log_thread::flush);
        service::run(settings, stop).await?;
        Ok(ExitCode::SUCCESS)
    })
}

/// Prints a line of a command's output. Where nobody reads it, it is lost.
fn print(line: fmt::Arguments<'_>) {
    drop(writeln!(io::stdout(), "{line}"));
}

fn migrate(arguments: &Arguments, check: bool) -> CommandResult {
    unknown_names()?;
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
    unknown_names()?;
    let settings = arguments.settings().map_err(usage_error)?;
    block_on(async { Ok(exit_code(doctor::examine(&settings, io::stdout().lock()).await?)) })
}

fn extract(arguments: &ExtractArguments) -> CommandResult {
    let files = &arguments.files;
    #[cfg(not(feature = "plot"))]
    if arguments.plot.is_some() {
        return Err(usage_error(
            "--plot: this heimdalld was built without cargo's feature plot",
        ));
    }
    if files.iter().filter(|file| file.as_os_str() == "-").count() > 1 {
        return Err(usage_error("- (the standard input) can be read only once"));
    }
    if let Some(set) = arguments.instructions {
        set.limit();
    }
    let options = offline::Options {
        sample_rate_hz: arguments.sample_rate,
        format: arguments.format,
        #[cfg(feature = "plot")]
        plots: match &arguments.plot {
            Some(out) => Some(offline::plot_files::PlotFiles::plan(out, files).map_err(usage_error)?),
            None => None,
        },
    };
    match offline::extract_files(files, &options, io::stdout().lock(), io::stderr()) {
        // The reader of a pipe has closed it, as `head` does.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
        failed => Ok(exit_code(failed? == 0)),
    }
}

fn exit_code(success: bool) -> ExitCode {
    if success { ExitCode::SUCCESS } else { ExitCode::FAILURE }
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
