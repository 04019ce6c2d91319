//! Sanitises untrusted text before it reaches a log line, a row or a terminal.
//!
//! Such text comes from object stores, databases, receivers and panics.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Limit of a sanitised text. Longer messages do not help a reader, and they slow down rows, logs
/// and pages.
pub const MAX_TEXT_BYTES: usize = 2_000;

/// Returns the text on one line, with unsafe characters escaped, cut at [`MAX_TEXT_BYTES`].
/// Idempotent.
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

/// Whether a character is invisible but changes how other text is shown or stored.
///
/// These are the control characters (ESC starts terminal commands, Postgres cannot store NUL), line
/// ends that only some programs treat as such, and marks that change the direction of writing.
#[must_use]
pub fn is_unsafe_char(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Escapes the unsafe characters of a JSON text, which stays the same JSON. The text must be without
/// line ends.
#[must_use]
pub fn escape_json(json: &str) -> Cow<'_, str> {
    if !json.chars().any(is_unsafe_char) {
        return Cow::Borrowed(json);
    }
    let mut text = String::with_capacity(json.len() + 16);
    for character in json.chars() {
        if is_unsafe_char(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                // Writing to a String cannot fail.
                let _ = write!(text, "\\u{unit:04x}");
            }
        } else {
            text.push(character);
        }
    }
    Cow::Owned(text)
}

/// Returns the text of an error and of its causes, separated by colons.
#[must_use]
pub fn with_causes(error: &dyn std::error::Error) -> String {
    std::iter::successors(error.source(), |cause| cause.source())
        .fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_stays_on_one_line_and_cannot_control_a_terminal() {
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
    fn json_stays_the_same_json() {
        let value = serde_json::json!({"name": "Zürich \u{9b}2J\u{1b}[2J\u{202e}\u{e0041}"});
        let text = value.to_string();
        let escaped = escape_json(&text);
        assert!(
            !escaped.chars().any(is_unsafe_char) && escaped.contains("Zürich"),
            "{escaped}"
        );
        assert_eq!(serde_json::from_str::<serde_json::Value>(&escaped).unwrap(), value);
    }

    #[test]
    fn a_long_text_is_cut_between_two_characters() {
        let clean = sanitize(&"ä\0".repeat(300_000));
        assert!(clean.len() < MAX_TEXT_BYTES + 64, "{} bytes", clean.len());
        assert!(clean.ends_with(" ... (900000 bytes in all)"), "{clean}");
        assert!(!clean.contains('\0'));
        assert!(sanitize(&clean).len() < MAX_TEXT_BYTES + 128);
    }
}
