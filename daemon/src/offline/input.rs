//! Where the bytes come from.

use std::fs::File;
use std::io::{self, Read, Stdin};
use std::path::Path;

use crate::sanitize::sanitize;

/// What stands for the standard input.
const STDIN: &str = "-";

/// A file or the standard input.
pub(super) enum Input {
    File(File),
    Stdin(Stdin),
}

impl Input {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        if is_stdin(path) {
            return Ok(Self::Stdin(io::stdin()));
        }
        Ok(Self::File(File::open(path)?))
    }

    /// How long it is, where that is known beforehand.
    pub(super) fn size_bytes(&self) -> Option<u64> {
        let Self::File(file) = self else {
            return None;
        };
        file.metadata()
            .ok()
            .filter(std::fs::Metadata::is_file)
            .map(|data| data.len())
    }
}

impl Read for Input {
    fn read(&mut self, block: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.read(block),
            Self::Stdin(stdin) => stdin.lock().read(block),
        }
    }
}

/// Whether the standard input is meant.
pub(super) fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == STDIN
}

/// What a file is called in messages and pictures.
pub(super) fn name(path: &Path) -> String {
    if is_stdin(path) {
        return "standard input".to_owned();
    }
    sanitize(&path.display().to_string())
}
