//! Numbers, times and texts as a person reads them.

use maud::{Markup, html};

use crate::sanitize::sanitize;

/// A whole number with a thin space between groups of three digits.
pub(super) fn count(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    if number < 0 { format!("−{text}") } else { text }
}

/// A number with this many decimals, and a real minus sign.
pub(super) fn decimal(number: f64, decimals: usize) -> String {
    let text = format!("{number:.decimals$}");
    match text.strip_prefix('-') {
        Some(rest) if rest.bytes().all(|byte| matches!(byte, b'0' | b'.')) => rest.to_owned(),
        Some(rest) => format!("−{rest}"),
        None => text,
    }
}

/// A length of time, rounded to two digits or so.
pub(super) fn duration(seconds: f64) -> String {
    let seconds = seconds.max(0.0);
    match seconds {
        s if s < 0.001 => "0 ms".to_owned(),
        s if s < 1.0 => format!("{:.0} ms", s * 1e3),
        s if s < 10.0 => format!("{s:.1} s"),
        s if s < 120.0 => format!("{s:.0} s"),
        s if s < 7_200.0 => format!("{:.0} min", s / 60.0),
        s if s < 172_800.0 => format!("{:.0} h", s / 3_600.0),
        s => format!("{:.0} days", s / 86_400.0),
    }
}

/// How long ago.
pub(super) fn ago(seconds: f64) -> String {
    format!("{} ago", duration(seconds))
}

/// A time of the database, to the second, with its zone.
pub(super) fn time(text: &str) -> Markup {
    let clean = sanitize(text);
    html! { time datetime=(clean) { (short_time(&clean)) } }
}

fn short_time(text: &str) -> String {
    let (Some(short), Some(rest)) = (text.get(..19), text.get(19..)) else {
        return text.to_owned();
    };
    let zone = rest.find(['+', '-']).map_or("", |at| &rest[at..]);
    let zone = if matches!(zone, "+00:00" | "+00") { "UTC" } else { zone };
    format!("{} {zone}", short.replace('T', " "))
}

/// A frequency.
pub(super) fn frequency(hz: f64) -> String {
    match hz.abs() {
        f if f >= 1e6 => format!("{} MHz", decimal(hz / 1e6, 4)),
        f if f >= 1e3 => format!("{} kHz", decimal(hz / 1e3, 2)),
        _ => format!("{} Hz", decimal(hz, 0)),
    }
}

/// A number of bytes.
pub(super) fn bytes(number: f64) -> String {
    match number {
        n if n >= 1e9 => format!("{:.1} GB", n / 1e9),
        n if n >= 1e6 => format!("{:.1} MB", n / 1e6),
        n if n >= 1e3 => format!("{:.1} kB", n / 1e3),
        n => format!("{n:.0} bytes"),
    }
}

/// Text from outside: on one line, without characters that hide or turn others, and set apart from
/// the text around it.
pub(super) fn foreign(text: &str) -> Markup {
    html! { bdi { (sanitize(text)) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_and_have_a_real_minus_sign() {
        assert_eq!(count(1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!(count(999), "999");
        assert_eq!(count(-1_000), "−1\u{202f}000");
        assert_eq!(decimal(-0.04, 1), "0.0");
        assert_eq!(decimal(-12.34, 1), "−12.3");
    }

    #[test]
    fn times_have_two_digits_or_so() {
        for (seconds, expected) in [
            (0.0123, "12 ms"),
            (2.0, "2.0 s"),
            (59.6, "60 s"),
            (600.0, "10 min"),
            (90_000.0, "25 h"),
            (864_000.0, "10 days"),
        ] {
            assert_eq!(duration(seconds), expected);
        }
    }

    #[test]
    fn a_time_is_short_and_has_its_zone() {
        assert_eq!(short_time("2026-11-28T10:00:00.123+00:00"), "2026-11-28 10:00:00 UTC");
        assert_eq!(short_time("2026-11-28T10:00:00+02:00"), "2026-11-28 10:00:00 +02:00");
        assert_eq!(short_time("infinity"), "infinity");
    }

    #[test]
    fn foreign_text_becomes_no_element() {
        let shown = foreign("<script>alert(1)</script>\u{202e}x").into_string();
        assert_eq!(shown, "<bdi>&lt;script&gt;alert(1)&lt;/script&gt;\\u{202e}x</bdi>");
    }
}
