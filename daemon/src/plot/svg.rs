//! Embeds the waterfall in an SVG file.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::error::PlotError;
use super::layout::Raster;
use super::png_file::encode;

/// Adds the raster to the finished document, in front of everything else.
pub(super) fn embed(mut document: String, raster: &Raster) -> Result<String, PlotError> {
    const END: &str = "</svg>";
    let height = raster.rgb.len() / 3 / raster.width;
    let file = encode(&raster.rgb, raster.width, height)?;
    let (left, top, width) = (raster.left, raster.top, raster.width);
    let image = format!(
        "<image x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\" href=\"data:image/png;base64,{}\"/>\n",
        STANDARD.encode(file)
    );
    let end = document
        .rfind(END)
        .ok_or_else(|| PlotError::Drawing("the SVG document has no end".to_owned()))?;
    document.insert_str(end, &image);
    Ok(document)
}
