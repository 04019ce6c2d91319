//! The level over time, with the borders of the chunks.

use heimdall_dsp::overview::Levels;
use heimdall_dsp::{CHUNKS_PER_SEGMENT, Overview};
use plotters::coord::Shift;
use plotters::prelude::*;

use super::axis::{Axis, Unit, quantity, time_unit};
use super::layout::{Chart, Drawn, Entry, LEFT, LEGEND, NUMBERS_AND_UNIT, RIGHT, left_unit, legend};
use super::{colour, text};

/// Space above the strongest sample, and below the lowest level that is shown.
const MARGIN_DB: f64 = 3.0;
/// How far the chart reaches below the lowest mean. The weakest samples of noise are much weaker.
const BELOW_MEAN_DB: f64 = 20.0;
/// Height of the chart at most. Silence is drawn at its bottom.
const MAX_HEIGHT_DB: f64 = 120.0;
/// Means below this are silence.
const SILENCE_DB: f32 = -299.0;
/// Smallest distance of two borders in pixels. Closer ones would look like a grey area.
const MIN_BORDER_DISTANCE: f64 = 10.0;

/// Draws the chart.
pub(super) fn draw<B: DrawingBackend>(area: &DrawingArea<B, Shift>, overview: &Overview) -> Drawn<B> {
    let (above, below) = area.split_vertically(LEGEND);
    let (columns, _) = area.get_pixel_range();
    let width = columns.end - columns.start - (LEFT + RIGHT).cast_signed();
    let levels = overview
        .profile
        .raster(overview.samples, usize::try_from(width).unwrap_or(1));
    let range = Range::new(overview, &levels, f64::from(width));
    let mut chart = ChartBuilder::on(&below)
        .set_label_area_size(LabelAreaPosition::Left, LEFT)
        .set_label_area_size(LabelAreaPosition::Bottom, NUMBERS_AND_UNIT)
        .margin_right(RIGHT)
        .build_cartesian_2d(Axis::new(0.0..range.end, 12), Axis::new(range.bottom..range.top, 6))?;
    chart
        .configure_mesh()
        .axis_style(colour::INK)
        .bold_line_style(colour::GRID)
        .light_line_style(TRANSPARENT)
        .disable_x_mesh()
        .label_style(text::axis())
        .axis_desc_style(text::axis())
        .x_desc(range.time.name)
        .draw()?;

    let mut entries = vec![
        (colour::MEAN, "mean power".to_owned()),
        (colour::RANGE, "weakest to strongest sample".to_owned()),
    ];
    draw_bars(&mut chart, &range, &levels)?;
    entries.extend(draw_borders(&mut chart, &range, overview)?);
    entries.extend(draw_unused(&mut chart, &range, overview)?);
    draw_means(&mut chart, &range, &levels)?;
    if levels.iter().flatten().any(|levels| levels.mean_db < SILENCE_DB) {
        entries.push((colour::MEAN, "at the bottom: nothing but zeros".to_owned()));
    }
    if levels.contains(&None) {
        entries.push((colour::BLANK, "not recorded".to_owned()));
    }
    left_unit(&above, "dBFS")?;
    legend(&above, &entries)
}

/// The part of the plane that the chart shows.
struct Range {
    /// The unit of the time axis, which reaches from 0 to `end`.
    time: Unit,
    end: f64,
    /// Width of a pixel on the time axis.
    pixel: f64,
    /// Levels in dBFS.
    bottom: f64,
    top: f64,
}

impl Range {
    fn new(overview: &Overview, levels: &[Option<Levels>], width: f64) -> Self {
        let recorded = || levels.iter().flatten();
        let highest = recorded().map(|levels| levels.highest_db).fold(f32::MIN, f32::max);
        let mean = recorded().map(|levels| levels.mean_db).fold(f32::MAX, f32::min);
        let lowest = recorded().map(|levels| levels.lowest_db).fold(f32::MAX, f32::min);
        let top = f64::from(highest) + MARGIN_DB;
        let bottom = f64::from(lowest).max(f64::from(mean) - BELOW_MEAN_DB) - MARGIN_DB;
        let time = time_unit(overview.duration_s());
        let end = overview.duration_s() / time.size;
        Self {
            time,
            end,
            pixel: end / width,
            bottom: bottom.max(top - MAX_HEIGHT_DB),
            top,
        }
    }

    /// The place of a column of pixels.
    fn x(&self, column: usize) -> f64 {
        column as f64 * self.pixel
    }

    /// The place of a level.
    fn y(&self, db: f32) -> f64 {
        f64::from(db).clamp(self.bottom, self.top)
    }
}

/// Draws the range from the weakest to the strongest sample of each column.
fn draw_bars<B: DrawingBackend>(chart: &mut Chart<'_, B>, range: &Range, levels: &[Option<Levels>]) -> Drawn<B> {
    let bars = levels.iter().enumerate().map(|(column, levels)| {
        let (bottom, top, fill) = match levels {
            Some(levels) => (range.y(levels.lowest_db), range.y(levels.highest_db), colour::RANGE),
            None => (range.bottom, range.top, colour::BLANK),
        };
        Rectangle::new([(range.x(column), bottom), (range.x(column + 1), top)], fill.filled())
    });
    chart.draw_series(bars)?;
    Ok(())
}

/// Draws the borders of the chunks, or of the segments if those of the chunks are too close.
fn draw_borders<B: DrawingBackend>(
    chart: &mut Chart<'_, B>,
    range: &Range,
    overview: &Overview,
) -> Drawn<B, Option<Entry>> {
    let chunk = overview.chunk_samples as f64;
    let segment = chunk * CHUNKS_PER_SEGMENT as f64;
    let width = range.end / range.pixel;
    let candidates = [(chunk, "chunks of 200 ms"), (segment, "segments of 1 s")];
    let visible = |(samples, _): &(f64, _)| samples / overview.samples as f64 * width >= MIN_BORDER_DISTANCE;
    let Some((samples, what)) = candidates.into_iter().find(visible) else {
        return Ok(None);
    };
    let spacing = samples / overview.sample_rate_hz / range.time.size;
    let borders = (1..).map(|n| f64::from(n) * spacing).take_while(|x| *x <= range.end);
    let line = |x| PathElement::new([(x, range.bottom), (x, range.top)], colour::PALE.mix(0.5));
    chart.draw_series(borders.map(line))?;
    Ok(Some((colour::PALE, what.to_owned())))
}

/// Marks the samples after the last whole chunk.
fn draw_unused<B: DrawingBackend>(
    chart: &mut Chart<'_, B>,
    range: &Range,
    overview: &Overview,
) -> Drawn<B, Option<Entry>> {
    let used_samples = overview.samples - overview.samples % overview.chunk_samples as u64;
    let used = used_samples as f64 / overview.sample_rate_hz / range.time.size;
    if used >= range.end - range.pixel {
        return Ok(None);
    }
    let corners = [(used, range.bottom), (range.end, range.top)];
    chart.draw_series([Rectangle::new(corners, colour::WARNING.mix(0.12).filled())])?;
    let unused_s = (range.end - used) * range.time.size;
    let length = quantity(unused_s, time_unit(unused_s), false);
    Ok(Some((
        colour::WARNING,
        format!("{length} after the last whole chunk, not used"),
    )))
}

/// Draws the means as lines, with a gap wherever nothing was recorded.
fn draw_means<B: DrawingBackend>(chart: &mut Chart<'_, B>, range: &Range, levels: &[Option<Levels>]) -> Drawn<B> {
    let columns: Vec<_> = levels.iter().enumerate().collect();
    for recorded in columns.split(|(_, levels)| levels.is_none()) {
        let point = |levels: &Levels, column: usize| (range.x(column) + 0.5 * range.pixel, range.y(levels.mean_db));
        let points = (recorded.iter()).filter_map(|(column, levels)| Some(point(levels.as_ref()?, *column)));
        chart.draw_series(LineSeries::new(points, colour::MEAN))?;
    }
    Ok(())
}
