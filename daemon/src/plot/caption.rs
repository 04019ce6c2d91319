//! What stands above the charts.

use super::axis::{frequency_unit, quantity, time_unit};
use super::colour;
use super::input::PlotInput;
use heimdall_dsp::{Inconsistency, Warning};
use plotters::style::RGBColor;

/// Characters that fit into a line of each size of type.
const NAME_CHARACTERS: usize = 95;
const LINE_CHARACTERS: usize = 165;

/// The name of the recording.
pub(super) fn name(subject: PlotInput<'_>) -> String {
    shorten(subject.name, NAME_CHARACTERS)
}

/// How it was read, how long it is.
pub(super) fn description(subject: PlotInput<'_>) -> String {
    let PlotInput {
        overview,
        interpretation,
        ..
    } = subject;
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

/// On whose word; what nobody said is not to be mistaken for a source.
fn source(source: &str) -> &str {
    match source {
        "default" => "default, nobody says",
        source => source,
    }
}

/// What is wrong with it, and the colour to say so in.
pub(super) fn warnings(subject: PlotInput<'_>) -> (String, RGBColor) {
    let annotations = &subject.overview.annotations;
    let one = |(warning, segments): &(Warning, u64)| {
        if *segments == annotations.segments {
            word(*warning)
        } else {
            format!("{} ({segments} of {} segments)", word(*warning), annotations.segments)
        }
    };
    let counted = |doubt: &&Inconsistency| {
        annotations
            .warnings
            .iter()
            .any(|(warning, _)| *warning == doubt.warning)
    };
    let doubts = subject.doubts.iter().filter(|doubt| !counted(doubt));
    let all: Vec<_> = annotations
        .warnings
        .iter()
        .map(one)
        .chain(doubts.map(|doubt| word(doubt.warning)))
        .collect();
    if all.is_empty() {
        return ("no warnings".to_owned(), colour::PALE);
    }
    let text = format!("warnings: {}", all.join(", "));
    (shorten(&text, LINE_CHARACTERS), colour::WARNING)
}

/// A warning as the rows have it.
fn word(warning: Warning) -> String {
    match serde_json::to_value(warning) {
        Ok(serde_json::Value::String(word)) => word,
        // The derived serialisation of a unit variant is a string.
        _ => format!("{warning:?}"),
    }
}

/// Leaves out the middle of what is too long: the ends of names tell them apart. Control characters have no picture.
fn shorten(text: &str, most: usize) -> String {
    let characters: Vec<char> = text
        .chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect();
    if characters.len() <= most {
        return characters.into_iter().collect();
    }
    let (start, end) = (most / 2, most - most / 2 - 1);
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
    fn a_warning_is_called_as_in_the_rows() {
        assert_eq!(word(Warning::HeavyClipping), "heavy_clipping");
    }
}
