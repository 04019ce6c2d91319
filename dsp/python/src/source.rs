//! Features of a recording in a file, in memory, or behind a file object of Python.

use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::path::Path;

use heimdall_dsp::{Extraction, Grid, Hints, Recording, Workspace};
use heimdall_files::{FileError, sigmf};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::interrupts::Interrupts;

/// The block size of the daemon.
const BLOCK_BYTES: usize = 256 * 1024;

/// Extracts a file, with what lies next to it.
pub(crate) fn extract_path(
    path: &Path,
    mut hints: Hints,
    grid: Grid,
    workspace: &mut Workspace,
) -> Result<Extraction, FileError> {
    let data = heimdall_files::locate(path, &mut hints)?;
    extract_input(&mut File::open(data)?, hints, grid, workspace)
}

/// Extracts the bytes of a recording.
pub(crate) fn extract_bytes(
    bytes: &[u8],
    mut hints: Hints,
    grid: Grid,
    workspace: &mut Workspace,
) -> Result<Extraction, FileError> {
    let mut input = Cursor::new(bytes);
    sigmf::read_archive_tail(&mut input, &mut hints)?;
    input.set_position(0);
    extract_input(&mut input, hints, grid, workspace)
}

/// Extracts what a file object has from its position on.
pub(crate) fn extract_object(
    object: FileObject,
    mut hints: Hints,
    grid: Grid,
    workspace: &mut Workspace,
) -> Result<Extraction, FileError> {
    let mut input = object;
    if input.is_seekable()? {
        sigmf::read_archive_tail(&mut input, &mut hints)?;
        input.seek(SeekFrom::Start(0))?;
    }
    extract_input(&mut input, hints, grid, workspace)
}

fn extract_input(
    input: &mut impl Read,
    hints: Hints,
    grid: Grid,
    workspace: &mut Workspace,
) -> Result<Extraction, FileError> {
    let mut recording = Recording::new(hints).with_grid(grid);
    let mut interrupts = Interrupts::new();
    let mut block = vec![0; BLOCK_BYTES];
    loop {
        match input.read(&mut block) {
            Ok(0) => return Ok(recording.finish(workspace)?),
            Ok(count) => {
                let mut bytes = &block[..count];
                while recording.push_part(&mut bytes, workspace)? {
                    interrupts.check().map_err(io::Error::from)?;
                }
                interrupts.check().map_err(io::Error::from)?;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// A file object of Python that returns bytes.
pub(crate) struct FileObject {
    object: Py<PyAny>,
    /// Position at which the recording begins.
    start: u64,
}

impl FileObject {
    pub(crate) fn new(object: Bound<'_, PyAny>) -> Self {
        Self {
            object: object.unbind(),
            start: 0,
        }
    }

    /// Whether it can be read twice. Then the recording begins at its position.
    fn is_seekable(&mut self) -> io::Result<bool> {
        Python::attach(|py| -> PyResult<bool> {
            let object = self.object.bind(py);
            let is_seekable = object.hasattr("seekable")? && object.call_method0("seekable")?.is_truthy()?;
            if is_seekable {
                self.start = object.call_method0("tell")?.extract()?;
            }
            Ok(is_seekable)
        })
        .map_err(io::Error::from)
    }
}

impl Read for FileObject {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        Python::attach(|py| -> PyResult<usize> {
            let returned = self.object.bind(py).call_method1("read", (into.len(),))?;
            let Ok(bytes) = returned.cast::<PyBytes>() else {
                return Err(PyTypeError::new_err(
                    "the file object must return bytes: open it in binary mode",
                ));
            };
            let bytes = bytes.as_bytes();
            let Some(target) = into.get_mut(..bytes.len()) else {
                return Err(PyTypeError::new_err(
                    "the file object returned more bytes than it was asked for",
                ));
            };
            target.copy_from_slice(bytes);
            Ok(bytes.len())
        })
        .map_err(io::Error::from)
    }
}

impl Seek for FileObject {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let (offset, whence) = match to {
            SeekFrom::Start(offset) => (i128::from(self.start) + i128::from(offset), 0),
            SeekFrom::Current(offset) => (i128::from(offset), 1),
            SeekFrom::End(offset) => (i128::from(offset), 2),
        };
        Python::attach(|py| -> PyResult<u64> {
            let position: u64 = self.object.bind(py).call_method1("seek", (offset, whence))?.extract()?;
            Ok(position.saturating_sub(self.start))
        })
        .map_err(io::Error::from)
    }
}
