//! Encodes pixels as a PNG file with a palette.

use super::error::PlotError;
use super::{colour, palette};

/// Encodes pixels of three bytes as a PNG file.
pub(super) fn encode(pixels: &[u8], width: usize, height: usize) -> Result<Vec<u8>, PlotError> {
    let size = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
    let (palette, indices) = palette::reduce(pixels, &colour::fixed());
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, size(width), size(height));
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_palette(palette);
    encoder.set_compression(png::Compression::High);
    // PNG filters predict a value from its neighbours, and the indices of similar colours differ.
    encoder.set_filter(png::Filter::NoFilter);
    encoder.write_header()?.write_image_data(&indices)?;
    Ok(file)
}
