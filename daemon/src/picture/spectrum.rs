//! The averaged spectrum, with what the rows say of it.

use heimdall_dsp::Overview;
use plotters::coord::Shift;
use plotters::prelude::*;

use super::axis::{Axis, frequency_unit, number, quantity};
use super::page::{LEFT, LEGEND, NUMBERS, RIGHT, band_unit, left_unit, legend};
use super::{colour, text};

/// Room above and below the curves.
const MARGIN_DB: f64 = 4.0;
/// Filters' edges far below the noise need not be seen whole.
const DEEPEST_DB: f64 = 15.0;

/// Draws the chart.
pub(super) fn draw<B: DrawingBackend>(
    area: &DrawingArea<B, Shift>,
    overview: &Overview,
    (lowest_db, highest_db): (f64, f64),
) -> Result<(), DrawingAreaErrorKind<B::ErrorType>> {
    let (above, below) = area.split_vertically(LEGEND);
    let spectrum = &overview.spectrum;
    let unit = band_unit(overview.sample_rate_hz);
    let edge = 0.5 * overview.sample_rate_hz / unit.size;
    let x = Axis::new(-edge..edge, 12);
    let strongest = spectrum.highest_db.iter().copied().fold(f32::MIN, f32::max);
    let weakest = spectrum.mean_db.iter().copied().fold(f32::MAX, f32::min);
    let floor = f64::from(weakest).max(lowest_db - DEEPEST_DB) - MARGIN_DB;
    let top = f64::from(strongest).max(highest_db) + MARGIN_DB;
    let y = Axis::new(floor..top, 7);

    let mut chart = ChartBuilder::on(&below)
        .set_label_area_size(LabelAreaPosition::Left, LEFT)
        .set_label_area_size(LabelAreaPosition::Bottom, NUMBERS)
        .margin_right(RIGHT)
        .build_cartesian_2d(x, y)?;
    let marks = &overview.marks;
    if let Some(emission) = marks.emission {
        let inside = |hz: f64| (hz / unit.size).clamp(-edge, edge);
        let (lower, upper) = (inside(emission.lower_edge_hz), inside(emission.upper_edge_hz));
        let band = Rectangle::new([(lower, floor), (upper, top)], colour::OCCUPIED.mix(0.18).filled());
        chart.draw_series([band])?;
    }
    chart
        .configure_mesh()
        .axis_style(colour::INK)
        .bold_line_style(colour::GRID)
        .light_line_style(TRANSPARENT)
        .label_style(text::axis())
        .draw()?;

    let resolution = quantity(spectrum.resolution_hz, frequency_unit(spectrum.resolution_hz), false);
    let mut entries = vec![
        (colour::MEAN, format!("mean, {resolution} resolution")),
        (colour::RANGE, "highest".to_owned()),
    ];

    if let Some(noise) = marks.noise_db_hz {
        if (floor..top).contains(&noise) {
            let line = [(-edge, noise), (edge, noise)];
            chart.draw_series(DashedLineSeries::new(line, 6, 4, colour::NOISE.stroke_width(2)))?;
        }
        entries.push((colour::NOISE, format!("noise {} dBFS/Hz", number(noise, 1))));
    }
    if let Some(emission) = marks.emission {
        let carrier = (emission.carrier_hz / unit.size).clamp(-edge, edge);
        let line = [(carrier, floor), (carrier, top)];
        chart.draw_series(DashedLineSeries::new(line, 6, 4, colour::CARRIER.into()))?;
        for edge_hz in [emission.lower_edge_hz, emission.upper_edge_hz] {
            let at = (edge_hz / unit.size).clamp(-edge, edge);
            chart.draw_series([PathElement::new([(at, floor), (at, top)], colour::OCCUPIED)])?;
        }
        let own = |hz: f64| frequency_unit(hz.abs());
        let width_hz = emission.upper_edge_hz - emission.lower_edge_hz;
        entries.push((
            colour::OCCUPIED,
            format!("99 % within {}", quantity(width_hz, own(width_hz), false)),
        ));
        entries.push((
            colour::CARRIER,
            format!(
                "carrier {}",
                quantity(emission.carrier_hz, own(emission.carrier_hz), true)
            ),
        ));
    }
    // The curves come last: a line is as narrow as its mark.
    let curve = |densities: &[f32]| -> Vec<(f64, f64)> {
        let place = |(bin, db): (usize, &f32)| {
            let hz = spectrum.first_hz + bin as f64 * spectrum.bin_hz;
            (hz / unit.size, f64::from(*db).clamp(floor, top))
        };
        densities.iter().enumerate().map(place).collect()
    };
    chart.draw_series(LineSeries::new(curve(&spectrum.highest_db), colour::RANGE))?;
    chart.draw_series(LineSeries::new(curve(&spectrum.mean_db), colour::MEAN.stroke_width(2)))?;
    left_unit(&above, "dBFS/Hz")?;
    legend(&above, &entries)
}
