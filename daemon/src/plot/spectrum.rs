//! The averaged spectrum, with the carriers, bandwidths and noise that the rows contain.

use heimdall_dsp::Overview;
use heimdall_dsp::overview::{Annotations, Spectrum};
use plotters::coord::Shift;
use plotters::prelude::*;

use super::axis::{Axis, Unit, frequency_unit, number, plus_minus, quantity};
use super::layout::{Chart, Drawn, Entry, LEFT, LEGEND, NUMBERS, RIGHT, band_unit, left_unit, legend};
use super::{colour, text};

/// Space above and below the curves.
const MARGIN_DB: f64 = 4.0;
/// How far the chart reaches below the colour scale. The edges of filters can be far below the
/// noise.
const BELOW_COLOURS_DB: f64 = 15.0;
/// The legend shows the range of the occupied bandwidth if the largest is this many times the
/// smallest.
const NOTABLE_RATIO: f64 = 1.1;
/// The legend has space for this many carriers.
const MAX_LISTED: usize = 4;

/// Draws the chart.
pub(super) fn draw<B: DrawingBackend>(
    area: &DrawingArea<B, Shift>,
    overview: &Overview,
    colours_db: (f64, f64),
) -> Drawn<B> {
    let (above, below) = area.split_vertically(LEGEND);
    let range = Range::new(overview, colours_db);
    let mut chart = ChartBuilder::on(&below)
        .set_label_area_size(LabelAreaPosition::Left, LEFT)
        .set_label_area_size(LabelAreaPosition::Bottom, NUMBERS)
        .margin_right(RIGHT)
        .build_cartesian_2d(
            Axis::new(-range.edge..range.edge, 12),
            Axis::new(range.bottom..range.top, 7),
        )?;
    for emission in &overview.annotations.emissions {
        let fill = colour::OCCUPIED.mix(0.18).filled();
        for (lower, upper) in range.spans(emission.lower_edge_hz, emission.upper_edge_hz) {
            chart.draw_series([Rectangle::new([(lower, range.bottom), (upper, range.top)], fill)])?;
        }
    }
    chart
        .configure_mesh()
        .axis_style(colour::INK)
        .bold_line_style(colour::GRID)
        .light_line_style(TRANSPARENT)
        .label_style(text::axis())
        .draw()?;
    draw_marks(&mut chart, &range, &overview.annotations)?;
    // After the marks: the mark of a single line would cover the line.
    draw_curves(&mut chart, &range, &overview.spectrum)?;
    if let Some(noise) = overview.annotations.noise_db_hz
        && (range.bottom..range.top).contains(&noise)
    {
        let error = noise_error(overview).unwrap_or(0.0);
        let band = [(-range.edge, noise - error), (range.edge, noise + error)];
        chart.draw_series([Rectangle::new(band, error_fill(colour::NOISE))])?;
        let line = [(-range.edge, noise), (range.edge, noise)];
        chart.draw_series(DashedLineSeries::new(line, 6, 6, colour::NOISE.stroke_width(2)))?;
    }
    left_unit(&above, "dBFS/Hz")?;
    legend(&above, &legend_entries(overview))
}

/// The part of the plane that the chart shows.
struct Range {
    /// The unit of the frequency axis, which reaches from `-edge` to `edge`.
    unit: Unit,
    edge: f64,
    /// Densities in dBFS/Hz.
    bottom: f64,
    top: f64,
}

impl Range {
    fn new(overview: &Overview, (lowest_db, highest_db): (f64, f64)) -> Self {
        let spectrum = &overview.spectrum;
        let strongest = spectrum.highest_db.iter().copied().fold(f32::MIN, f32::max);
        let weakest = spectrum.mean_db.iter().copied().fold(f32::MAX, f32::min);
        let unit = band_unit(overview.sample_rate_hz);
        let weakest = f64::from(weakest).max(lowest_db - BELOW_COLOURS_DB);
        // Clicks raise the mean spectrum far above the noise.
        let noise = overview.annotations.noise_db_hz.unwrap_or(weakest);
        Self {
            unit,
            edge: 0.5 * overview.sample_rate_hz / unit.size,
            bottom: weakest.min(noise) - MARGIN_DB,
            top: f64::from(strongest).max(highest_db) + MARGIN_DB,
        }
    }

    /// The place of a frequency. One beyond the end of the spectrum is at its other end.
    fn x(&self, hz: f64) -> f64 {
        let x = hz / self.unit.size;
        if x.abs() <= self.edge {
            x
        } else {
            (x + self.edge).rem_euclid(2.0 * self.edge) - self.edge
        }
    }

    /// The places of a band: two if it reaches across the end of the spectrum.
    fn spans(&self, lower_hz: f64, upper_hz: f64) -> Vec<(f64, f64)> {
        if upper_hz - lower_hz >= 2.0 * self.edge * self.unit.size {
            return vec![(-self.edge, self.edge)];
        }
        let (lower, upper) = (self.x(lower_hz), self.x(upper_hz));
        if lower <= upper {
            vec![(lower, upper)]
        } else {
            vec![(-self.edge, upper), (lower, self.edge)]
        }
    }

    /// A line over the whole height at a frequency.
    fn vertical(&self, hz: f64) -> [(f64, f64); 2] {
        [(self.x(hz), self.bottom), (self.x(hz), self.top)]
    }
}

/// How one standard error on either side of a mark is filled.
fn error_fill(ink: RGBColor) -> ShapeStyle {
    ink.mix(0.35).filled()
}

/// Standard error of the noise in dB, if the noise is known.
fn noise_error(overview: &Overview) -> Option<f64> {
    let density = overview.annotations.number("noise_density_dbfs_hz")?;
    Some(density.standard_error)
}

/// Draws the carriers and the edges of the occupied bands, with one standard error on either side.
fn draw_marks<B: DrawingBackend>(chart: &mut Chart<'_, B>, range: &Range, annotations: &Annotations) -> Drawn<B> {
    for emission in &annotations.emissions {
        let errors = emission.errors_hz;
        let around = |hz: f64, error_hz: f64, ink: RGBColor| {
            let spans = range.spans(hz - error_hz, hz + error_hz).into_iter();
            spans.map(move |(left, right)| Rectangle::new([(left, range.bottom), (right, range.top)], error_fill(ink)))
        };
        chart.draw_series(around(emission.lower_edge_hz, errors.lower_edge, colour::OCCUPIED))?;
        chart.draw_series(around(emission.upper_edge_hz, errors.upper_edge, colour::OCCUPIED))?;
        if let Some(carrier_hz) = emission.carrier_hz {
            chart.draw_series(around(carrier_hz, errors.carrier, colour::CARRIER))?;
            let line = range.vertical(carrier_hz);
            chart.draw_series(DashedLineSeries::new(line, 6, 4, colour::CARRIER.into()))?;
        }
        for edge_hz in [emission.lower_edge_hz, emission.upper_edge_hz] {
            chart.draw_series([PathElement::new(range.vertical(edge_hz), colour::OCCUPIED)])?;
        }
    }
    Ok(())
}

/// Draws the highest and the mean densities.
fn draw_curves<B: DrawingBackend>(chart: &mut Chart<'_, B>, range: &Range, spectrum: &Spectrum) -> Drawn<B> {
    let curve = |densities_db: &[f32]| -> Vec<(f64, f64)> {
        let point = |(bin, db): (usize, &f32)| {
            let hz = spectrum.first_hz + bin as f64 * spectrum.bin_hz;
            (hz / range.unit.size, f64::from(*db).clamp(range.bottom, range.top))
        };
        densities_db.iter().enumerate().map(point).collect()
    };
    chart.draw_series(LineSeries::new(curve(&spectrum.highest_db), colour::RANGE))?;
    chart.draw_series(LineSeries::new(curve(&spectrum.mean_db), colour::MEAN.stroke_width(2)))?;
    Ok(())
}

fn legend_entries(overview: &Overview) -> Vec<Entry> {
    let resolution_hz = overview.spectrum.resolution_hz;
    let resolution = quantity(resolution_hz, frequency_unit(resolution_hz), false);
    let mut entries = vec![
        (colour::MEAN, format!("mean, {resolution} resolution")),
        (colour::RANGE, "highest".to_owned()),
    ];
    if let Some(noise) = overview.annotations.noise_db_hz {
        let noise = match noise_error(overview) {
            Some(error) => plus_minus(noise, error, false),
            None => format!("at most {}", number(noise, 1)),
        };
        entries.push((colour::NOISE, format!("noise {noise} dBFS/Hz")));
    }
    if let Some((band, carrier)) = emission_entries(&overview.annotations) {
        entries.extend([(colour::OCCUPIED, band), (colour::CARRIER, carrier)]);
    }
    entries
}

/// The texts for the occupied bands and for the carriers.
fn emission_entries(annotations: &Annotations) -> Option<(String, String)> {
    match &annotations.emissions[..] {
        [] => None,
        [one] if annotations.elsewhere == 0 => {
            let width = with_error(one.upper_edge_hz - one.lower_edge_hz, one.errors_hz.width, false);
            let band = if one.widest_hz > NOTABLE_RATIO * one.narrowest_hz {
                let ends = list(&[one.narrowest_hz, one.widest_hz], " to ", false);
                format!("99 % within {width} ({ends})")
            } else {
                format!("99 % within {width}")
            };
            let carrier = match one.carrier_hz {
                Some(hz) => format!("carrier (centroid) {}", with_error(hz, one.errors_hz.carrier, true)),
                None => "no single carrier".to_owned(),
            };
            Some((band, carrier))
        }
        several => {
            let elsewhere = match annotations.elsewhere {
                0 => String::new(),
                chunks => format!(", {chunks} chunks elsewhere"),
            };
            let band = format!("99 % of each of {} signals in turn{elsewhere}", several.len());
            let mut carriers: Vec<f64> = several.iter().filter_map(|one| one.carrier_hz).collect();
            carriers.sort_by(f64::total_cmp);
            let carrier = match carriers.len() {
                0 => "no single carriers".to_owned(),
                1..=MAX_LISTED => format!("carriers (centroids) {}", list(&carriers, ", ", true)),
                _ => "their carriers (centroids)".to_owned(),
            };
            Some((band, carrier))
        }
    }
}

/// A frequency with its standard error.
fn with_error(hz: f64, error_hz: f64, signed: bool) -> String {
    let unit = frequency_unit(hz.abs());
    let value = plus_minus(hz / unit.size, error_hz / unit.size, signed);
    format!("{value} {}", unit.name)
}

/// A list of frequencies in the unit of the largest. The unit follows the last one.
fn list(all_hz: &[f64], separator: &str, signed: bool) -> String {
    let unit = frequency_unit(all_hz.iter().fold(0.0, |largest, hz| hz.abs().max(largest)));
    let texts: Vec<_> = all_hz.iter().map(|hz| quantity(*hz, unit, signed)).collect();
    let numbers = texts.iter().map(|text| text.trim_end_matches(unit.name).trim_end());
    format!("{} {}", numbers.collect::<Vec<_>>().join(separator), unit.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_band_across_the_end_of_the_spectrum_is_at_both_ends() {
        let range = Range {
            unit: frequency_unit(50_000.0),
            edge: 100.0,
            bottom: -100.0,
            top: 0.0,
        };
        assert_eq!(range.spans(-10_000.0, 20_000.0), [(-10.0, 20.0)]);
        assert_eq!(range.spans(92_000.0, 104_000.0), [(-100.0, -96.0), (92.0, 100.0)]);
        assert_eq!(range.spans(-104_000.0, -92_000.0), [(-100.0, -92.0), (96.0, 100.0)]);
        assert_eq!(range.spans(-150_000.0, 100_000.0), [(-100.0, 100.0)]);
        assert_eq!(range.spans(-100_000.0, 100_000.0), [(-100.0, 100.0)]);
    }
}
