//! The text above the charts.

use super::axis::{frequency_unit, plus_minus, quantity, time_unit};
use super::colour;
use super::input::PlotInput;
use heimdall_dsp::Warning;
use plotters::style::RGBColor;

/// Characters that fit into a line of large and of small text.
const NAME_CHARACTERS: usize = 95;
const LINE_CHARACTERS: usize = 165;

/// The name of the recording.
pub(super) fn name(input: PlotInput<'_>) -> String {
    shorten(input.name, NAME_CHARACTERS)
}

/// How the recording was read, its length, and how much of it has a signal.
pub(super) fn description(input: PlotInput<'_>) -> String {
    let PlotInput {
        overview,
        interpretation,
        ..
    } = input;
    let (rate, duration) = (overview.sample_rate_hz, overview.duration_s());
    let annotations = &overview.annotations;
    let container = match interpretation.container {
        "none" => String::new(),
        container => format!("{container}, "),
    };
    shorten(
        &format!(
            "{container}{} ({}) \u{b7} {}S/s ({}) \u{b7} {} \u{b7} a signal in {:.0} of {} chunks",
            interpretation.format.name(),
            source(interpretation.format_source),
            quantity(rate, frequency_unit(rate), false).trim_end_matches("Hz"),
            source(interpretation.sample_rate_source),
            quantity(duration, time_unit(duration), false),
            annotations.signal_present * annotations.chunks as f64,
            annotations.chunks,
        ),
        LINE_CHARACTERS,
    )
}

/// The numbers that no chart shows, with their standard errors.
pub(super) fn numbers(input: PlotInput<'_>) -> String {
    let shown = [
        ("power", "power_dbfs", " dBFS"),
        ("SNR", "snr_unbiased_db", " dB"),
        ("flatness", "spectral_flatness", ""),
        ("kurtosis", "envelope_kurtosis", ""),
        ("duty cycle", "duty_cycle", ""),
    ];
    let annotations = &input.overview.annotations;
    let texts = shown.iter().filter_map(|(title, name, unit)| {
        let Some(number) = annotations.number(name) else {
            let bound = annotations.snr_at_least_db.filter(|_| *name == "snr_unbiased_db")?;
            return Some(format!("{title} at least {bound:.1}{unit}"));
        };
        let value = plus_minus(number.mean, number.standard_error, false);
        Some(format!("{title} {value}{unit}"))
    });
    let texts: Vec<_> = texts.chain(["\u{b1} one standard error".to_owned()]).collect();
    shorten(&texts.join(" \u{b7} "), LINE_CHARACTERS)
}

/// Where a value comes from. `default` alone would look like a source.
fn source(source: &str) -> &str {
    match source {
        "default" => "default, not specified",
        source => source,
    }
}

/// The warnings, and the colour of their text.
pub(super) fn warnings(input: PlotInput<'_>) -> (String, RGBColor) {
    let annotations = &input.overview.annotations;
    let counted = annotations.warnings.iter().map(|(warning, segments)| {
        if *segments == annotations.segments {
            word(*warning)
        } else {
            format!("{} ({segments} of {} segments)", word(*warning), annotations.segments)
        }
    });
    let is_counted = |warning: Warning| annotations.warnings.iter().any(|(counted, _)| *counted == warning);
    let inconsistencies = input.inconsistencies.iter().map(|inconsistency| inconsistency.warning);
    let others = inconsistencies.filter(|warning| !is_counted(*warning)).map(word);
    let all: Vec<_> = counted.chain(others).collect();
    if all.is_empty() {
        return ("no warnings".to_owned(), colour::PALE);
    }
    let text = format!("warnings: {}", all.join(", "));
    (shorten(&text, LINE_CHARACTERS), colour::WARNING)
}

/// The name of a warning, as in the rows.
fn word(warning: Warning) -> String {
    match serde_json::to_value(warning) {
        Ok(serde_json::Value::String(word)) => word,
        // Not reached: serde makes a string of a variant without fields.
        _ => format!("{warning:?}"),
    }
}

/// Removes the middle of a text of more than `max` characters: similar names differ at their ends.
/// Replaces control characters, which the font cannot draw.
fn shorten(text: &str, max: usize) -> String {
    let characters: Vec<char> = text
        .chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect();
    if characters.len() <= max {
        return characters.into_iter().collect();
    }
    let (start, end) = (max / 2, max - max / 2 - 1);
    let ends = [
        &characters[..start],
        &['\u{2026}'],
        &characters[characters.len() - end..],
    ];
    ends.concat().into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_keep_both_ends() {
        assert_eq!(shorten("short", 10), "short");
        assert_eq!(shorten("0123456789abcdef", 10), "01234…cdef");
        assert_eq!(shorten("a\nb", 10), "a\u{fffd}b");
    }

    #[test]
    fn a_warning_has_the_same_name_as_in_the_rows() {
        assert_eq!(word(Warning::HeavyClipping), "heavy_clipping");
    }
}
