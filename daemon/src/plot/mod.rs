//! A recording as a picture: averaged spectrum, waterfall, level over time.
//!
//! The numbers come from [`heimdall_dsp::overview`]; here they are only drawn, in memory, with a font of our own: a
//! server has neither fonts nor a display.

mod axis;
mod caption;
mod colour;
mod envelope;
pub mod error;
pub mod input;
mod layout;
mod page;
mod palette;
mod png_file;
mod spectrum;
mod svg;
mod text;
mod waterfall;

use std::sync::OnceLock;

use plotters::prelude::*;
use plotters::style::register_font;

use error::PictureError;
use input::PlotInput;
use png_file::encode;
use text::Lettered;

/// Size of a picture in pixels: legible on a laptop, two of them beside each other on a large screen.
pub const SIZE: (u32, u32) = (1280, 1160);

/// The picture as a PNG file.
///
/// # Errors
/// When the libraries that draw and encode fail, which nothing in a recording makes them do.
pub fn png(subject: PlotInput<'_>) -> Result<Vec<u8>, PictureError> {
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
pub fn svg(subject: PlotInput<'_>) -> Result<String, PictureError> {
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

/// Gives the font to the plotting library, once for the process.
fn load_font() -> Result<(), PictureError> {
    static LOADED: OnceLock<bool> = OnceLock::new();
    let loaded = LOADED.get_or_init(|| register_font(text::FAMILY, FontStyle::Normal, notosans::REGULAR_TTF).is_ok());
    if *loaded { Ok(()) } else { Err(PictureError::Font) }
}
