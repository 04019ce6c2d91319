//! Errors about the header, with the value that is wrong.

use std::borrow::Cow;

use crate::error::Error;

/// Longest value that an error repeats.
const MAX_SHOWN_CHARS: usize = 100;

/// The value, shortened for an error text.
pub(super) fn shown(value: &str) -> Cow<'_, str> {
    match value.char_indices().nth(MAX_SHOWN_CHARS) {
        Some((end, _)) => format!("{}...", &value[..end]).into(),
        None => value.into(),
    }
}

pub(super) fn bad(problem: impl Into<String>) -> Error {
    Error::Header {
        container: "npy",
        problem: problem.into(),
    }
}
