//! `SigMF` metadata of files: next to the samples, given instead of the samples, or at the end of an archive.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use heimdall_dsp::{Error, Hints, MAX_SIGMF_BYTES, MAX_SIGMF_TAIL_BYTES, Recording, SIDECAR_SOURCE, Sigmf, Workspace};

use crate::offline::error::OfflineError;

/// Length of the start of an archive that contains the header of the dataset or of the metadata.
const START_BYTES: u64 = 64 * 1024;

/// Finds the `SigMF` metadata of a file and adds them to the hints. Returns the file with the samples: `file`, or the
/// dataset if `file` contains the metadata.
///
/// # Errors
/// When the metadata cannot be read, or a `.sigmf-data` has none and the hints have no sample format.
pub fn resolve_sidecar(file: &Path, hints: &mut Hints) -> Result<PathBuf, OfflineError> {
    if has_extension(file, "sigmf-meta") {
        let meta = read(file)?;
        let data = match meta.dataset() {
            Some(name) if Path::new(name).components().count() == 1 => file.with_file_name(name),
            Some(name) => {
                let problem = format!("core:dataset is '{}', which is no file name", name.escape_debug());
                return Err(Error::Metadata { problem }.into());
            }
            None => file.with_extension("sigmf-data"),
        };
        if meta.is_metadata_only() {
            let problem = "there are no samples to it (core:metadata_only)".to_owned();
            return Err(Error::Metadata { problem }.into());
        }
        return use_metadata(data, meta, hints);
    }
    let mut appended = OsString::from(file);
    appended.push(".sigmf-meta");
    for path in [file.with_extension("sigmf-meta"), appended.into()] {
        if path.is_file() {
            let meta = read(&path)?;
            if describes(&meta, file) {
                return use_metadata(file.to_owned(), meta, hints);
            }
        }
    }
    if has_extension(file, "sigmf-data") && !hints.names_samples() {
        let problem = format!(
            "none at {}, and no --format",
            file.with_extension("sigmf-meta").display()
        );
        return Err(Error::Metadata { problem }.into());
    }
    read_archive_tail(file, hints)?;
    Ok(file.to_owned())
}

fn use_metadata(file: PathBuf, meta: Sigmf, hints: &mut Hints) -> Result<PathBuf, OfflineError> {
    hints.set_object_bytes(Some(file.metadata()?.len()));
    hints.set_sigmf(meta, SIDECAR_SOURCE);
    Ok(file)
}

/// Whether metadata next to a file belong to it, and not to a `.sigmf-data` or another file in the folder.
fn describes(meta: &Sigmf, file: &Path) -> bool {
    match meta.dataset() {
        Some(name) => file.file_name().is_some_and(|own| own == name),
        None => has_extension(file, "sigmf-data") || !file.with_extension("sigmf-data").exists(),
    }
}

/// Reads the metadata at the end of an archive, if they come after the samples.
fn read_archive_tail(file: &Path, hints: &mut Hints) -> Result<(), OfflineError> {
    let mut input = File::open(file)?;
    if !input.metadata()?.is_file() {
        return Ok(());
    }
    let mut start = Vec::new();
    input.by_ref().take(START_BYTES).read_to_end(&mut start)?;
    if start.get(257..262) != Some(b"ustar") {
        return Ok(());
    }
    let result = Recording::new(Hints::default()).push(&start, &mut Workspace::new());
    if let Err(Error::MetadataAfterSamples { at }) = result {
        input.seek(SeekFrom::Start(at))?;
        let mut tail = Vec::new();
        input.take(MAX_SIGMF_TAIL_BYTES as u64).read_to_end(&mut tail)?;
        hints.read_archive_tail(&tail)?;
    }
    Ok(())
}

fn read(path: &Path) -> Result<Sigmf, OfflineError> {
    let mut json = Vec::new();
    let file =
        File::open(path).map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))?;
    file.take(MAX_SIGMF_BYTES as u64 + 1).read_to_end(&mut json)?;
    Ok(Sigmf::parse(&json)?)
}

fn has_extension(file: &Path, wanted: &str) -> bool {
    file.extension().is_some_and(|extension| extension == wanted)
}
