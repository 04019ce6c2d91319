//! A small picture of a recording for a page that shows several next to each other: time to the
//! right, so that those of one session have the same seconds above each other; frequency upwards;
//! the averaged spectrum at its right edge.

use std::fmt::Write as _;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use heimdall_dsp::Overview;

use super::axis::{frequency_unit, number, time_unit};
use super::colour;
use super::error::PlotError;
use super::png_file::encode;

/// Size in units of the document, which a page scales.
const SIZE: (usize, usize) = (600, 236);
/// The waterfall, in pixels of the document.
const LEFT: usize = 76;
const TOP: usize = 8;
const WIDTH: usize = 410;
const HEIGHT: usize = 196;
/// The spectrum is right of it.
const SPECTRUM_LEFT: usize = LEFT + WIDTH + 10;
const SPECTRUM_WIDTH: usize = SIZE.0 - SPECTRUM_LEFT - 6;
const STYLE: &str = "text{font:15px sans-serif;fill:#444}path{fill:none;stroke:#14509f;stroke-width:1.5}rect{fill:none;\
stroke:#999}@media(prefers-color-scheme:dark){text{fill:#ccc}path{stroke:#8ab8f0}rect{stroke:#666}}";

/// The strip as an SVG file.
///
/// # Errors
/// If a library fails to encode. No recording causes that.
pub(super) fn draw(overview: &Overview) -> Result<String, PlotError> {
    let (width, height) = SIZE;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\"><style>{STYLE}</style>"
    );
    let image = STANDARD.encode(waterfall(overview)?);
    let bottom = TOP + HEIGHT;
    // Writing to a String cannot fail.
    let _ = write!(
        svg,
        "<image x=\"{LEFT}\" y=\"{TOP}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" preserveAspectRatio=\"none\" \
         href=\"data:image/png;base64,{image}\"/><path d=\"{}\"/>\
         <rect x=\"{SPECTRUM_LEFT}\" y=\"{TOP}\" width=\"{SPECTRUM_WIDTH}\" height=\"{HEIGHT}\"/>",
        spectrum(overview)
    );
    let edge_hz = 0.5 * overview.sample_rate_hz;
    let (frequency, time) = (frequency_unit(edge_hz), time_unit(overview.duration_s()));
    let mut label = |x: usize, y: usize, anchor: &str, text: &str| {
        let _ = write!(svg, "<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\">{text}</text>");
    };
    let edge = short(edge_hz / frequency.size);
    label(LEFT - 6, TOP + 13, "end", &format!("+{edge}"));
    label(LEFT - 6, TOP + HEIGHT / 2 + 5, "end", &format!("0 {}", frequency.name));
    label(LEFT - 6, bottom, "end", &format!("−{edge}"));
    let duration = short(overview.duration_s() / time.size);
    label(LEFT, bottom + 18, "start", "0");
    label(LEFT + WIDTH, bottom + 18, "end", &format!("{duration} {}", time.name));
    label(SIZE.0 - 6, bottom + 18, "end", "spectrum");
    svg.push_str("</svg>");
    Ok(svg)
}

/// A number with one decimal, if that is not 0.
fn short(value: f64) -> String {
    let text = number(value, 1);
    text.strip_suffix(".0").map_or_else(|| text.clone(), str::to_owned)
}

/// Time to the right, the highest frequency first.
fn waterfall(overview: &Overview) -> Result<Vec<u8>, PlotError> {
    let colours_db = overview.colour_range_db();
    let mut rgb = vec![0; 3 * WIDTH * HEIGHT];
    // Row by row in time, the lowest frequency first.
    let cells = overview.waterfall.raster(overview.samples, HEIGHT, WIDTH);
    for (index, cell) in cells.enumerate() {
        let (time, frequency) = (index / HEIGHT, index % HEIGHT);
        let at = 3 * ((HEIGHT - 1 - frequency) * WIDTH + time);
        let colour = colour::of_level(f64::from(cell), colours_db);
        rgb[at..at + 3].copy_from_slice(&[colour.0, colour.1, colour.2]);
    }
    encode(&rgb, WIDTH, HEIGHT)
}

/// The averaged spectrum as the commands of a path: frequency as in the waterfall, power to the
/// right.
fn spectrum(overview: &Overview) -> String {
    let bins = &overview.spectrum.mean_db;
    let (lowest, highest) = overview.colour_range_db();
    let mut path = String::new();
    for y in 0..HEIGHT {
        let (from, to) = (y * bins.len() / HEIGHT, (y + 1) * bins.len() / HEIGHT);
        let strongest = bins[from..to.max(from)].iter().copied().fold(f32::NAN, f32::max);
        if strongest.is_nan() {
            continue;
        }
        let part = ((f64::from(strongest) - lowest + 5.0) / (highest - lowest + 10.0)).clamp(0.0, 1.0);
        let x = SPECTRUM_LEFT as f64 + part * SPECTRUM_WIDTH as f64;
        let command = if path.is_empty() { 'M' } else { 'L' };
        let _ = write!(path, "{command}{x:.1} {}", TOP + HEIGHT - 1 - y);
    }
    path
}
