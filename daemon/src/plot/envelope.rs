//! Level over time, with the borders of the chunks that the numbers are computed from.

use heimdall_dsp::overview::Levels;
use heimdall_dsp::{CHUNKS_PER_SEGMENT, Overview};
use plotters::coord::Shift;
use plotters::prelude::*;

use super::axis::{Axis, quantity, time_unit};
use super::layout::{LEFT, LEGEND, NUMBERS_AND_UNIT, RIGHT, left_unit, legend};
use super::{colour, text};

/// Room above the highest and below the lowest mean.
const MARGIN_DB: f64 = 3.0;
/// The weakest samples of noise are far below its mean; so much of that is shown.
const BELOW_MEAN_DB: f64 = 20.0;
/// Silence in a recording is drawn at the bottom of this much.
const DEEPEST_DB: f64 = 120.0;
/// Means below this are silence.
const SILENCE_DB: f32 = -299.0;
/// Borders nearer to each other than this many pixels would be a grey area.
const NEAREST: f64 = 10.0;

/// Draws the chart.
pub(super) fn draw<B: DrawingBackend>(
    area: &DrawingArea<B, Shift>,
    overview: &Overview,
) -> Result<(), DrawingAreaErrorKind<B::ErrorType>> {
    let (above, below) = area.split_vertically(LEGEND);
    let time = time_unit(overview.duration_s());
    let end = overview.duration_s() / time.size;
    let x = Axis::new(0.0..end, 12);
    let (columns, _) = area.get_pixel_range();
    let width = columns.end - columns.start - (LEFT + RIGHT).cast_signed();
    let levels = overview
        .profile
        .raster(overview.samples, usize::try_from(width).unwrap_or(1));
    let (floor, top) = range(&levels);
    let y = Axis::new(floor..top, 6);
    let mut chart = ChartBuilder::on(&below)
        .set_label_area_size(LabelAreaPosition::Left, LEFT)
        .set_label_area_size(LabelAreaPosition::Bottom, NUMBERS_AND_UNIT)
        .margin_right(RIGHT)
        .build_cartesian_2d(x, y)?;
    chart
        .configure_mesh()
        .axis_style(colour::INK)
        .bold_line_style(colour::GRID)
        .light_line_style(TRANSPARENT)
        .disable_x_mesh()
        .label_style(text::axis())
        .axis_desc_style(text::axis())
        .x_desc(time.name)
        .draw()?;

    let pixel = end / f64::from(width);
    let at = |x: usize| x as f64 * pixel;
    let inside = |db: f32| f64::from(db).clamp(floor, top);
    for (x, levels) in levels.iter().enumerate() {
        let bar = match levels {
            Some(levels) => {
                let ends = [
                    (at(x), inside(levels.lowest_db)),
                    (at(x + 1), inside(levels.highest_db)),
                ];
                Rectangle::new(ends, colour::RANGE.filled())
            }
            None => Rectangle::new([(at(x), floor), (at(x + 1), top)], colour::BLANK.filled()),
        };
        chart.draw_series([bar])?;
    }
    let mut entries = vec![
        (colour::MEAN, "mean power".to_owned()),
        (colour::RANGE, "weakest to strongest sample".to_owned()),
    ];
    if let Some((samples, what)) = borders(overview, f64::from(width)) {
        let spacing = samples / overview.sample_rate_hz / time.size;
        let borders = (1..).map(|n| f64::from(n) * spacing).take_while(|at| *at <= end);
        chart.draw_series(borders.map(|at| PathElement::new([(at, floor), (at, top)], colour::PALE.mix(0.5))))?;
        entries.push((colour::PALE, what));
    }
    let whole = overview.samples - overview.samples % overview.chunk_samples as u64;
    let used = whole as f64 / overview.sample_rate_hz / time.size;
    if used < end - pixel {
        let rest = Rectangle::new([(used, floor), (end, top)], colour::WARNING.mix(0.12).filled());
        chart.draw_series([rest])?;
        let length = quantity((end - used) * time.size, time_unit((end - used) * time.size), false);
        entries.push((
            colour::WARNING,
            format!("{length} behind the last whole chunk, not used"),
        ));
    }
    for recorded in runs(&levels) {
        let points = recorded.map(|(x, levels)| (at(x) + 0.5 * pixel, inside(levels.mean_db)));
        chart.draw_series(LineSeries::new(points, colour::MEAN))?;
    }
    if levels.iter().flatten().any(|levels| levels.mean_db < SILENCE_DB) {
        entries.push((colour::MEAN, "at the bottom: nothing but zeros".to_owned()));
    }
    if levels.contains(&None) {
        entries.push((colour::BLANK, "not recorded".to_owned()));
    }
    left_unit(&above, "dBFS")?;
    legend(&above, &entries)
}

/// What the chart shows: everything but the depths.
fn range(levels: &[Option<Levels>]) -> (f64, f64) {
    let recorded = || levels.iter().flatten();
    let top = recorded().map(|levels| levels.highest_db).fold(f32::MIN, f32::max);
    let mean = recorded().map(|levels| levels.mean_db).fold(f32::MAX, f32::min);
    let lowest = recorded().map(|levels| levels.lowest_db).fold(f32::MAX, f32::min);
    let top = f64::from(top) + MARGIN_DB;
    let floor = f64::from(lowest).max(f64::from(mean) - BELOW_MEAN_DB) - MARGIN_DB;
    (floor.max(top - DEEPEST_DB), top)
}

/// Samples between two borders that are far enough apart to be seen, and what is between them.
fn borders(overview: &Overview, width: f64) -> Option<(f64, String)> {
    let chunk = overview.chunk_samples as f64;
    let segment = chunk * CHUNKS_PER_SEGMENT as f64;
    let cases = [(chunk, "chunks of 200 ms"), (segment, "segments of 1 s")];
    cases
        .into_iter()
        .find(|(samples, _)| samples / overview.samples as f64 * width >= NEAREST)
        .map(|(samples, what)| (samples, what.to_owned()))
}

/// Pieces without gaps, with the number of each pixel.
fn runs(levels: &[Option<Levels>]) -> impl Iterator<Item = impl Iterator<Item = (usize, Levels)>> {
    let mut numbered: Vec<(usize, Levels)> = Vec::new();
    let mut runs = Vec::new();
    for (x, levels) in levels.iter().enumerate() {
        match levels {
            Some(levels) => numbered.push((x, *levels)),
            None => runs.push(std::mem::take(&mut numbered)),
        }
    }
    runs.push(numbered);
    runs.into_iter().map(Vec::into_iter)
}
