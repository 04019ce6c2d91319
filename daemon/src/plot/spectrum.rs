//! The averaged spectrum, with what the rows say of it.

use heimdall_dsp::Overview;
use heimdall_dsp::overview::Annotations;
use plotters::coord::Shift;
use plotters::prelude::*;

use super::axis::{Axis, frequency_unit, number, quantity};
use super::layout::{LEFT, LEGEND, NUMBERS, RIGHT, band_unit, left_unit, legend};
use super::{colour, text};

/// Room above and below the curves.
const MARGIN_DB: f64 = 4.0;
/// Filters' edges far below the noise need not be seen whole.
const DEEPEST_DB: f64 = 15.0;
/// Occupied bandwidths that differ by more than this factor over the chunks are told.
const NOTABLE: f64 = 1.1;
/// As many carriers fit into the legend.
const LISTED: usize = 4;

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
    let annotations = &overview.annotations;
    let inside = |hz: f64| (hz / unit.size).clamp(-edge, edge);
    for emission in &annotations.emissions {
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

    for emission in &annotations.emissions {
        if let Some(carrier) = emission.carrier_hz.map(inside) {
            let line = [(carrier, floor), (carrier, top)];
            chart.draw_series(DashedLineSeries::new(line, 6, 4, colour::CARRIER.into()))?;
        }
        for at in [emission.lower_edge_hz, emission.upper_edge_hz].map(inside) {
            chart.draw_series([PathElement::new([(at, floor), (at, top)], colour::OCCUPIED)])?;
        }
    }
    // The curves come after those: a line is as narrow as its mark.
    let curve = |densities: &[f32]| -> Vec<(f64, f64)> {
        let place = |(bin, db): (usize, &f32)| {
            let hz = spectrum.first_hz + bin as f64 * spectrum.bin_hz;
            (hz / unit.size, f64::from(*db).clamp(floor, top))
        };
        densities.iter().enumerate().map(place).collect()
    };
    chart.draw_series(LineSeries::new(curve(&spectrum.highest_db), colour::RANGE))?;
    chart.draw_series(LineSeries::new(curve(&spectrum.mean_db), colour::MEAN.stroke_width(2)))?;
    if let Some(noise) = annotations.noise_db_hz {
        if (floor..top).contains(&noise) {
            let line = [(-edge, noise), (edge, noise)];
            chart.draw_series(DashedLineSeries::new(line, 6, 6, colour::NOISE.stroke_width(2)))?;
        }
        entries.push((colour::NOISE, format!("noise {} dBFS/Hz", number(noise, 1))));
    }
    entries.extend(legend_of_emissions(annotations));
    left_unit(&above, "dBFS/Hz")?;
    legend(&above, &entries)
}

/// What the marks of the bands and of the carriers mean.
fn legend_of_emissions(annotations: &Annotations) -> Vec<(RGBColor, String)> {
    let (band, carrier) = match &annotations.emissions[..] {
        [] => return Vec::new(),
        [one] if annotations.elsewhere == 0 => {
            let width = list(&[one.upper_edge_hz - one.lower_edge_hz], "", false);
            let band = if one.widest_hz > NOTABLE * one.narrowest_hz {
                let ends = list(&[one.narrowest_hz, one.widest_hz], " to ", false);
                format!("99 % within {width} ({ends})")
            } else {
                format!("99 % within {width}")
            };
            let carrier = match one.carrier_hz {
                Some(hz) => format!("carrier (centroid) {}", list(&[hz], "", true)),
                None => "no single carrier".to_owned(),
            };
            (band, carrier)
        }
        several => {
            let band = match annotations.elsewhere {
                0 => format!("99 % of each of {} signals in turn", several.len()),
                chunks => format!(
                    "99 % of each of {} signals in turn, {chunks} chunks elsewhere",
                    several.len()
                ),
            };
            let mut carriers: Vec<f64> = several.iter().filter_map(|one| one.carrier_hz).collect();
            carriers.sort_by(f64::total_cmp);
            let carrier = match carriers.len() {
                0 => "no single carriers".to_owned(),
                1..=LISTED => format!("carriers (centroids) {}", list(&carriers, ", ", true)),
                _ => "their carriers (centroids)".to_owned(),
            };
            (band, carrier)
        }
    };
    vec![(colour::OCCUPIED, band), (colour::CARRIER, carrier)]
}

/// Frequencies in the unit of the largest, which stands behind the last of them.
fn list(all_hz: &[f64], separator: &str, signed: bool) -> String {
    let unit = frequency_unit(all_hz.iter().fold(0.0, |most, hz| hz.abs().max(most)));
    let texts: Vec<_> = all_hz.iter().map(|hz| quantity(*hz, unit, signed)).collect();
    let numbers = texts.iter().map(|text| text.trim_end_matches(unit.name).trim_end());
    format!("{} {}", numbers.collect::<Vec<_>>().join(separator), unit.name)
}
