//! Tables of fixed columns.

use super::screen::{Screen, Style};
use super::width::{longest_start, width as columns_of};
use crate::sanitize::sanitize;

/// Between two columns.
const GAP: &str = "  ";

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
            let mut line = " ".repeat(self.indent);
            for (index, (width, (_, align))) in widths.iter().zip(&self.headings).enumerate() {
                let empty = Cell::default();
                let cell = row.get(index).unwrap_or(&empty);
                let text = cut(&cell.text, *width);
                let padding = " ".repeat(width.saturating_sub(columns_of(&text)));
                let painted = screen.paint(cell.style, &text);
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
                .filter(|index| widths[*index] > 8)?;
            widths[widest] -= 1;
            excess -= 1;
        }
        Some(widths)
    }
}

/// The text, with an ellipsis where it is too long.
fn cut(text: &str, columns: usize) -> String {
    if columns_of(text) <= columns {
        return text.to_owned();
    }
    format!("{}…", &text[..longest_start(text, columns.saturating_sub(1))])
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
    fn no_line_is_longer_than_the_screen() {
        let long = "a long explanation of what has happened here";
        let out = text(40, &[[long, "1000000", long]]);
        assert!(out.lines().all(|line| columns_of(line) <= 40), "{out}");
        assert!(out.contains('…') && out.contains("1000000"), "{out}");
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
