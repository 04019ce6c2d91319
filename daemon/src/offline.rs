//! `heimdalld extract FILE...`: the extractor on files, without any server.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use heimdall_dsp::{Extraction, Hints, Recording, SampleFormat, Workspace};

use crate::beside;

/// As large as the daemon's own blocks.
const BLOCK_BYTES: usize = 256 * 1024;

/// What the command line says of the files.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Samples per second, where the file does not say.
    pub sample_rate_hz: Option<f64>,
    /// Sample format, where the file does not say.
    pub format: Option<SampleFormat>,
}

/// Why a file has no features.
#[derive(Debug, thiserror::Error)]
pub enum OfflineError {
    /// It could not be read.
    #[error("{0}")]
    Read(#[from] io::Error),
    /// It is no recording.
    #[error("{0}")]
    Recording(#[from] heimdall_dsp::Error),
}

/// Extracts every file and prints one JSON array of segment objects a line to
/// `out`; what fails goes to `err` and the rest goes on. Returns how many failed.
///
/// # Errors
/// When `out` or `err` cannot be written.
pub fn extract_files(files: &[PathBuf], options: Options, out: impl Write, mut err: impl Write) -> io::Result<usize> {
    let mut out = BufWriter::new(out);
    let mut workspace = Workspace::new();
    let mut failed = 0;
    for file in files {
        match extract_file(file, options, &mut workspace) {
            Ok(extraction) => {
                serde_json::to_writer(&mut out, &extraction.segments)?;
                out.write_all(b"\n")?;
                out.flush()?;
            }
            Err(error) => {
                failed += 1;
                writeln!(err, "{}: {error}", file.display())?;
            }
        }
    }
    Ok(failed)
}

/// Extracts one file.
///
/// # Errors
/// When it cannot be read or is no recording.
pub fn extract_file(file: &Path, options: Options, workspace: &mut Workspace) -> Result<Extraction, OfflineError> {
    let mut hints = Hints::default();
    if let Some(format) = options.format {
        hints = hints.with_format(format, "argument");
    }
    if let Some(rate_hz) = options.sample_rate_hz {
        hints = hints.with_sample_rate_hz(rate_hz, "argument");
    }
    if let Some(name) = file.file_name().and_then(|name| name.to_str()) {
        hints.say_name(name);
    }
    let data = beside::gather(file, &mut hints)?;
    let mut recording = Recording::new(hints);
    let mut input = File::open(data)?;
    let mut block = vec![0; BLOCK_BYTES];
    loop {
        match input.read(&mut block) {
            Ok(0) => break,
            Ok(count) => recording.push(&block[..count], workspace)?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(recording.finish(workspace)?)
}
