//! The waterfall: time runs down, frequency to the right as in the spectrum above it.

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::axis::{Axis, exact, frequency_unit, time_unit};
use super::input::PlotInput;
use super::layout::{Drawn, LEFT, LEGEND, LEGEND_MIDDLE, NUMBERS_AND_UNIT, RIGHT, Raster, band_unit, left_unit};
use super::{colour, text};

/// Distance from the chart to the colour bar, and the width of the bar.
const GAP: u32 = 18;
const BAR: u32 = 18;
/// Length of its ticks.
const TICK: i32 = 5;

/// Draws axes and colour bar, and returns the cells.
pub(super) fn draw<B: DrawingBackend>(
    area: &DrawingArea<B, Shift>,
    input: PlotInput<'_>,
    colours_db: (f64, f64),
) -> Drawn<B, Raster> {
    let overview = input.overview;
    let unit = band_unit(overview.sample_rate_hz);
    let centre = input.centre_hz.map_or_else(
        || "the centre".to_owned(),
        |hz| format!("{} {}", exact(hz / frequency_unit(hz).size), frequency_unit(hz).name),
    );
    let edge = 0.5 * overview.sample_rate_hz / unit.size;
    let time = time_unit(overview.duration_s());
    let x = Axis::new(-edge..edge, 12);
    let y = Axis::new(overview.duration_s() / time.size..0.0, 10);
    let mut chart = ChartBuilder::on(area)
        .set_label_area_size(LabelAreaPosition::Left, LEFT)
        .set_label_area_size(LabelAreaPosition::Bottom, NUMBERS_AND_UNIT)
        .margin_right(RIGHT)
        .margin_top(LEGEND)
        .build_cartesian_2d(x, y)?;
    chart
        .configure_mesh()
        .disable_mesh()
        .axis_style(colour::INK)
        .label_style(text::axis())
        .axis_desc_style(text::axis())
        .x_desc(format!("{} from {centre}", unit.name))
        .draw()?;
    let (columns, rows) = chart.plotting_area().get_pixel_range();
    left_unit(area, time.name)?;
    draw_bar(area, rows.clone(), colours_db)?;

    // The cells must not cover the lines of the axes.
    let size = |pixels: &std::ops::Range<i32>| usize::try_from(pixels.end - pixels.start - 1).unwrap_or(0);
    let place = |pixel: i32| usize::try_from(pixel + 1).unwrap_or(0);
    let (width, height) = (size(&columns), size(&rows));
    let cells = overview.waterfall.raster(overview.samples, width, height);
    let colours = cells.map(|cell| colour::of_level(f64::from(cell), colours_db));
    Ok(Raster {
        left: place(columns.start),
        top: place(rows.start - 1),
        width,
        rgb: colours.flat_map(|colour| [colour.0, colour.1, colour.2]).collect(),
    })
}

/// Draws the colour bar, as high as the chart. `rows` are counted from the top of the plot.
fn draw_bar<B: DrawingBackend>(
    area: &DrawingArea<B, Shift>,
    rows: std::ops::Range<i32>,
    (lowest, highest): (f64, f64),
) -> Drawn<B> {
    let (area_columns, area_rows) = area.get_pixel_range();
    let bottom = area_rows.end - rows.end;
    let (_, right) = area.split_horizontally(area_columns.end - area_columns.start - RIGHT.cast_signed());
    let y = Axis::new(lowest..highest, 10);
    let ticks: Vec<_> = y.labelled().collect();
    let mut chart = ChartBuilder::on(&right)
        .margin_left(GAP)
        .margin_top(rows.start - area_rows.start)
        .margin_bottom(bottom)
        .margin_right(RIGHT - GAP - BAR)
        .build_cartesian_2d(0.0..1.0, y)?;
    let step = (highest - lowest) / f64::from(colour::STEPS);
    chart.draw_series((0..colour::STEPS).map(|n| {
        let from = lowest + f64::from(n) * step;
        let fill = colour::of_level(from + 0.5 * step, (lowest, highest)).filled();
        Rectangle::new([(0.0, from), (1.0, from + step)], fill)
    }))?;
    // The plotting library would align the numbers to the right, and long ones would cover the ticks.
    let number = text::style(text::SMALL, colour::INK, HPos::Left);
    let right_edge = (GAP + BAR).cast_signed();
    for (tick, label) in ticks {
        let (_, row) = chart.backend_coord(&(0.0, tick));
        let row = row - area_rows.start;
        right.draw(&PathElement::new(
            [(right_edge, row), (right_edge + TICK, row)],
            colour::INK,
        ))?;
        right.draw_text(&label, &number, (right_edge + TICK + 4, row))?;
    }
    right.draw_text("dBFS/Hz", &number, (GAP.cast_signed(), LEGEND_MIDDLE))
}
