//! Columns that texts take, and texts divided to fit.

use unicode_width::UnicodeWidthStr as _;

/// Columns that a text takes.
pub(super) fn width(text: &str) -> usize {
    text.width()
}

/// The length in bytes of the longest start of the text that takes at most so many columns.
pub(super) fn longest_start(text: &str, columns: usize) -> usize {
    // Some characters change the width of the one before, so the whole start is measured.
    let too_long =
        |(index, character): &(usize, char)| *index > 0 && width(&text[..index + character.len_utf8()]) > columns;
    text.char_indices()
        .find(too_long)
        .map_or(text.len(), |(index, _)| index)
}

/// Divides a text between words; a word that is longer than the width alone is divided too.
pub(super) fn wrap(text: &str, limit: usize) -> Vec<String> {
    let limit = limit.max(10);
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split(' ') {
        let mut word = word.to_owned();
        let length = width(&word);
        if used > 0 && used + 1 + length > limit {
            lines.push(String::new());
            used = 0;
        }
        while width(&word) > limit {
            let cut = longest_start(&word, limit);
            lines.push(word[cut..].to_owned());
            let rest = word.split_off(cut);
            let last = lines.len() - 2;
            lines[last].push_str(&word);
            lines[last + 1].clear();
            word = rest;
        }
        if let Some(line) = lines.last_mut() {
            if used > 0 {
                line.push(' ');
                used += 1;
            }
            line.push_str(&word);
            used += width(&word);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_takes_no_more_columns_than_it_may() {
        for text in [
            "❤\u{fe0f}❤\u{fe0f}❤\u{fe0f}❤\u{fe0f}",
            "東京タワー",
            "e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}",
            "👍🏽👍🏽👍🏽",
        ] {
            for columns in 2..8 {
                let start = &text[..longest_start(text, columns)];
                assert!(
                    width(start) <= columns && !start.is_empty(),
                    "{start} of {text} in {columns}"
                );
            }
        }
    }

    #[test]
    fn long_words_are_cut() {
        assert_eq!(
            wrap("abcdefghijklmnopqrstuvwxyz", 10),
            ["abcdefghij", "klmnopqrst", "uvwxyz"]
        );
        assert_eq!(wrap("", 10), [""]);
        assert_eq!(wrap("ab abcdefghijklm", 10), ["ab", "abcdefghij", "klm"]);
    }
}
