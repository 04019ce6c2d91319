//! Text from outside: what stores, databases, recorders and panics say.
//!
//! Any of it may reach a log line, a row or a terminal, so it is made harmless
//! here, in one place, before it does.

use std::fmt::Write as _;

/// Longer messages say nothing more to a reader and make rows, logs and pages slow.
pub const MAX_TEXT_BYTES: usize = 2_000;

/// The text on one line, with nothing in it that a terminal, a log or Postgres
/// would take for more than text, and cut at [`MAX_TEXT_BYTES`]. Idempotent.
#[must_use]
pub fn sanitize(text: &str) -> String {
    let mut clean = String::with_capacity(text.len().min(MAX_TEXT_BYTES + 64));
    for character in text.chars() {
        if clean.len() + character.len_utf8() > MAX_TEXT_BYTES {
            // Writing to a String cannot fail.
            let _ = write!(clean, " ... ({} bytes in all)", text.len());
            break;
        }
        match character {
            '\n' | '\r' | '\t' => clean.push(' '),
            c if is_unsafe_char(c) => {
                let _ = write!(clean, "{}", c.escape_unicode());
            }
            c => clean.push(c),
        }
    }
    clean
}

/// Characters that are not seen themselves but change how others are: controls
/// (ESC begins a terminal's commands, NUL is what Postgres cannot store), line
/// ends that only some programs know, and what turns the direction of writing.
#[must_use]
pub fn is_unsafe_char(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// The text of an error with the texts of its causes, separated by colons.
#[must_use]
pub fn with_causes(error: &dyn std::error::Error) -> String {
    std::iter::successors(error.source(), |cause| cause.source())
        .fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_stays_on_one_line_and_commands_no_terminal() {
        let hostile = "a\nb\r\nc\td \u{1b}[31mred\u{7}\u{9b}2J \0 \u{202e}gnp.exe\u{2028}\u{feff}";
        let clean = sanitize(hostile);
        assert_eq!(
            clean,
            "a b  c d \\u{1b}[31mred\\u{7}\\u{9b}2J \\u{0} \\u{202e}gnp.exe\\u{2028}\\u{feff}"
        );
        assert_eq!(sanitize(&clean), clean);
        assert_eq!(sanitize("Zürich 漢字 100 % 'x'"), "Zürich 漢字 100 % 'x'");
    }

    #[test]
    fn a_megabyte_is_cut_at_a_character() {
        let clean = sanitize(&"ä\0".repeat(300_000));
        assert!(clean.len() < MAX_TEXT_BYTES + 64, "{} bytes", clean.len());
        assert!(clean.ends_with(" ... (900000 bytes in all)"), "{clean}");
        assert!(!clean.contains('\0'));
        assert!(sanitize(&clean).len() < MAX_TEXT_BYTES + 128);
    }
}
