//! Why a file cannot be read.

use std::io;

/// Why a file has no features.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The file cannot be read.
    #[error("{0}")]
    Read(#[from] io::Error),
    /// It is not a recording.
    #[error("{0}")]
    Recording(#[from] heimdall_dsp::Error),
}
