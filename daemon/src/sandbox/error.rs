//! What can go wrong in the demo: a sentence for the terminal, nobody matches on it.

use std::fmt;

use crate::sanitize::with_causes;

/// A sentence that says what failed and, where there is one, what to type.
#[derive(Debug)]
pub struct SandboxError(String);

/// Result of the demo's parts.
pub type Result<T> = std::result::Result<T, SandboxError>;

impl SandboxError {
    /// Makes an error of a sentence.
    pub fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }
}

impl fmt::Display for SandboxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SandboxError {}

/// Puts what was being done in front of what went wrong, with the whole chain of causes.
pub trait Context<T> {
    /// Makes a [`SandboxError`] that reads `{doing}: {cause}: {cause of the cause}`.
    ///
    /// # Errors
    /// The same that `self` holds, as a sentence.
    fn context(self, doing: impl fmt::Display) -> Result<T>;
}

impl<T, E: std::error::Error> Context<T> for std::result::Result<T, E> {
    fn context(self, doing: impl fmt::Display) -> Result<T> {
        self.map_err(|error| SandboxError(format!("{doing}: {}", with_causes(&error))))
    }
}
