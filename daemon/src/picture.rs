//! A recording as a picture: averaged spectrum, waterfall, level over time.
//!
//! The numbers come from [`heimdall_dsp::overview`]; here they are only drawn, in memory, with a font of our own: a
//! server has neither fonts nor a display.

mod axis;
mod caption;
mod colour;
mod level;
mod page;
mod palette;
mod spectrum;
mod svg;
mod text;
mod waterfall;

use std::sync::OnceLock;

use heimdall_dsp::{Doubt, Interpretation, Overview};
use plotters::prelude::*;
use plotters::style::register_font;

use text::Lettered;

/// Size of a picture in pixels: legible on a laptop, two of them beside each other on a large screen.
pub const SIZE: (u32, u32) = (1280, 1160);

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

/// What is drawn.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// What the recording is called.
    pub name: &'a str,
    /// What is seen of it.
    pub overview: &'a Overview,
    /// How its bytes were read.
    pub interpretation: &'a Interpretation,
    /// What speaks against that.
    pub doubts: &'a [Doubt],
    /// Frequency that the receiver was tuned to, where the recording says.
    pub centre_hz: Option<f64>,
}

/// The picture as a PNG file.
///
/// # Errors
/// When the libraries that draw and encode fail, which nothing in a recording makes them do.
pub fn png(subject: Subject<'_>) -> Result<Vec<u8>, PictureError> {
    load_font()?;
    let (width, height) = (SIZE.0 as usize, SIZE.1 as usize);
    let mut pixels = vec![0xff; width * height * 3];
    let raster = {
        let backend = Lettered::new(BitMapBackend::with_buffer(&mut pixels, SIZE))?;
        let root = backend.into_drawing_area();
        let raster = page::draw(&root, subject)?;
        root.present()?;
        raster
    };
    raster.copy_into(&mut pixels, width);
    encode(&pixels, width, height)
}

/// The picture as an SVG file: text stays text, the waterfall is a PNG inside.
///
/// # Errors
/// As [`png()`].
pub fn svg(subject: Subject<'_>) -> Result<String, PictureError> {
    load_font()?;
    let mut document = String::new();
    let raster = {
        let root = SVGBackend::with_string(&mut document, SIZE).into_drawing_area();
        let raster = page::draw(&root, subject)?;
        root.present()?;
        raster
    };
    svg::embed(document, &raster)
}

/// Pixels of three bytes as a PNG file.
fn encode(pixels: &[u8], width: usize, height: usize) -> Result<Vec<u8>, PictureError> {
    let size = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
    let (palette, indices) = palette::reduce(pixels, &colour::certain());
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, size(width), size(height));
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_palette(palette);
    encoder.set_compression(png::Compression::High);
    // Numbers of colours are not like their neighbours'.
    encoder.set_filter(png::Filter::NoFilter);
    encoder.write_header()?.write_image_data(&indices)?;
    Ok(file)
}

/// Gives the font to the plotting library, once for the process.
fn load_font() -> Result<(), PictureError> {
    static LOADED: OnceLock<bool> = OnceLock::new();
    let loaded = LOADED.get_or_init(|| register_font(text::FAMILY, FontStyle::Normal, notosans::REGULAR_TTF).is_ok());
    if *loaded { Ok(()) } else { Err(PictureError::Font) }
}
