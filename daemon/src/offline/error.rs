//! Errors of `heimdalld extract`.

use std::io;

use crate::job::error::ExtractionError;
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
    /// The object cannot be read from the store.
    #[error("{0}")]
    Store(#[from] ExtractionError),
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

impl OfflineError {
    /// The word for the error: as the daemon writes it to `error_kind`, where it has one.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Read(error) if error.kind() == io::ErrorKind::NotFound => "not_found",
            Self::Read(_) => "unreadable",
            Self::Recording(error) => error.kind(),
            Self::Store(error) => error.kind(),
            Self::Segments(_) => "internal",
            #[cfg(feature = "plot")]
            Self::Plot(_) | Self::WritePlot { .. } => "internal",
        }
    }
}
