//! The command line.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use heimdall_dsp::SampleFormat;
use tokio_util::sync::CancellationToken;

use self::logging::start_log;
use crate::config::arguments::Arguments;
use crate::postgres::migrate;
use crate::service::signals;
use crate::{doctor, offline, service, sql};

mod logging;

/// Wrong settings or a wrong command line: `EX_USAGE` of sysexits.h.
pub const EXIT_USAGE: u8 = 64;

/// Extracts RF features from completed recordings; Postgres is the queue.
#[derive(Debug, Parser)]
#[command(name = "heimdalld", version, disable_help_subcommand = true)]
pub struct Cli {
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
        /// Only say what is missing; status 1 if anything is
        #[arg(long)]
        check: bool,
    },
    /// What is wrong with database, triggers, rights and buckets, and what to type; status 1 if anything is
    Doctor,
    /// Offline: a JSON array of segment objects on stdout, one line a file
    Extract {
        /// Recordings; `-` is the standard input
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// Samples per second, where the file does not say
        #[arg(long, value_name = "HZ", value_parser = parse_rate)]
        sample_rate: Option<f64>,
        /// Sample format, where the file does not say, for example `cf32_le`
        #[arg(long, value_name = "FORMAT")]
        format: Option<SampleFormat>,
        /// Picture of the recording: waterfall, averaged spectrum, level over time. `.png` or `.svg`; for several
        /// files a folder
        #[arg(long, value_name = "OUT.png")]
        #[cfg_attr(not(feature = "plot"), arg(hide = true))]
        plot: Option<PathBuf>,
    },
    /// The embedded default: a throw-away Postgres, an in-process S3 server, recordings, rows
    #[cfg(feature = "demo")]
    Demo(crate::demo::DemoArguments),
}

fn parse_rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if rate.is_finite() && rate > 0.0 => Ok(rate),
        _ => Err("not a positive number of samples per second".to_owned()),
    }
}

/// Parses the command line and does what it says.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // --help and --version are no errors; nothing is left to do if the terminal is gone.
            drop(error.print());
            return if error.use_stderr() {
                ExitCode::from(EXIT_USAGE)
            } else {
                ExitCode::SUCCESS
            };
        }
    };
    match cli.command.unwrap_or(Command::Run) {
        Command::Run => match cli.arguments.settings() {
            Ok(settings) => {
                start_log(&cli.arguments);
                block_on(async {
                    let stop = CancellationToken::new();
                    let _signals = signals::on_signals(stop.clone());
                    finish(service::run(settings, stop).await)
                })
            }
            Err(wrong) => refuse(&wrong),
        },
        Command::Migrate { check } => match cli.arguments.database() {
            Ok(url) => {
                start_log(&cli.arguments);
                block_on(migrate_command(url, check))
            }
            Err(wrong) => refuse(&wrong),
        },
        Command::Doctor => match cli.arguments.settings() {
            Ok(settings) => block_on(async {
                match doctor::examine(&settings, io::stdout().lock()).await {
                    Ok(true) => ExitCode::SUCCESS,
                    Ok(false) => ExitCode::FAILURE,
                    Err(error) => finish(Err(error)),
                }
            }),
            Err(wrong) => refuse(&wrong),
        },
        Command::Extract {
            files,
            sample_rate,
            format,
            plot,
        } => {
            #[cfg(not(feature = "plot"))]
            if plot.is_some() {
                return refuse(&"--plot: this heimdalld was built without pictures (cargo's feature plot)");
            }
            let options = offline::Options {
                sample_rate_hz: sample_rate,
                format,
                #[cfg(feature = "plot")]
                pictures: match plot
                    .map(|out| offline::plot_files::PlotFiles::plan(&out, &files))
                    .transpose()
                {
                    Ok(pictures) => pictures,
                    Err(ambiguous) => return refuse(&ambiguous),
                },
            };
            extract_command(&files, &options)
        }
        #[cfg(feature = "demo")]
        Command::Demo(arguments) => block_on(async { crate::demo::main(arguments).await }),
    }
}

fn extract_command(files: &[PathBuf], options: &offline::Options) -> ExitCode {
    if files.iter().filter(|file| file.as_os_str() == "-").count() > 1 {
        return refuse(&"- (the standard input) can be read only once");
    }
    match offline::extract_files(files, options, io::stdout().lock(), io::stderr()) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        // The reader of a pipe has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => finish(Err(error)),
    }
}

#[expect(clippy::print_stdout, reason = "this is the command's output")]
async fn migrate_command(url: crate::config::credentials::DatabaseUrl, check: bool) -> ExitCode {
    let result = if check {
        migrate::check(&url).await
    } else {
        migrate::migrate(&url).await
    };
    match result {
        Ok(report) if check => {
            for path in &report.schema_files {
                println!("missing: sql/{path}");
            }
            for statement in &report.indexes {
                println!("missing: {statement}");
            }
            if report.schema_files.is_empty() && report.indexes.is_empty() {
                println!("schema version {}: up to date", sql::schema_version());
                return ExitCode::SUCCESS;
            }
            ExitCode::FAILURE
        }
        Ok(report) => {
            println!(
                "schema version {}: {} schema files applied, {} others re-applied, {} indexes built",
                sql::schema_version(),
                report.schema_files.len(),
                report.reapplied,
                report.indexes.len()
            );
            ExitCode::SUCCESS
        }
        Err(error) => finish(Err(error)),
    }
}

fn block_on(work: impl Future<Output = ExitCode>) -> ExitCode {
    // Two are enough to keep the sockets busy; the extractor has threads of its own.
    let built = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    match built {
        Ok(runtime) => {
            let code = runtime.block_on(work);
            runtime.shutdown_background();
            code
        }
        Err(error) => finish(Err(error)),
    }
}

#[expect(clippy::print_stderr, reason = "the last word of a command, whatever the log filter")]
fn finish(result: Result<(), impl std::fmt::Display>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("heimdalld: {error}");
            ExitCode::FAILURE
        }
    }
}

#[expect(
    clippy::print_stderr,
    reason = "a person has to read all of it, whatever the log filter"
)]
fn refuse(wrong: &impl std::fmt::Display) -> ExitCode {
    eprintln!("heimdalld: {wrong}");
    ExitCode::from(EXIT_USAGE)
}
