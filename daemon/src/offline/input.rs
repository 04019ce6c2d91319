//! The input of `heimdalld extract`: files, or the standard input.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::Path;

use crate::sanitize::sanitize;

/// The argument that means the standard input.
const STDIN: &str = "-";

/// Opens a file or the standard input. Returns its size in bytes too, if it is known.
pub(super) fn open(path: &Path) -> io::Result<(Box<dyn Read>, Option<u64>)> {
    if is_stdin(path) {
        return Ok((Box::new(io::stdin().lock()), None));
    }
    let file = File::open(path)?;
    let metadata = file.metadata().ok().filter(Metadata::is_file);
    Ok((Box::new(file), metadata.map(|metadata| metadata.len())))
}

/// Whether the argument means the standard input.
pub(super) fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == STDIN
}

/// The name of an input in messages and plots.
pub(super) fn name(path: &Path) -> String {
    if is_stdin(path) {
        return "standard input".to_owned();
    }
    sanitize(&path.display().to_string())
}
