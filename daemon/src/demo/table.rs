//! The rows of a session as a table.

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _};

use super::report::{Row, number};
use crate::sanitize::sanitize;

/// Columns of a usual window.
const COLUMNS: usize = 100;

/// Where the report is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Screen {
    /// Without colours.
    Plain,
    /// With colours.
    Coloured,
}

impl Screen {
    /// Standard output: colours on a terminal that knows them, and not with `NO_COLOR`.
    #[must_use]
    pub fn stdout() -> Self {
        let is_able = io::stdout().is_terminal() && !console::is_dumb();
        if is_able && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()) {
            Self::Coloured
        } else {
            Self::Plain
        }
    }

    /// The text between an escape sequence and its end.
    #[must_use]
    pub fn paint(self, escape: &str, text: &str) -> String {
        match self {
            Self::Plain => text.to_owned(),
            Self::Coloured => format!("\x1b[{escape}m{text}\x1b[0m"),
        }
    }
}

/// The rows as a table of 100 columns. An error message takes all columns after the first, and as
/// many lines as it needs.
#[must_use]
pub fn table(rows: &[Row], screen: Screen) -> String {
    let stations = rows.iter().map(|row| row.station.chars().count());
    let width = stations.fold("receiver".len(), usize::max).min(COLUMNS / 2);
    let numbers = |[snr, offset, bandwidth, confidence, signal]: [String; 5]| {
        format!("{snr:>7}  {offset:>10}  {bandwidth:>12}  {confidence:>10}  {signal:>6}")
    };
    let headings = ["SNR dB", "offset Hz", "bandwidth Hz", "confidence", "signal"];
    let head = format!("    {:<width$}  {}", "receiver", numbers(headings.map(String::from)));
    let mut text = screen.paint("1", &head) + "\n";
    for row in rows {
        let result = match (&row.error_message, row.has_result) {
            (Some(message), _) => {
                let lines = divide(&sanitize(message), COLUMNS - width - 6);
                let lines: Vec<String> = lines.iter().map(|line| screen.paint("31", line)).collect();
                lines.join(&format!("\n{:1$}", "", width + 6))
            }
            (None, false) => screen.paint("33", "no row yet"),
            (None, true) => numbers([
                number(row.snr_db, 1, ""),
                number(row.offset_hz, 0, ""),
                number(row.bandwidth_hz, 0, ""),
                number(row.confidence, 2, ""),
                number(row.signal_fraction.map(|fraction| 100.0 * fraction), 0, " %"),
            ]),
        };
        let station: String = sanitize(&row.station).chars().take(width).collect();
        let _ = writeln!(text, "    {station:<width$}  {result}");
    }
    text
}

/// Pieces of at most so many characters, divided at spaces where there are some.
fn divide(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = vec![String::new()];
    for word in text.split(' ') {
        let characters: Vec<char> = word.chars().collect();
        for (part, piece) in characters.chunks(width).enumerate() {
            let used = lines.last().map_or(0, |line| line.chars().count());
            let gap = usize::from(used > 0 && part == 0);
            if used + gap + piece.len() > width || part > 0 {
                lines.push(String::new());
            } else if gap == 1
                && let Some(line) = lines.last_mut()
            {
                line.push(' ');
            }
            if let Some(line) = lines.last_mut() {
                line.extend(piece);
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Row {
        Row {
            has_result: true,
            snr_db: Some(20.1),
            detected: Some(1),
            ..Row::default()
        }
    }

    #[test]
    fn the_table_lines_up_and_shows_errors_in_full() {
        let failed = Row {
            station: "Genova".into(),
            error_message: Some("IQ file not found: x".into()),
            ..good()
        };
        let waiting = Row {
            station: "Cuneo".into(),
            ..Row::default()
        };
        let text = table(
            &[
                Row {
                    station: "Torino".into(),
                    signal_fraction: Some(1.0),
                    ..good()
                },
                failed,
                waiting,
            ],
            Screen::Plain,
        );
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0].len(), lines[1].len(), "{text}");
        assert!(lines[1].ends_with("100 %"), "{text}");
        assert_eq!(lines[2], "    Genova    IQ file not found: x");
        assert_eq!(lines[3], "    Cuneo     no row yet");
    }

    #[test]
    fn a_long_error_takes_several_lines_of_a_hundred_columns() {
        let failed = Row {
            station: "Genova".into(),
            error_message: Some(format!("IQ file not found: {}", "2026/11/28/".repeat(20))),
            ..good()
        };
        let text = table(&[failed], Screen::Plain);
        assert!(
            text.lines().count() > 3 && text.lines().all(|line| line.chars().count() <= COLUMNS),
            "{text}"
        );
        assert_eq!(divide("ab cdef", 3), ["ab", "cde", "f"]);
        assert!(table(&[], Screen::Coloured).starts_with("\u{1b}[1m"));
    }
}
