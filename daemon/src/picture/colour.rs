//! Colours, all in one place.

use plotters::prelude::*;

/// Axes and their text.
pub(super) const INK: RGBColor = RGBColor(40, 40, 40);
/// Grid lines.
pub(super) const GRID: RGBColor = RGBColor(225, 225, 225);
/// What is less important.
pub(super) const PALE: RGBColor = RGBColor(110, 110, 110);
/// The mean of something.
pub(super) const MEAN: RGBColor = RGBColor(20, 80, 160);
/// The range that it is the mean of.
pub(super) const RANGE: RGBColor = RGBColor(165, 195, 230);
/// Level of the noise.
pub(super) const NOISE: RGBColor = RGBColor(120, 120, 120);
/// The occupied band.
pub(super) const OCCUPIED: RGBColor = RGBColor(230, 145, 0);
/// The carrier.
pub(super) const CARRIER: RGBColor = RGBColor(190, 20, 90);
/// Warnings.
pub(super) const WARNING: RGBColor = RGBColor(200, 30, 20);
/// What was not recorded.
pub(super) const BLANK: RGBColor = RGBColor(205, 205, 205);

/// Colours of the scale: more cannot be told apart, and fewer make smaller files of noise.
pub(super) const STEPS: u32 = 64;

/// The colour of a level between the two ends of the scale: viridis, whose steps look equal and
/// whose lightness alone, as in print, tells the level.
pub(super) fn of_level(level_db: f64, (lowest, highest): (f64, f64)) -> RGBColor {
    if level_db.is_nan() {
        return BLANK;
    }
    let part = ((level_db - lowest) / (highest - lowest)).clamp(0.0, 1.0);
    let steps = f64::from(STEPS - 1);
    ViridisRGB::get_color((part * steps).round() / steps)
}
