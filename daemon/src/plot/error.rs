//! Why there is no picture.

use plotters::drawing::DrawingAreaErrorKind;

/// Why there is no picture. None of it depends on the recording.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// The font inside the program.
    #[error("the built-in font is broken")]
    Font,
    /// What the plotting library says.
    #[error("drawing: {0}")]
    Drawing(String),
    /// What the encoder says.
    #[error("PNG: {0}")]
    Png(#[from] png::EncodingError),
}

impl<E: std::error::Error + Send + Sync> From<DrawingAreaErrorKind<E>> for PictureError {
    fn from(error: DrawingAreaErrorKind<E>) -> Self {
        Self::Drawing(error.to_string())
    }
}
