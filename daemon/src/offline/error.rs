//! Errors of `heimdalld extract`.

use std::io;

#[cfg(feature = "plot")]
use crate::plot::error::PlotError;

/// Why a file has no features or no plot.
#[derive(Debug, thiserror::Error)]
pub enum OfflineError {
    /// The file cannot be read.
    #[error("{0}")]
    Read(#[from] io::Error),
    /// It is not a recording.
    #[error("{0}")]
    Recording(#[from] heimdall_dsp::Error),
    /// The file, or what lies next to it, cannot be read.
    #[error("{0}")]
    File(#[from] heimdall_files::FileError),
    /// The segments cannot be stored in a temporary file.
    #[error("temporary file: {0}")]
    Segments(io::Error),
    /// The features were printed, but the plot cannot be drawn.
    #[cfg(feature = "plot")]
    #[error("plot: {0}")]
    Plot(#[from] PlotError),
    /// The features were printed, but the plot cannot be written.
    #[cfg(feature = "plot")]
    #[error("plot: {}: {error}", .path.display())]
    WritePlot {
        /// Path of the plot.
        path: std::path::PathBuf,
        /// The reason.
        error: io::Error,
    },
}
