//! All colours of the plots.

use plotters::prelude::*;

/// Axes and their text.
pub(super) const INK: RGBColor = RGBColor(40, 40, 40);
/// Grid lines.
pub(super) const GRID: RGBColor = RGBColor(225, 225, 225);
/// Less important text.
pub(super) const PALE: RGBColor = RGBColor(110, 110, 110);
/// Mean values.
pub(super) const MEAN: RGBColor = RGBColor(20, 80, 160);
/// The range of the values behind a mean.
pub(super) const RANGE: RGBColor = RGBColor(165, 195, 230);
/// Noise level.
pub(super) const NOISE: RGBColor = RGBColor(120, 120, 120);
/// The occupied band.
pub(super) const OCCUPIED: RGBColor = RGBColor(230, 145, 0);
/// The carrier.
pub(super) const CARRIER: RGBColor = RGBColor(190, 20, 90);
/// Warnings.
pub(super) const WARNING: RGBColor = RGBColor(200, 30, 20);
/// Times that were not recorded.
pub(super) const BLANK: RGBColor = RGBColor(205, 205, 205);

/// Number of colours in the colour scale, whose steps are 2 dB at most. More are hard to
/// distinguish, and noise would then make larger files.
pub(super) const STEPS: u32 = 40;

/// Number of shades between the background and the ink, at the edges of letters. More would not be
/// visible, and a PNG file has only 256 colours.
pub(super) const TEXT_SHADES: u8 = 8;

/// Colours that have a meaning, and the shades of text. A PNG file keeps them exactly, even if they
/// are rare.
pub(super) fn fixed() -> Vec<[u8; 3]> {
    let lines = [GRID, MEAN, RANGE, NOISE, OCCUPIED, CARRIER, BLANK].map(|colour| [colour.0, colour.1, colour.2]);
    let shades = [INK, PALE, WARNING].into_iter().flat_map(|ink| {
        (1..=TEXT_SHADES).map(move |part| {
            let on_white = |component: u8| {
                let faded = u32::from(255 - component) * u32::from(part) / u32::from(TEXT_SHADES);
                u8::try_from(255 - faded).unwrap_or(0)
            };
            [on_white(ink.0), on_white(ink.1), on_white(ink.2)]
        })
    });
    lines.into_iter().chain(shades).collect()
}

/// The colour of a level on a scale with these ends. The scale is viridis: its steps look equal,
/// and its lightness alone shows the level, for example in a black and white print.
pub(super) fn of_level(level_db: f64, (lowest, highest): (f64, f64)) -> RGBColor {
    if level_db.is_nan() {
        return BLANK;
    }
    let part = ((level_db - lowest) / (highest - lowest)).clamp(0.0, 1.0);
    let steps = f64::from(STEPS - 1);
    ViridisRGB::get_color((part * steps).round() / steps)
}
