//! Where everything is.

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::input::PlotInput;
use super::layout::Raster;
use super::{caption, colour, envelope, spectrum, text, waterfall};

/// Heights from the top: caption, then the charts.
const CAPTION: i32 = 92;
const SPECTRUM: i32 = 300;
const WATERFALL: i32 = 500;

/// Draws everything but the waterfall's cells, which are returned.
pub(super) fn draw<B: DrawingBackend>(
    root: &DrawingArea<B, Shift>,
    subject: PlotInput<'_>,
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
    envelope::draw(&lower, subject.overview)?;
    Ok(raster)
}
