//! Numbers, times and sizes for a person.

/// `1,234,567`.
pub(in crate::cli) fn count(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if number < 0 { format!("-{text}") } else { text }
}

/// The same for an unsigned number.
pub(in crate::cli) fn count_unsigned(number: u64) -> String {
    count(i64::try_from(number).unwrap_or(i64::MAX))
}

/// `1 session`, `2 sessions`.
pub(in crate::cli) fn plural(number: i64, one: &str) -> String {
    format!("{} {one}{}", count(number), if number == 1 { "" } else { "s" })
}

/// A length of time in its two largest units: `45 ms`, `1.2 s`, `12 s`, `3 min 20 s`, `2 h 5 min`,
/// `3 d 4 h`.
pub(in crate::cli) fn duration(seconds: f64) -> String {
    if !seconds.is_finite() {
        return "-".to_owned();
    }
    let seconds = seconds.max(0.0);
    if seconds < 0.0995 {
        return format!("{:.0} ms", seconds * 1_000.0);
    } else if seconds < 0.9995 {
        return format!("{:.0} ms", (seconds * 100.0).round() * 10.0);
    } else if seconds < 9.95 {
        return format!("{seconds:.1} s");
    }
    let whole = seconds.round();
    let two = |large: f64, large_name: &str, small: f64, small_name: &str| {
        let (count, rest) = ((whole / large).floor(), ((whole % large) / small).floor());
        if rest > 0.0 {
            format!("{count} {large_name} {rest} {small_name}")
        } else {
            format!("{count} {large_name}")
        }
    };
    match whole {
        whole if whole < 60.0 => format!("{whole} s"),
        whole if whole < 3_600.0 => two(60.0, "min", 1.0, "s"),
        whole if whole < 86_400.0 => two(3_600.0, "h", 60.0, "min"),
        _ => two(86_400.0, "d", 3_600.0, "h"),
    }
}

/// The same, or `-` where it is unknown.
pub(in crate::cli) fn duration_or_none(seconds: Option<f64>) -> String {
    seconds.map_or_else(|| "-".to_owned(), duration)
}

/// `512 B`, `1.2 GB`.
pub(in crate::cli) fn bytes(bytes: u64) -> String {
    let mut size = bytes as f64;
    for unit in ["B", "kB", "MB", "GB"] {
        if size < 999.5 {
            return decimals(size, unit);
        }
        size /= 1_000.0;
    }
    decimals(size, "TB")
}

fn decimals(size: f64, unit: &str) -> String {
    if unit == "B" || size >= 9.95 {
        format!("{size:.0} {unit}")
    } else {
        format!("{size:.1} {unit}")
    }
}

/// A rate: `0.02`, `1.5`, `120`.
pub(in crate::cli) fn rate(per_second: f64) -> String {
    match per_second {
        rate if rate >= 99.5 => format!("{rate:.0}"),
        rate if rate >= 0.95 => format!("{rate:.1}"),
        rate => format!("{rate:.2}"),
    }
}

/// A number with these decimals, or `-`.
pub(in crate::cli) fn number(value: Option<f64>, decimals: usize) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.decimals$}"))
}

/// A time of ISO 8601 to the second: `2026-11-28 18:02:12Z`.
pub(in crate::cli) fn time(iso: &str) -> String {
    let Some((date, rest)) = iso.split_once('T') else {
        return iso.to_owned();
    };
    let clock: String = rest.chars().take_while(|c| c.is_ascii_digit() || *c == ':').collect();
    let zone = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == ':' || c == '.');
    let zone = if zone == "+00:00" { "Z" } else { zone };
    format!("{date} {clock}{zone}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_have_two_units_at_most() {
        let cases = [
            (0.0, "0 ms"),
            (0.0451, "45 ms"),
            (0.1234, "120 ms"),
            (1.24, "1.2 s"),
            (12.4, "12 s"),
            (59.7, "1 min"),
            (200.0, "3 min 20 s"),
            (7_500.0, "2 h 5 min"),
            (273_600.0, "3 d 4 h"),
            (f64::NAN, "-"),
            (-1.0, "0 ms"),
        ];
        for (seconds, expected) in cases {
            assert_eq!(duration(seconds), expected, "{seconds}");
        }
    }

    #[test]
    fn counts_sizes_rates_and_times_are_short() {
        assert_eq!(
            (count(1_234_567), count(-12), count(999)),
            ("1,234,567".into(), "-12".into(), "999".into())
        );
        assert_eq!(
            (plural(1, "session"), plural(0, "session")),
            ("1 session".into(), "0 sessions".into())
        );
        assert_eq!((bytes(512), bytes(1_234_567_890)), ("512 B".into(), "1.2 GB".into()));
        assert_eq!((bytes(96_000), bytes(999_999)), ("96 kB".into(), "1.0 MB".into()));
        assert_eq!(
            (rate(0.0166), rate(1.26), rate(1_234.5)),
            ("0.02".into(), "1.3".into(), "1234".into())
        );
        assert_eq!(time("2026-11-28T18:02:12.654812+00:00"), "2026-11-28 18:02:12Z");
        assert_eq!(time("2026-11-28T18:02:12+01:00"), "2026-11-28 18:02:12+01:00");
        assert_eq!(time("infinity"), "infinity");
    }
}
