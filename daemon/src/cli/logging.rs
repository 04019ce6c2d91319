//! Starts the log, and escapes newlines and control characters in every log line.
//!
//! Many fields contain text from outside, such as the name of a station or the answer of a server.
//! Such text must not start a line, move the cursor or change the direction of writing. The escapes
//! are those of JSON, so that a JSON line stays JSON.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Write};

use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use uuid::Uuid;

use super::log_thread;
use super::terminal::screen::has_colours;
use crate::config::arguments::Arguments;
use crate::config::log_filter::log_filter;
use crate::config::settings::{DEFAULT_LOG, LogFormat};
use crate::metrics::metrics;
use crate::sanitize::is_unsafe_char;

/// Starts the log on standard error. The demo prints log lines itself.
pub(super) fn start_log(arguments: &Arguments) {
    // `run` has refused wrong log settings before; `migrate` uses the default instead.
    let filter = arguments
        .log_filter()
        .unwrap_or_else(|_| log_filter(DEFAULT_LOG).unwrap_or_default());
    log_thread::start();
    let builder = tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_writer(LineWriter::default)
        // Otherwise it would print its own failures, which panics where standard error is closed.
        .log_internal_errors(false)
        .with_target(false);
    let started = match arguments.log_format().unwrap_or_default() {
        LogFormat::Pretty => builder
            .with_ansi(has_colours(io::IsTerminal::is_terminal(&io::stderr())))
            .finish()
            .with(filter)
            .try_init(),
        LogFormat::Json => builder.json().flatten_event(true).finish().with(filter).try_init(),
    };
    // Fails if the process has a log already, as in tests.
    drop(started);
    // A panic becomes a log line too.
    std::panic::set_hook(Box::new(|panic| {
        let text = panic.payload_as_str().unwrap_or("without a message");
        let thread = std::thread::current();
        tracing::error!(
            thread = thread.name().unwrap_or_default(),
            place = panic.location().map(tracing::field::display),
            "panic: {text}"
        );
        // The process may end next.
        log_thread::flush();
    }));
}

/// Passes lines to the thread of the log. The log passes a whole line to each call of `write`.
#[derive(Clone, Copy, Debug, Default)]
struct LineWriter;

impl Write for LineWriter {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        let line_with_worker = add_worker(&escape_controls(&text), metrics().worker());
        log_thread::write(line_with_worker);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Adds the id of the daemon as the last field.
fn add_worker(line: &str, worker: Option<Uuid>) -> String {
    let Some(worker) = worker else {
        return line.to_owned();
    };
    let (body, end) = line.strip_suffix('\n').map_or((line, ""), |body| (body, "\n"));
    match body.strip_suffix('}').filter(|_| body.starts_with('{')) {
        Some(fields) => format!("{fields},\"worker\":\"{worker}\"}}{end}"),
        None => format!("{body} worker={worker}{end}"),
    }
}

/// Escapes the unsafe characters of a line, except its end. ESC stays: the formatter has already
/// escaped every ESC from outside, and adds only its own colours.
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

fn is_escaped(character: char) -> bool {
    character != '\u{1b}' && is_unsafe_char(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_text_and_colours_are_unchanged() {
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
    fn each_line_of_a_registered_daemon_has_its_id() {
        let id = Uuid::from_u128(7);
        assert_eq!(add_worker("INFO sweep found=0\n", None), "INFO sweep found=0\n");
        assert_eq!(
            add_worker("INFO sweep found=0\n", Some(id)),
            format!("INFO sweep found=0 worker={id}\n")
        );
        let line = add_worker("{\"message\":\"sweep\"}\n", Some(id));
        let parsed: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(
            (parsed["message"].as_str(), parsed["worker"].as_str()),
            (Some("sweep"), Some(&*id.to_string()))
        );
    }

    #[test]
    fn unsafe_characters_are_escaped() {
        assert_eq!(
            escape_controls("name=a\nERROR forged\r\u{7}\u{9b}2J\u{202e}gpj.exe\u{2028}\n"),
            "name=a\\u000aERROR forged\\u000d\\u0007\\u009b2J\\u202egpj.exe\\u2028\n"
        );
    }
}
