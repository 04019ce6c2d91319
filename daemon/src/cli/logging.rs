//! Log lines stay lines, whatever a station is called and whatever a server says.
//!
//! Text from outside ends up in many fields. Here, where every line comes by,
//! what would begin another line, move the cursor or turn the writing around is
//! written as its code; as JSON has it, so that a JSON line stays JSON.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Write};

use crate::config::arguments::Arguments;
use crate::config::settings::{DEFAULT_LOG, LogFormat};
use crate::sanitize::is_unsafe_char;

/// The log on standard error. The demo has its own, since there it is part of the story.
pub(super) fn start_log(arguments: &Arguments) {
    // Wrong log settings have been refused by now where they matter.
    let filter = arguments
        .log_filter()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(DEFAULT_LOG));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(OneLine::default)
        .with_target(false);
    let started = match arguments.log_format().unwrap_or_default() {
        LogFormat::Pretty => builder.with_ansi(io::IsTerminal::is_terminal(&io::stderr())).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    // A second call in one process, as in tests, keeps the first.
    drop(started);
    // One line, of the format that all others have.
    std::panic::set_hook(Box::new(|panic| {
        let text = panic.payload_as_str().unwrap_or("without a message");
        let thread = std::thread::current();
        tracing::error!(
            thread = thread.name().unwrap_or_default(),
            place = panic.location().map(tracing::field::display),
            "panic: {text}"
        );
    }));
}

/// Standard error for whole lines, each written at once.
#[derive(Clone, Copy, Debug, Default)]
struct OneLine;

impl Write for OneLine {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        io::stderr().lock().write_all(escape_controls(&text).as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// The line with codes in place of what is not to be carried out. ESC is left: the formatter has replaced those from
/// outside, what is left are its own colours.
fn escape_controls(line: &str) -> Cow<'_, str> {
    let (body, end) = line.strip_suffix('\n').map_or((line, ""), |body| (body, "\n"));
    if !body.chars().any(is_escaped) {
        return Cow::Borrowed(line);
    }
    let mut text = String::with_capacity(line.len() + 16);
    for character in body.chars() {
        if is_escaped(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                // Writing to a string does not fail.
                let _ = write!(text, "\\u{unit:04x}");
            }
        } else {
            text.push(character);
        }
    }
    text.push_str(end);
    Cow::Owned(text)
}

/// Whether it does something to the line instead of standing in it.
fn is_escaped(character: char) -> bool {
    character != '\u{1b}' && is_unsafe_char(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_a_line_is_left_alone() {
        for line in [
            "INFO sweep found=0\n",
            "Zürich 東京 \u{1f4e1}\n",
            "\u{1b}[32m INFO\u{1b}[0m ready\n",
            "",
        ] {
            assert_eq!(escape_controls(line), line);
        }
    }

    #[test]
    fn what_would_act_becomes_its_code() {
        assert_eq!(
            escape_controls("name=a\nERROR forged\r\u{7}\u{9b}2J\u{202e}gpj.exe\u{2028}\n"),
            "name=a\\u000aERROR forged\\u000d\\u0007\\u009b2J\\u202egpj.exe\\u2028\n"
        );
    }
}
