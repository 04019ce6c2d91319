//! Draws the caption and the three charts.

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::input::PlotInput;
use super::layout::{Drawn, Raster};
use super::{caption, colour, envelope, spectrum, text, waterfall};

/// Heights from the top: the caption, then two charts. The third chart takes the rest.
const CAPTION: i32 = 114;
const SPECTRUM: i32 = 300;
const WATERFALL: i32 = 500;

/// Draws everything except the cells of the waterfall, and returns those.
pub(super) fn draw<B: DrawingBackend>(root: &DrawingArea<B, Shift>, input: PlotInput<'_>) -> Drawn<B, Raster> {
    root.fill(&WHITE)?;
    let (top, rest) = root.split_vertically(CAPTION);
    let (upper, rest) = rest.split_vertically(SPECTRUM);
    let (middle, lower) = rest.split_vertically(WATERFALL);

    let left = 16;
    let (warnings, ink) = caption::warnings(input);
    let lines = [
        (caption::name(input), text::LARGE, colour::INK, 22),
        (caption::description(input), text::SMALL, colour::PALE, 50),
        (caption::numbers(input), text::SMALL, colour::INK, 72),
        (warnings, text::SMALL, ink, 95),
    ];
    for (line, size, ink, y) in lines {
        top.draw_text(&line, &text::style(size, ink, HPos::Left), (left, y))?;
    }
    let colours_db = input.overview.colour_range_db();
    spectrum::draw(&upper, input.overview, colours_db)?;
    let raster = waterfall::draw(&middle, input, colours_db)?;
    envelope::draw(&lower, input.overview)?;
    Ok(raster)
}
