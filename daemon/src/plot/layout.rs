//! What the charts have in common: their margins, legends and units, and pixels that are put in afterwards.

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::axis::{Unit, frequency_unit};
use super::{colour, text};

/// Left of the charts: numbers and the name of the axis.
pub(super) const LEFT: u32 = 78;
/// Right of them: the colour bar.
pub(super) const RIGHT: u32 = 108;
/// Above each chart there is a line of text, a little nearer to the top than to the chart's highest number.
pub(super) const LEGEND: i32 = 24;
pub(super) const LEGEND_MIDDLE: i32 = LEGEND / 2 - 3;
/// What shows an SVG file has fonts of its own; the widest usual ones are wider than ours by a sixth.
const WIDEST_FONT: f64 = 1.18;
/// Below it there are numbers, and the unit too where it is not that of the next one.
pub(super) const NUMBERS: u32 = 30;
pub(super) const NUMBERS_AND_UNIT: u32 = 46;

/// Pixels that are put into the finished picture: the plotting library draws cells one by one.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Raster {
    pub(super) left: usize,
    pub(super) top: usize,
    pub(super) width: usize,
    /// Three bytes a pixel.
    pub(super) rgb: Vec<u8>,
}

impl Raster {
    /// Puts the raster into a picture of the given width.
    pub(super) fn copy_into(&self, pixels: &mut [u8], width: usize) {
        for (y, row) in self.rgb.chunks_exact(3 * self.width).enumerate() {
            let start = 3 * ((self.top + y) * width + self.left);
            pixels[start..start + row.len()].copy_from_slice(row);
        }
    }
}

/// The unit of the frequency axes.
pub(super) fn band_unit(sample_rate_hz: f64) -> Unit {
    frequency_unit(0.5 * sample_rate_hz)
}

/// Names the unit of the axis at the left, above it.
pub(super) fn left_unit<B: DrawingBackend>(
    area: &DrawingArea<B, Shift>,
    unit: &str,
) -> Result<(), DrawingAreaErrorKind<B::ErrorType>> {
    let style = text::style(text::SMALL, colour::INK, HPos::Right);
    area.draw_text(unit, &style, (LEFT.cast_signed() - 8, LEGEND_MIDDLE))
}

/// Entries of a legend: a colour and what is drawn in it, in a line above a chart.
pub(super) fn legend<B: DrawingBackend>(
    area: &DrawingArea<B, Shift>,
    entries: &[(RGBColor, String)],
) -> Result<(), DrawingAreaErrorKind<B::ErrorType>> {
    let mut x = LEFT.cast_signed();
    let y = LEGEND_MIDDLE;
    for (ink, entry) in entries {
        area.draw(&Rectangle::new([(x, y - 2), (x + 18, y + 2)], ink.filled()))?;
        let style = text::style(text::SMALL, colour::INK, HPos::Left);
        area.draw_text(entry, &style, (x + 24, y))?;
        let (width, _) = area.estimate_text_size(entry, &style)?;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a place in a picture of a thousand pixels"
        )]
        let room = (f64::from(width) * WIDEST_FONT) as i32;
        x += 24 + room + 18;
    }
    Ok(())
}
