//! `heimdalld extract FILE...`: extracts features from files and from objects of the store, without a
//! database.

pub mod error;
mod input;
mod line;
#[cfg(feature = "plot")]
pub mod plot_files;
mod progress;
pub mod stored_files;
mod summary;

use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use heimdall_dsp::{Extraction, Hints, Recording, SampleFormat, SegmentFeatures, Workspace};

use crate::job::segment_spool::SegmentSpool;
use error::OfflineError;
use progress::Progress;
use stored_files::{StoredFiles, is_stored};

/// The block size of the daemon.
const BLOCK_BYTES: usize = 256 * 1024;
/// Text of segments kept in memory, about five minutes of recording; more goes to a temporary file.
const SEGMENTS_IN_MEMORY_BYTES: usize = 1 << 20;

/// The options of the command line.
#[derive(Default)]
pub struct Options {
    /// Samples per second, for files that do not contain it.
    pub sample_rate_hz: Option<f64>,
    /// Sample format, for files that do not contain it.
    pub format: Option<SampleFormat>,
    /// Where the plots of the files go.
    #[cfg(feature = "plot")]
    pub plots: Option<plot_files::PlotFiles>,
    /// The store of the files that are `s3://` locations.
    pub store: Option<StoredFiles>,
}

/// Extracts each file, and writes a JSON object to `out` for each, on one line: with its segments, or
/// with its error. Writes to `err` how each file was interpreted, and errors; an error in one file
/// does not stop the others. Returns how many files failed.
///
/// # Errors
/// When `out` or `err` cannot be written.
pub fn extract_files(files: &[PathBuf], options: &Options, out: impl Write, mut err: impl Write) -> io::Result<usize> {
    let mut out = BufWriter::new(out);
    let mut workspace = Workspace::new();
    let mut failed = 0;
    for (index, file) in files.iter().enumerate() {
        let name = file.to_string_lossy();
        let mut segments = SegmentSpool::new(SEGMENTS_IN_MEMORY_BYTES);
        let error = match extract_one(file, options, &mut segments, &mut workspace) {
            Ok(mut extraction) => {
                line::write_segments(&mut out, &name, &extraction, &segments)?;
                summary::write(&input::name(file), &extraction, &mut err)?;
                draw(options, index, &mut extraction, &mut workspace).err()
            }
            Err(error) => {
                line::write_error(&mut out, &name, &error)?;
                Some(error)
            }
        };
        if let Some(error) = error {
            failed += 1;
            writeln!(err, "{}: {error}", input::name(file))?;
        }
    }
    Ok(failed)
}

/// Extracts one file, or one object of the store.
fn extract_one(
    file: &Path,
    options: &Options,
    segments: &mut SegmentSpool,
    workspace: &mut Workspace,
) -> Result<Extraction, OfflineError> {
    let Some(store) = options.store.as_ref().filter(|_| is_stored(file)) else {
        return extract_file(file, hints(file, options), options, segments, workspace);
    };
    let fetched = store.fetch(&file.to_string_lossy())?;
    let hints = with_options(fetched.hints.clone(), options);
    extract_file(&fetched.path, hints, options, segments, workspace)
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

#[cfg(feature = "plot")]
fn is_drawn(options: &Options) -> bool {
    options.plots.is_some()
}

#[cfg(not(feature = "plot"))]
fn is_drawn(_: &Options) -> bool {
    false
}

#[cfg(not(feature = "plot"))]
#[expect(clippy::unnecessary_wraps, reason = "the function that draws can fail")]
fn draw(_: &Options, _: usize, _: &mut Extraction, _: &mut Workspace) -> Result<(), OfflineError> {
    Ok(())
}

/// Extracts one file. The segments go to `segments`, everything else is returned.
fn extract_file(
    file: &Path,
    mut hints: Hints,
    options: &Options,
    segments: &mut SegmentSpool,
    workspace: &mut Workspace,
) -> Result<Extraction, OfflineError> {
    let data = if input::is_stdin(file) {
        file.to_owned()
    } else {
        heimdall_files::portapack::add_text(file, &mut hints)?;
        heimdall_files::sigmf::resolve_sidecar(file, &mut hints)?
    };
    let mut recording = Recording::new(hints);
    if is_drawn(options) {
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

/// What the command line and the name of the file tell about the samples.
fn hints(file: &Path, options: &Options) -> Hints {
    let mut hints = with_options(Hints::default(), options);
    heimdall_files::add_name(file, &mut hints);
    hints
}

fn with_options(mut hints: Hints, options: &Options) -> Hints {
    if let Some(format) = options.format {
        hints = hints.with_format(format, "argument");
    }
    if let Some(rate_hz) = options.sample_rate_hz {
        hints = hints.with_sample_rate_hz(rate_hz, "argument");
    }
    hints
}
