//! Axes in engineering units.

use std::ops::Range;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};

/// A unit, and the value of one unit in hertz or seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Unit {
    pub(super) name: &'static str,
    pub(super) size: f64,
}

/// The unit for frequencies up to `highest_hz`.
pub(super) fn frequency_unit(highest_hz: f64) -> Unit {
    // 999.98 Hz has the same four digits as 1 kHz.
    let (name, size) = match highest_hz / 0.99995 {
        rounded if rounded >= 1e6 => ("MHz", 1e6),
        rounded if rounded >= 1e3 => ("kHz", 1e3),
        _ => ("Hz", 1.0),
    };
    Unit { name, size }
}

/// The unit for times up to `longest_s`.
pub(super) fn time_unit(longest_s: f64) -> Unit {
    let (name, size) = match longest_s {
        _ if longest_s < 1.0 => ("ms", 1e-3),
        _ if longest_s <= 600.0 => ("s", 1.0),
        _ if longest_s <= 6.0 * 3600.0 => ("min", 60.0),
        _ => ("h", 3600.0),
    };
    Unit { name, size }
}

/// A quantity with four digits and its unit: `12.50 kHz`. With `signed`, positive values get a `+`.
pub(super) fn quantity(value: f64, unit: Unit, signed: bool) -> String {
    let scaled = value / unit.size;
    let digits = match scaled.abs() {
        size if size >= 1000.0 => 0,
        size if size >= 100.0 => 1,
        size if size >= 10.0 => 2,
        _ => 3,
    };
    let sign = match (signed, scaled < 0.0) {
        (_, true) => "\u{2212}",
        (true, false) => "+",
        (false, false) => "",
    };
    format!("{sign}{:.digits$} {}", scaled.abs(), unit.name)
}

/// Most decimals of a value with its standard error.
const MOST_DECIMALS: i32 = 4;

/// A value with its standard error: `12.50 ± 0.03`. The error has one digit, two if the first is 1,
/// and is rounded up. With `signed`, positive values get a `+`.
pub(super) fn plus_minus(value: f64, error: f64, signed: bool) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "an exponent")]
    let exponent = error.max(1e-9).log10().floor() as i32;
    let digits = i32::from(error < 2.0 * 10_f64.powi(exponent));
    let decimals = (digits - exponent).clamp(0, MOST_DECIMALS);
    let step = 10_f64.powi(-decimals);
    let error = (error / step - 1e-6).ceil() * step;
    let decimals = decimals.unsigned_abs() as usize;
    let sign = if signed && value > 0.5 * step { "+" } else { "" };
    format!("{sign}{} \u{b1} {}", number(value, decimals), number(error, decimals))
}

/// A number without trailing zeros, with up to nine decimals: the frequency that a receiver is
/// tuned to must not be rounded.
pub(super) fn exact(value: f64) -> String {
    let text = format!("{value:.9}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A number with a typographic minus sign.
pub(super) fn number(value: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", value.abs());
    let zero = text.bytes().all(|byte| matches!(byte, b'0' | b'.'));
    if value < 0.0 && !zero {
        format!("\u{2212}{text}")
    } else {
        text
    }
}

/// An axis with its ticks.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Axis {
    /// From left to right or from bottom to top. The end can be smaller than the start.
    range: Range<f64>,
    ticks: Vec<f64>,
    decimals: usize,
}

impl Axis {
    /// An axis with at most `max_ticks` ticks, at multiples of 1, 2 or 5 times a power of ten.
    pub(super) fn new(range: Range<f64>, max_ticks: usize) -> Self {
        let (low, high) = (range.start.min(range.end), range.start.max(range.end));
        let min_step = (high - low) / max_ticks as f64;
        let decade = 10.0_f64.powf(min_step.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0]
            .into_iter()
            .map(|factor| factor * decade)
            .find(|step| *step >= min_step * 0.999_999)
            .unwrap_or(10.0 * decade);
        // A tick may lie outside the range by a millionth of a step: rounding errors.
        let first = (low / step - 1e-6).ceil();
        let ticks = (0..=max_ticks).map(|n| (first + n as f64) * step);
        Self {
            ticks: ticks.take_while(|tick| *tick <= high + 1e-6 * step).collect(),
            decimals: decimals(step),
            range,
        }
    }

    /// The ticks and their labels.
    pub(super) fn labelled(&self) -> impl Iterator<Item = (f64, String)> {
        self.ticks.iter().map(|tick| (*tick, self.format_ext(tick)))
    }
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    #[expect(clippy::cast_possible_truncation, reason = "the limits are pixels of a plot")]
    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        let part = (value - self.range.start) / (self.range.end - self.range.start);
        (f64::from(limit.0) + part * f64::from(limit.1 - limit.0)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        self.ticks.clone()
    }

    fn range(&self) -> Range<f64> {
        self.range.clone()
    }
}

impl ValueFormatter<f64> for Axis {
    fn format_ext(&self, tick: &f64) -> String {
        number(*tick, self.decimals)
    }
}

impl From<Axis> for Range<f64> {
    fn from(axis: Axis) -> Self {
        axis.range
    }
}

/// The number of decimals that multiples of `step` need.
fn decimals(step: f64) -> usize {
    (0..12)
        .find(|digits| step * 10.0_f64.powi(*digits) > 0.999)
        .map_or(12, |digits| digits.unsigned_abs() as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_has_as_many_decimals_as_its_error() {
        assert_eq!(plus_minus(12.5034, 0.03, false), "12.50 ± 0.03");
        assert_eq!(plus_minus(-0.20957, 0.00042, false), "−0.2096 ± 0.0005");
        assert_eq!(plus_minus(7.584, 0.0123, true), "+7.584 ± 0.013");
        assert_eq!(plus_minus(7584.2, 23.0, false), "7584 ± 23");
        assert_eq!(plus_minus(1.0, 1e-7, false), "1.0000 ± 0.0001");
        assert_eq!(plus_minus(1.0, 0.0, false), "1.0000 ± 0.0000");
    }

    fn labels(axis: &Axis) -> Vec<String> {
        axis.ticks.iter().map(|tick| axis.format_ext(tick)).collect()
    }

    #[test]
    fn ticks_are_round_numbers_inside_the_range_with_as_few_digits_as_possible() {
        let cases: [(Range<f64>, &[&str]); 6] = [
            (-100.0..100.0, &["−100", "−50", "0", "50", "100"]),
            (0.0..0.2, &["0.00", "0.05", "0.10", "0.15", "0.20"]),
            (-0.96..0.96, &["−0.5", "0.0", "0.5"]),
            (30.0..0.0, &["0", "10", "20", "30"]),
            (-143.2..-61.7, &["−140", "−120", "−100", "−80"]),
            (
                0.0..1e-7,
                &[
                    "0.00000000",
                    "0.00000002",
                    "0.00000004",
                    "0.00000006",
                    "0.00000008",
                    "0.00000010",
                ],
            ),
        ];
        for (range, expected) in cases {
            let axis = Axis::new(range.clone(), 5);
            assert_eq!(labels(&axis), expected, "{range:?}");
        }
    }

    #[test]
    fn every_range_has_ticks() {
        for exponent in -9..10 {
            for mantissa in [1.0, 1.3, 2.4, 4.9, 7.7, 9.99] {
                let end = mantissa * 10.0_f64.powi(exponent);
                let ticks = Axis::new(0.0..end, 8).ticks;
                assert!((3..=9).contains(&ticks.len()), "{end}: {ticks:?}");
                assert!(
                    ticks.iter().all(|tick| (0.0..=end * 1.000_001).contains(tick)),
                    "{end}: {ticks:?}"
                );
            }
        }
    }

    #[test]
    fn quantities_have_four_digits_and_a_unit() {
        assert_eq!(quantity(12_503.2, frequency_unit(100_000.0), false), "12.50 kHz");
        assert_eq!(quantity(-77.0, frequency_unit(100_000.0), true), "−0.077 kHz");
        assert_eq!(quantity(999.98, frequency_unit(999.98), true), "+1.000 kHz");
        assert_eq!(quantity(77.0, frequency_unit(500.0), true), "+77.00 Hz");
        assert_eq!(quantity(0.2, time_unit(0.2), false), "200.0 ms");
        assert_eq!(quantity(7_200.0, time_unit(7_200.0), false), "120.0 min");
        assert_eq!(number(-0.001, 1), "0.0");
        assert_eq!(
            (exact(77.5), exact(433.92), exact(1090.0)),
            ("77.5".into(), "433.92".into(), "1090".into())
        );
    }
}
