//! Words that say what a number beside them is.

use super::quantity::starts_with_digit;

/// Words before a number that make it a sample rate.
const MARKS: [&str; 6] = ["samplerate", "samprate", "srate", "rate", "sr", "fs"];

/// Words before `rate` that make it another one.
const OTHER_RATES: [&str; 7] = ["symbol", "baud", "bit", "data", "chip", "frame", "code"];

/// Words for a number of kHz or thousands that is no sample rate: `bw_125k`, `38k_baud`.
const OTHER_QUANTITIES: [&str; 27] = [
    "freq",
    "frequency",
    "f",
    "fc",
    "cf",
    "rf",
    "lo",
    "if",
    "bw",
    "bandwidth",
    "width",
    "span",
    "spacing",
    "step",
    "dev",
    "deviation",
    "shift",
    "offset",
    "tone",
    "fft",
    "nfft",
    "baud",
    "baudrate",
    "bitrate",
    "symbolrate",
    "bps",
    "bd",
];

/// Those of them that always follow their number.
const UNITS: [&str; 3] = ["baud", "bps", "bd"];

/// Words after a number of samples.
const COUNTED: [&str; 5] = ["samples", "samps", "points", "pts", "frames"];

/// The number after a mark, in this part, which is in lower case, or in the one before.
pub(super) fn after_mark<'a>(parts: &[&str], at: usize, part: &'a str) -> Option<&'a str> {
    let before = |distance| at.checked_sub(distance).map(|at| parts[at].to_ascii_lowercase());
    let is_other = |word: Option<String>| word.is_some_and(|word| OTHER_RATES.contains(&&*word));
    if starts_with_digit(part) {
        let mark = before(1)?;
        let mark = mark.trim_end_matches(['=', ':']);
        let is_mark = MARKS.contains(&mark) && !(mark == "rate" && is_other(before(2)));
        return is_mark.then_some(part);
    }
    let after = |mark: &&str| part.strip_prefix(*mark).map(|rest| rest.trim_start_matches(['=', ':']));
    let (mark, number) = MARKS.iter().find_map(|mark| Some((mark, after(mark)?)))?;
    (starts_with_digit(number) && !(*mark == "rate" && is_other(before(1)))).then_some(number)
}

/// What a word beside a number makes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quantity {
    /// No word is there.
    Unnamed,
    /// Another quantity than the sample rate.
    Other,
    /// The word can belong to the number on its other side.
    Doubtful,
}

/// What the word before this part, and the one after it, say.
pub(super) fn quantity_of(parts: &[&str], at: usize) -> Quantity {
    let word = |at: Option<usize>| {
        let word = parts.get(at?)?.trim_end_matches(['=', ':']).to_ascii_lowercase();
        OTHER_QUANTITIES.contains(&&*word).then_some(word)
    };
    let is_number = |at: Option<usize>| {
        at.and_then(|at| parts.get(at))
            .is_some_and(|part| starts_with_digit(part))
    };
    let is_unit = |word: &str| UNITS.contains(&word);
    let is_rate = at
        .checked_sub(1)
        .is_some_and(|at| parts[at].eq_ignore_ascii_case("rate"));
    let is_other_rate = is_rate
        && at
            .checked_sub(2)
            .is_some_and(|at| OTHER_RATES.contains(&&*parts[at].to_ascii_lowercase()));
    let before = word(at.checked_sub(1)).map(|word| {
        if !is_number(at.checked_sub(2)) {
            Quantity::Other
        } else if is_unit(&word) {
            Quantity::Unnamed
        } else {
            Quantity::Doubtful
        }
    });
    let after = word(Some(at + 1)).map(|word| {
        if is_number(Some(at + 2)) && !is_unit(&word) {
            Quantity::Doubtful
        } else {
            Quantity::Other
        }
    });
    match (before, after) {
        _ if is_other_rate => Quantity::Other,
        (Some(Quantity::Other), _) | (_, Some(Quantity::Other)) => Quantity::Other,
        (Some(Quantity::Doubtful), _) | (_, Some(Quantity::Doubtful)) => Quantity::Doubtful,
        _ => Quantity::Unnamed,
    }
}

/// Whether the word after this part says that it is a number of samples.
pub(super) fn count_samples(parts: &[&str], at: usize) -> bool {
    parts
        .get(at + 1)
        .is_some_and(|word| COUNTED.contains(&&*word.to_ascii_lowercase()))
}
