//! Errors of plotting.

use plotters::drawing::DrawingAreaErrorKind;

/// Why a plot could not be made. No recording causes these errors.
#[derive(Debug, thiserror::Error)]
pub enum PlotError {
    /// The built-in font could not be loaded.
    #[error("the built-in font is broken")]
    Font,
    /// The error of the plotting library.
    #[error("drawing: {0}")]
    Drawing(String),
    /// The error of the PNG encoder.
    #[error("PNG: {0}")]
    Png(#[from] png::EncodingError),
}

impl<E: std::error::Error + Send + Sync> From<DrawingAreaErrorKind<E>> for PlotError {
    fn from(error: DrawingAreaErrorKind<E>) -> Self {
        Self::Drawing(error.to_string())
    }
}
