//! `heimdalld extract FILE...`: extracts features from files, without any server.

pub mod error;
mod input;
#[cfg(feature = "plot")]
pub mod plot_files;
mod progress;
mod summary;

use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use heimdall_dsp::{Extraction, Hints, Recording, SampleFormat, SegmentFeatures, Workspace};

use crate::job::segment_spool::SegmentSpool;
use error::OfflineError;
use progress::Progress;

/// The block size of the daemon.
const BLOCK_BYTES: usize = 256 * 1024;
/// Text of segments kept in memory, about five minutes of recording; more goes to a temporary file.
const SEGMENTS_IN_MEMORY_BYTES: usize = 1 << 20;

/// The options of the command line.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Samples per second, for files that do not contain it.
    pub sample_rate_hz: Option<f64>,
    /// Sample format, for files that do not contain it.
    pub format: Option<SampleFormat>,
    /// Where the plots of the files go.
    #[cfg(feature = "plot")]
    pub plots: Option<plot_files::PlotFiles>,
}

/// Extracts each file, and writes its segment objects to `out` as a JSON array on one line. Writes
/// to `err` how each file was interpreted, and errors; an error in one file does not stop the
/// others. Returns how many files failed.
///
/// # Errors
/// When `out` or `err` cannot be written.
pub fn extract_files(files: &[PathBuf], options: &Options, out: impl Write, mut err: impl Write) -> io::Result<usize> {
    let mut out = BufWriter::new(out);
    let mut workspace = Workspace::new();
    let mut failed = 0;
    for (index, file) in files.iter().enumerate() {
        let mut segments = SegmentSpool::new(SEGMENTS_IN_MEMORY_BYTES);
        let mut result = extract_file(file, options, &mut segments, &mut workspace);
        if let Ok(extraction) = &mut result {
            write_line(&mut out, segments.lines(&extraction.inconsistencies)?)?;
            summary::write(&input::name(file), extraction, &mut err)?;
            let drawn = draw(options, index, extraction, &mut workspace);
            result = drawn.and(result);
        }
        if let Err(error) = result {
            failed += 1;
            writeln!(err, "{}: {error}", input::name(file))?;
        }
    }
    Ok(failed)
}

#[cfg(feature = "plot")]
fn draw(
    options: &Options,
    index: usize,
    extraction: &mut Extraction,
    workspace: &mut Workspace,
) -> Result<(), OfflineError> {
    let (Some(plots), Some(overview)) = (&options.plots, extraction.overview.take()) else {
        return Ok(());
    };
    // Frees the buffers of the extractor, which are as large as those of a plot. Making them again
    // takes less time than a plot.
    *workspace = Workspace::new();
    plots.draw(index, &overview, extraction)
}

#[cfg(not(feature = "plot"))]
#[expect(clippy::unnecessary_wraps, reason = "the function that draws can fail")]
fn draw(_: &Options, _: usize, _: &mut Extraction, _: &mut Workspace) -> Result<(), OfflineError> {
    Ok(())
}

/// Extracts one file. The segments go to `segments`, everything else is returned.
fn extract_file(
    file: &Path,
    options: &Options,
    segments: &mut SegmentSpool,
    workspace: &mut Workspace,
) -> Result<Extraction, OfflineError> {
    let mut hints = hints(options);
    let data = if input::is_stdin(file) {
        file.to_owned()
    } else {
        heimdall_files::locate(file, &mut hints)?
    };
    let mut recording = Recording::new(hints);
    #[cfg(feature = "plot")]
    if options.plots.is_some() {
        recording = recording.with_overview();
    }
    let (mut input, size_bytes) = input::open(&data)?;
    let mut progress = Progress::new(file, size_bytes);
    let mut block = vec![0; BLOCK_BYTES];
    loop {
        match input.read(&mut block) {
            Ok(0) => break,
            Ok(count) => {
                let mut bytes = &block[..count];
                // A compressed block can give many segments.
                while recording.push_part(&mut bytes, workspace)? {
                    store(segments, &recording.take_segments())?;
                }
                store(segments, &recording.take_segments())?;
                progress.advance(count);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    let extraction = recording.finish(workspace)?;
    store(segments, &extraction.segments)?;
    Ok(extraction)
}

fn store(segments: &mut SegmentSpool, more: &[SegmentFeatures]) -> Result<(), OfflineError> {
    for segment in more {
        let stored = segments.push(segment, &segment.quality.warnings);
        stored.map_err(OfflineError::Segments)?;
    }
    Ok(())
}

/// Writes the objects as an array on one line.
fn write_line(out: &mut impl Write, segments: impl Iterator<Item = io::Result<String>>) -> io::Result<()> {
    let mut separator = "[";
    for segment in segments {
        out.write_all(separator.as_bytes())?;
        out.write_all(segment?.as_bytes())?;
        separator = ",";
    }
    out.write_all(if separator == "[" { b"[]\n" } else { b"]\n" })?;
    out.flush()
}

/// What the command line tells about the samples.
fn hints(options: &Options) -> Hints {
    let mut hints = Hints::default();
    if let Some(format) = options.format {
        hints = hints.with_format(format, "argument");
    }
    if let Some(rate_hz) = options.sample_rate_hz {
        hints = hints.with_sample_rate_hz(rate_hz, "argument");
    }
    hints
}
