//! Output for a person: colours, columns, words.

use std::io::{self, Write as _};

pub(super) mod bar;
pub(super) mod screen;
pub(super) mod table;
mod width;
pub(super) mod words;

/// Writes a text to standard output.
///
/// # Errors
/// When nobody reads it any more.
pub(super) fn show(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}
