//! Where everything is.

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::axis::{Unit, frequency_unit};
use super::{Subject, caption, colour, level, spectrum, text, waterfall};

/// Left of the charts: numbers and the name of the axis.
pub(super) const LEFT: u32 = 78;
/// Right of them: the colour bar.
pub(super) const RIGHT: u32 = 108;
/// Heights from the top: caption, then the charts.
const CAPTION: i32 = 92;
const SPECTRUM: i32 = 300;
const WATERFALL: i32 = 500;
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

/// Draws everything but the waterfall's cells, which are returned.
pub(super) fn draw<B: DrawingBackend>(
    root: &DrawingArea<B, Shift>,
    subject: Subject<'_>,
) -> Result<Raster, DrawingAreaErrorKind<B::ErrorType>> {
    root.fill(&WHITE)?;
    let (top, rest) = root.split_vertically(CAPTION);
    let (upper, rest) = rest.split_vertically(SPECTRUM);
    let (middle, lower) = rest.split_vertically(WATERFALL);

    let left = 16;
    let (warnings, ink) = caption::warnings(subject);
    let lines = [
        (caption::name(subject), text::LARGE, colour::INK, 22),
        (caption::description(subject), text::SMALL, colour::PALE, 50),
        (warnings, text::SMALL, ink, 73),
    ];
    for (line, size, ink, y) in lines {
        top.draw_text(&line, &text::style(size, ink, HPos::Left), (left, y))?;
    }
    let colours_db = subject.overview.colour_range_db();
    spectrum::draw(&upper, subject.overview, colours_db)?;
    let raster = waterfall::draw(&middle, subject, colours_db)?;
    level::draw(&lower, subject.overview)?;
    Ok(raster)
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
