//! Units of samples per second: `sps`, and what people write for S/s and Sa/s where a name cannot
//! have the sign between them.

use super::certainty::Certainty;
use super::quantity::{multiple, quantity, starts_with_digit};

/// The number with a unit of samples per second in the part at this place, which is `lower` in lower
/// case, or in it and the next one (`500kSa_s`), or in the one before (`250 kSps`).
pub(super) fn with_unit(parts: &[&str], at: usize, lower: &str) -> Option<(f64, Certainty)> {
    let (before_unit, certainty) = stripped(parts, at, lower)?;
    if let Some(multiple) = multiple(before_unit) {
        let number = parts[at.checked_sub(1)?].to_ascii_lowercase();
        let is_whole = starts_with_digit(&number) && (before_unit.is_empty() || !number.ends_with(['k', 'm']));
        return is_whole.then(|| Some((quantity(&number)? * multiple, certainty)))?;
    }
    let is_of_number = |c: char| c.is_ascii_digit() || matches!(c, '.' | 'k' | 'm' | 'e' | '+');
    let start = before_unit.trim_end_matches(is_of_number).len();
    let number = before_unit[start..].trim_start_matches(|c: char| !c.is_ascii_digit());
    Some((quantity(number)?, certainty))
}

/// What is before the unit. `20MS` can be 20 ms of a name in capitals.
fn stripped<'a>(parts: &[&str], at: usize, lower: &'a str) -> Option<(&'a str, Certainty)> {
    let is_per_second = parts.get(at + 1).is_some_and(|next| next.eq_ignore_ascii_case("s"));
    let with_multiple = |unit: &str| {
        let rest = lower.strip_suffix(unit)?;
        rest.ends_with(['k', 'm']).then_some(rest)
    };
    if let Some(rest) = lower.strip_suffix("sps") {
        return Some((rest, Certainty::Stated));
    }
    if let Some(rest) = with_multiple("sa")
        .or_else(|| with_multiple("sas"))
        .or_else(|| with_multiple("ss"))
    {
        return Some((rest, Certainty::Stated));
    }
    if !parts[at].ends_with('S') {
        return None;
    }
    let rest = with_multiple("s")?;
    let is_time = parts[at].ends_with("MS") && !is_per_second;
    // A small `m` before a capital `S` is neither.
    let is_known = !parts[at].ends_with("mS");
    let certainty = if is_time {
        Certainty::Doubtful("a time in milliseconds")
    } else {
        Certainty::Stated
    };
    is_known.then_some((rest, certainty))
}
