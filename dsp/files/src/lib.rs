//! Recordings in a file system: what lies next to a file, or at its end, and tells how to read it.
//!
//! `heimdall-dsp` knows no files. The daemon's offline command and the Python package read them
//! with this crate, so that both find the same metadata.

mod error;
mod name;
pub mod portapack;
pub mod sigmf;

pub use error::FileError;
pub use name::add_name;

use std::path::{Path, PathBuf};

use heimdall_dsp::Hints;

/// Adds what the name of a file states, the text of `PortaPack` next to it, and `SigMF` metadata
/// next to it or at its end. Returns the file with the samples: `file`, or the dataset if `file` has
/// the metadata.
///
/// # Errors
/// When metadata cannot be read, or a `.sigmf-data` has none and the hints name no format.
pub fn locate(file: &Path, hints: &mut Hints) -> Result<PathBuf, FileError> {
    add_name(file, hints);
    portapack::add_text(file, hints)?;
    sigmf::resolve_sidecar(file, hints)
}
