//! `SigMF` metadata of files: next to the samples, given instead of the samples, or at the end of
//! an archive.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use heimdall_dsp::sidecar::{dataset_name, is_dataset, is_metadata, metadata_names, other_dataset};
use heimdall_dsp::{
    CompressedTail, Compression, Error, Hints, MAX_SIGMF_BYTES, MAX_SIGMF_TAIL_BYTES, Recording, SIDECAR_SOURCE, Sigmf,
    Workspace,
};

use crate::error::FileError;

/// Length of the start of an archive that contains the header of the dataset or of the metadata.
const START_BYTES: u64 = 64 * 1024;
/// Bytes of a compressed archive that are read at a time.
const BLOCK_BYTES: usize = 256 * 1024;

/// Finds the `SigMF` metadata of a file and adds them to the hints. Returns the file with the
/// samples: `file`, or the dataset if `file` contains the metadata.
///
/// # Errors
/// When the metadata cannot be read, or a `.sigmf-data` has none and the hints name no format.
pub fn resolve_sidecar(file: &Path, hints: &mut Hints) -> Result<PathBuf, FileError> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    if is_metadata(&name) {
        let meta = read(file)?;
        return use_metadata(file.with_file_name(dataset_name(&name, &meta)?), meta, hints);
    }
    for path in metadata_names(&name).iter().map(|name| file.with_file_name(name)) {
        if path.is_file() {
            let meta = read(&path)?;
            if describes(&meta, file, &name) {
                return use_metadata(file.to_owned(), meta, hints);
            }
        }
    }
    if is_dataset(&name) && !hints.names_samples() {
        let problem = format!(
            "none at {}, and no --format",
            file.with_extension("sigmf-meta").display()
        );
        return Err(Error::Metadata { problem }.into());
    }
    let mut input = File::open(file)?;
    if input.metadata()?.is_file() {
        read_archive_tail(&mut input, hints)?;
    }
    Ok(file.to_owned())
}

fn use_metadata(file: PathBuf, meta: Sigmf, hints: &mut Hints) -> Result<PathBuf, FileError> {
    hints.set_object_bytes(Some(file.metadata()?.len()));
    hints.set_sigmf(meta, SIDECAR_SOURCE);
    Ok(file)
}

/// Whether metadata next to a file belong to it, and not to a `.sigmf-data` or another file in the
/// folder.
fn describes(meta: &Sigmf, file: &Path, name: &str) -> bool {
    other_dataset(meta, name).is_none()
        && (meta.dataset().is_some() || is_dataset(name) || !file.with_extension("sigmf-data").exists())
}

/// Reads the metadata at the end of an archive, if they come after the samples. Leaves the input
/// anywhere.
///
/// # Errors
/// When the input cannot be read, or its end is no end of an archive.
pub fn read_archive_tail(input: &mut (impl Read + Seek), hints: &mut Hints) -> Result<(), FileError> {
    let mut start = Vec::new();
    input.by_ref().take(START_BYTES).read_to_end(&mut start)?;
    if start.get(257..262) != Some(b"ustar") && Compression::recognise(&start).is_none() {
        return Ok(());
    }
    let Some((at, compression)) = find_metadata(start, input)? else {
        return Ok(());
    };
    let mut tail = Vec::new();
    if let Some(compression) = compression {
        input.seek(SeekFrom::Start(0))?;
        tail = read_compressed_tail(input, CompressedTail::new(compression, at, u64::MAX))?;
    } else {
        input.seek(SeekFrom::Start(at))?;
        input.take(MAX_SIGMF_TAIL_BYTES as u64).read_to_end(&mut tail)?;
    }
    hints.read_archive_tail(&tail)?;
    Ok(())
}

/// Reads an archive from its `start`, and what follows in `input` if it is compressed, until it is
/// known whether its metadata follow the samples. Returns where they are, and the compression.
///
/// A block of bzip2 gives nothing before it is complete, so the start alone does not suffice.
fn find_metadata(start: Vec<u8>, input: &mut impl Read) -> Result<Option<(u64, Option<Compression>)>, FileError> {
    let is_compressed = Compression::recognise(&start).is_some();
    let mut workspace = Workspace::new();
    let mut recording = Recording::new(Hints::default()).with_limit(START_BYTES);
    let mut block = start;
    loop {
        match recording.push(&block, &mut workspace) {
            Err(Error::MetadataAfterSamples { at, compression }) => return Ok(Some((at, compression))),
            // The limit, mostly: then the metadata came first.
            Err(_) => return Ok(None),
            Ok(()) => {}
        }
        block.clear();
        if is_compressed {
            input.by_ref().take(START_BYTES).read_to_end(&mut block)?;
        }
        if block.is_empty() {
            return Ok(None);
        }
    }
}

/// Reads a compressed archive, and returns its end.
fn read_compressed_tail(input: &mut impl Read, mut tail: CompressedTail) -> Result<Vec<u8>, FileError> {
    let mut block = vec![0; BLOCK_BYTES];
    loop {
        let count = input.read(&mut block)?;
        if count == 0 || !tail.push(&block[..count])? {
            return Ok(tail.into_bytes());
        }
    }
}

fn read(path: &Path) -> Result<Sigmf, FileError> {
    let mut json = Vec::new();
    let file =
        File::open(path).map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))?;
    file.take(MAX_SIGMF_BYTES as u64 + 1).read_to_end(&mut json)?;
    Ok(Sigmf::parse(&json)?)
}
