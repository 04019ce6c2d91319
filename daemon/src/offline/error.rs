//! Why a file has no features.

use std::io;

#[cfg(feature = "plot")]
use super::plot_files::PlotError;

/// Why a file has no features.
#[derive(Debug, thiserror::Error)]
pub enum OfflineError {
    /// It could not be read.
    #[error("{0}")]
    Read(#[from] io::Error),
    /// It is no recording.
    #[error("{0}")]
    Recording(#[from] heimdall_dsp::Error),
    /// Its segments cannot be kept until the end.
    #[error("temporary file: {0}")]
    Segments(io::Error),
    /// The numbers are there, the picture is not.
    #[cfg(feature = "plot")]
    #[error("picture: {0}")]
    Picture(#[from] PlotError),
}
