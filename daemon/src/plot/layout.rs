//! The margins, legends and units of all charts, and the pixels that are copied into the finished
//! plot.

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::axis::{Axis, Unit, frequency_unit};
use super::{colour, text};

/// A chart with its axes.
pub(super) type Chart<'a, B> = ChartContext<'a, B, Cartesian2d<Axis, Axis>>;
/// The result of drawing on a backend.
pub(super) type Drawn<B, T = ()> = Result<T, DrawingAreaErrorKind<<B as DrawingBackend>::ErrorType>>;
/// An entry of a legend: a colour and its meaning.
pub(super) type Entry = (RGBColor, String);

/// Width left of the charts, for the numbers and the unit of the axis.
pub(super) const LEFT: u32 = 78;
/// Width right of the charts, for the colour bar.
pub(super) const RIGHT: u32 = 108;
/// Height of the line of text above each chart, and the middle of the text: a little higher than
/// the middle of the line, away from the highest number of the axis.
pub(super) const LEGEND: i32 = 24;
pub(super) const LEGEND_MIDDLE: i32 = LEGEND / 2 - 3;
/// The program that shows an SVG file uses its own font. Common fonts are up to 18 % wider than
/// ours.
const WIDEST_FONT: f64 = 1.18;
/// Height below a chart, for the numbers of the axis: without and with its unit. The spectrum has
/// no unit because the waterfall below it has the same axis.
pub(super) const NUMBERS: u32 = 30;
pub(super) const NUMBERS_AND_UNIT: u32 = 46;

/// Pixels that are copied into the finished plot. The plotting library would draw them one by one.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Raster {
    pub(super) left: usize,
    pub(super) top: usize,
    pub(super) width: usize,
    /// Three bytes per pixel.
    pub(super) rgb: Vec<u8>,
}

impl Raster {
    /// Copies the raster into a plot of the given width.
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

/// Writes the unit of the left axis above it.
pub(super) fn left_unit<B: DrawingBackend>(area: &DrawingArea<B, Shift>, unit: &str) -> Drawn<B> {
    let style = text::style(text::SMALL, colour::INK, HPos::Right);
    area.draw_text(unit, &style, (LEFT.cast_signed() - 8, LEGEND_MIDDLE))
}

/// Draws a legend in the line above a chart.
pub(super) fn legend<B: DrawingBackend>(area: &DrawingArea<B, Shift>, entries: &[Entry]) -> Drawn<B> {
    let mut x = LEFT.cast_signed();
    let y = LEGEND_MIDDLE;
    for (ink, entry) in entries {
        area.draw(&Rectangle::new([(x, y - 2), (x + 18, y + 2)], ink.filled()))?;
        let style = text::style(text::SMALL, colour::INK, HPos::Left);
        area.draw_text(entry, &style, (x + 24, y))?;
        let (width, _) = area.estimate_text_size(entry, &style)?;
        #[expect(clippy::cast_possible_truncation, reason = "the plot has about a thousand pixels")]
        let room = (f64::from(width) * WIDEST_FONT) as i32;
        x += 24 + room + 10;
    }
    Ok(())
}
