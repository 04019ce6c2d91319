//! Tables of fixed columns.

use super::screen::{Screen, Style};
use super::width::{width as columns_of, wrap};
use crate::sanitize::sanitize;

/// Between two columns.
const GAP: &str = "  ";
/// A column whose text does not fit gets this at least. With less, words would be cut to pieces.
const MIN_WRAPPED: usize = 16;

/// A cell: text that is safe to print, and how it looks.
#[derive(Clone, Debug, Default)]
pub(in crate::cli) struct Cell {
    text: String,
    style: Style,
}

impl Cell {
    /// Any text; unsafe characters are escaped.
    pub(in crate::cli) fn styled(style: Style, text: impl AsRef<str>) -> Self {
        Self {
            text: sanitize(text.as_ref()),
            style,
        }
    }
}

impl<T: AsRef<str>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::styled(Style::Plain, text)
    }
}

/// Where the text of a column stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Align {
    Left,
    Right,
}

/// A table. Where it is too wide for the screen, the widest column of text is cut; where that is not
/// enough, each row becomes a few lines with all its cells.
pub(in crate::cli) struct Table {
    headings: Vec<(&'static str, Align)>,
    rows: Vec<Vec<Cell>>,
    indent: usize,
}

impl Table {
    /// Headings that end with `>` are of columns whose text stands on the right.
    pub(in crate::cli) fn new(indent: usize, headings: &[&'static str]) -> Self {
        let headings = headings.iter().map(|heading| match heading.strip_suffix('>') {
            Some(heading) => (heading, Align::Right),
            None => (*heading, Align::Left),
        });
        Self {
            headings: headings.collect(),
            rows: Vec::new(),
            indent,
        }
    }

    /// Adds a row. Missing cells are empty.
    pub(in crate::cli) fn add(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(cells.into_iter().collect());
    }

    pub(in crate::cli) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Appends the lines of the table.
    pub(in crate::cli) fn write(&self, screen: Screen, out: &mut String) {
        let Some(widths) = self.widths(screen.columns) else {
            self.write_one_by_one(screen, out);
            return;
        };
        let headings: Vec<Cell> = self
            .headings
            .iter()
            .map(|(heading, _)| Cell::styled(Style::Faint, heading))
            .collect();
        for row in std::iter::once(&headings).chain(&self.rows) {
            self.write_row(row, &widths, screen, out);
        }
    }

    /// One row. A text that is longer than its column goes on below itself.
    fn write_row(&self, row: &[Cell], widths: &[usize], screen: Screen, out: &mut String) {
        let empty = Cell::default();
        let cells: Vec<(&Cell, Vec<String>)> = widths
            .iter()
            .enumerate()
            .map(|(index, width)| {
                let cell = row.get(index).unwrap_or(&empty);
                (cell, wrap(&cell.text, *width))
            })
            .collect();
        let lines = cells.iter().map(|(_, parts)| parts.len()).max().unwrap_or(0);
        for number in 0..lines {
            let mut line = " ".repeat(self.indent);
            for (index, ((cell, parts), (width, (_, align)))) in
                cells.iter().zip(widths.iter().zip(&self.headings)).enumerate()
            {
                let text = parts.get(number).map_or("", String::as_str);
                let padding = " ".repeat(width.saturating_sub(columns_of(text)));
                let painted = screen.paint(cell.style, text);
                if index > 0 {
                    line.push_str(GAP);
                }
                match align {
                    Align::Left => line.extend([painted, padding]),
                    Align::Right => line.extend([padding, painted]),
                }
            }
            out.push_str(line.trim_end());
            out.push('\n');
        }
    }

    /// The first cell of each row on a line, the others below it with their headings.
    fn write_one_by_one(&self, screen: Screen, out: &mut String) {
        for row in &self.rows {
            if let Some(first) = row.first() {
                screen.line(out, first.style, self.indent, &first.text);
            }
            let indent = self.indent + 2;
            let cells = row.iter().zip(&self.headings).skip(1);
            let mut line = String::new();
            for (cell, (heading, _)) in cells.filter(|(cell, _)| !cell.text.is_empty()) {
                let named = format!("{heading}: {}", cell.text);
                // A line that is too long is divided, and its rest indented by two more.
                let room = screen.columns.saturating_sub(indent + 2);
                if !line.is_empty() && columns_of(&line) + GAP.len() + columns_of(&named) > room {
                    screen.line(out, Style::Plain, indent, &std::mem::take(&mut line));
                }
                if !line.is_empty() {
                    line.push_str(GAP);
                }
                line.push_str(&named);
            }
            screen.line(out, Style::Plain, indent, &line);
        }
    }

    /// The width of each column; `None` if they do not fit. What is too much is taken from the widest
    /// one on the left.
    fn widths(&self, columns: usize) -> Option<Vec<usize>> {
        let mut widths: Vec<usize> = (0..self.headings.len())
            .map(|index| {
                let cells = self.rows.iter().filter_map(|row| row.get(index));
                let longest = cells.map(|cell| columns_of(&cell.text)).max().unwrap_or(0);
                longest.max(columns_of(self.headings[index].0))
            })
            .collect();
        let gaps = GAP.len() * widths.len().saturating_sub(1);
        let mut excess = (self.indent + gaps + widths.iter().sum::<usize>()).saturating_sub(columns);
        while excess > 0 {
            let left = (0..widths.len()).filter(|index| self.headings[*index].1 == Align::Left);
            let widest = left
                .max_by_key(|index| widths[*index])
                .filter(|index| widths[*index] > MIN_WRAPPED)?;
            widths[widest] -= 1;
            excess -= 1;
        }
        Some(widths)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(columns: usize, rows: &[[&str; 3]]) -> String {
        let mut table = Table::new(2, &["name", "n>", "what"]);
        for row in rows {
            table.add(row.iter().map(Cell::from));
        }
        let screen = Screen {
            columns,
            lines: None,
            colours: false,
        };
        let mut out = String::new();
        table.write(screen, &mut out);
        out
    }

    #[test]
    fn columns_line_up_whatever_the_script() {
        let out = text(80, &[["Zürich", "7", "ok"], ["東京", "12345", "\u{1b}[2J"]]);
        assert_eq!(
            out,
            "  name        n  what\n  Zürich      7  ok\n  東京    12345  \\u{1b}[2J\n"
        );
    }

    #[test]
    fn a_long_text_goes_on_below_itself() {
        let long = "a long explanation of what has happened here";
        assert_eq!(
            text(40, &[[long, "1000000", "東京 tower"], ["b", "2", ""]]),
            "  name                     n  what\n  \
             a long             1000000  東京 tower\n  \
             explanation of\n  \
             what has happened\n  \
             here\n  \
             b                        2\n"
        );
    }

    #[test]
    fn nothing_is_lost_and_no_line_is_longer_than_the_screen() {
        let (name, long) = (
            "heimdalld-7c9f8d6b5-x2x4z",
            "correct iq_data_format or the recorder, then: SELECT heimdall.retry_failed('invalid_format');",
        );
        let bare = |text: &str| text.split_whitespace().collect::<String>();
        for columns in 20..=200 {
            let out = text(columns, &[[name, "1000000", long]]);
            assert!(out.lines().all(|line| columns_of(line) <= columns), "{out}");
            let all = bare(&out);
            if all.contains(&bare(long)) {
                continue;
            }
            // Beside other columns, each word is whole.
            for word in long.split(' ').filter(|word| columns_of(word) < MIN_WRAPPED) {
                assert!(all.contains(word), "{word} is not in {out}");
            }
            let letters = |text: &str| {
                let mut letters: Vec<char> = text.chars().filter(|letter| !letter.is_whitespace()).collect();
                letters.sort_unstable();
                letters
            };
            let expected = format!("name n what {name} 1000000 {long}");
            assert_eq!(letters(&out), letters(&expected), "{out}");
        }
    }

    #[test]
    fn a_table_of_numbers_on_a_narrow_screen_loses_nothing() {
        let mut table = Table::new(2, &["", "with features>", "failed>", "extraction>"]);
        table.add(["last hour", "1,234,567", "89", "12 min 5 s"].map(Cell::from));
        let screen = Screen {
            columns: 40,
            lines: None,
            colours: false,
        };
        let mut out = String::new();
        table.write(screen, &mut out);
        assert_eq!(
            out,
            "  last hour\n    with features: 1,234,567\n    failed: 89  extraction: 12 min 5 s\n"
        );
    }
}
