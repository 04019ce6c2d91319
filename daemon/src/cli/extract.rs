//! `heimdalld extract`: files and objects without a database.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use heimdall_dsp::{InstructionSet, SampleFormat};

use super::environment::wrong_settings;
use super::outcome::{CommandResult, exit_code, usage_error};
use crate::config::arguments::Arguments;
use crate::offline;
use crate::offline::stored_files::{StoredFiles, is_stored};

#[derive(Args, Debug)]
pub(super) struct ExtractArguments {
    /// Files, `s3://bucket/key`, or `-` for the standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Samples per second, where the file does not say it
    #[arg(long, value_name = "HZ", value_parser = parse_rate)]
    sample_rate: Option<f64>,
    /// Sample format, where the file does not say it, such as `cf32_le`
    #[arg(long, value_name = "FORMAT")]
    format: Option<SampleFormat>,
    /// Waterfall, spectrum, level: `.png` or `.svg`; a folder for several
    #[arg(long, value_name = "OUT.png")]
    #[cfg_attr(not(feature = "plot"), arg(hide = true))]
    plot: Option<PathBuf>,
    /// Vector instructions at most: `baseline`, `avx2`, `avx512`
    #[arg(long, value_name = "SET")]
    instructions: Option<InstructionSet>,
}

fn parse_rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if rate.is_finite() && rate > 0.0 => Ok(rate),
        _ => Err("not a positive number of samples per second".to_owned()),
    }
}

impl ExtractArguments {
    /// Whether it needs the settings of the store.
    pub(super) fn needs_store(&self) -> bool {
        self.files.iter().any(|file| is_stored(file))
    }
}

/// Prints a JSON object for each file. `settings` are those of the store, where a file is in one.
pub(super) fn extract(arguments: &ExtractArguments, settings: Option<&Arguments>) -> CommandResult {
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
    let store = match settings {
        Some(settings) => Some(StoredFiles::new(&settings.store_alone().map_err(wrong_settings)?)?),
        None => None,
    };
    let options = offline::Options {
        store,
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
