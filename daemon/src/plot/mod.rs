//! Plots of a recording: averaged spectrum, waterfall, level over time.
//!
//! The numbers come from [`heimdall_dsp::overview`]. This module draws them in memory, with a
//! built-in font: a server has neither fonts nor a display.

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
mod strip;
mod svg;
mod text;
mod waterfall;

use std::sync::OnceLock;

use heimdall_dsp::Overview;
use plotters::prelude::*;
use plotters::style::register_font;

use error::PlotError;
use input::PlotInput;
use png_file::encode;
use text::TextBackend;

/// Size of a plot in pixels. It is legible on a laptop, and two fit next to each other on a large
/// screen.
pub const SIZE: (u32, u32) = (1280, 1160);

/// The plot as a PNG file.
///
/// # Errors
/// If a library fails to draw or encode. No recording causes that.
pub fn png(input: PlotInput<'_>) -> Result<Vec<u8>, PlotError> {
    load_font()?;
    let (width, height) = (SIZE.0 as usize, SIZE.1 as usize);
    let mut pixels = vec![0xff; width * height * 3];
    let raster = {
        let backend = TextBackend::new(BitMapBackend::with_buffer(&mut pixels, SIZE))?;
        let root = backend.into_drawing_area();
        let raster = page::draw(&root, input)?;
        root.present()?;
        raster
    };
    raster.copy_into(&mut pixels, width);
    encode(&pixels, width, height)
}

/// The plot as an SVG file. Text stays text, the waterfall is an embedded PNG.
///
/// # Errors
/// As [`png()`].
pub fn svg(input: PlotInput<'_>) -> Result<String, PlotError> {
    load_font()?;
    let mut document = String::new();
    let raster = {
        let root = SVGBackend::with_string(&mut document, SIZE).into_drawing_area();
        let raster = page::draw(&root, input)?;
        root.present()?;
        raster
    };
    svg::embed(document, &raster)
}

/// A small picture as an SVG file: waterfall with the time to the right, and spectrum.
///
/// # Errors
/// As [`png()`].
pub fn strip(overview: &Overview) -> Result<String, PlotError> {
    strip::draw(overview)
}

/// Registers the font in the plotting library, once per process.
fn load_font() -> Result<(), PlotError> {
    static LOADED: OnceLock<bool> = OnceLock::new();
    let loaded = LOADED.get_or_init(|| register_font(text::FAMILY, FontStyle::Normal, notosans::REGULAR_TTF).is_ok());
    if *loaded { Ok(()) } else { Err(PlotError::Font) }
}
