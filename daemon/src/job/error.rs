//! What can go wrong with a recording, and the class of each error, which decides what happens
//! next.

use std::fmt;
use std::time::Duration;

use crate::sanitize::sanitize;

/// What caused an error, and therefore what happens next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorClass {
    /// The recording itself: an error row immediately.
    Recording,
    /// A server is unavailable: no error row, no attempt is counted, work stops until the server is
    /// back.
    Outage,
    /// This object, perhaps only now: retry with back-off, an error row after the last attempt.
    Retry,
    /// A bug of ours: an error row of kind `internal`, for this recording only.
    Bug,
}

/// Why a recording has no features.
#[derive(Debug, thiserror::Error)]
pub enum ExtractionError {
    /// The object does not exist.
    NotFound {
        /// Object key.
        key: String,
    },
    /// The location names a bucket that is not configured, or no valid key.
    LocationRefused {
        /// What is wrong, and what is allowed.
        reason: String,
    },
    /// The application's row has a value that no recording has.
    BadValue {
        /// Columns and values.
        reason: String,
    },
    /// The object is larger than the limit.
    TooLarge {
        /// Size from the store's answer, or the bytes read so far if that was smaller or missing.
        size_bytes: u64,
        /// The limit.
        limit_bytes: u64,
    },
    /// The recording has more segments than a row can have.
    TooLong {
        /// The limit.
        max_segments: usize,
    },
    /// The bytes are not a recording that can be extracted.
    Recording(#[from] heimdall_dsp::Error),
    /// The store is unavailable, or suspected to be.
    StoreOutage {
        /// Claim the row again only after this delay, so that other rows come first. `None`:
        /// immediately.
        delay: Option<Duration>,
    },
    /// The store works, but this object could not be read.
    ObjectUnreadable {
        /// Error of the store or of the connection.
        reason: String,
    },
    /// The object was replaced during every attempt to read it.
    ObjectReplaced,
    /// The extractor panicked.
    Panic {
        /// The panic's message.
        reason: String,
    },
    /// The features of a long recording could not be spooled to a temporary file.
    NoRoom {
        /// Error of the operating system.
        reason: String,
    },
    /// The database works, but refused the row.
    RowRefused {
        /// Error of the database.
        reason: String,
    },
}

impl fmt::Display for ExtractionError {
    /// The text for a log line and for the column `error_message`. It contains text from outside,
    /// so it is sanitized.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::NotFound { key } => format!("IQ file not found: {key}"),
            Self::LocationRefused { reason } => format!("IQ location not allowed: {reason}"),
            Self::BadValue { reason } => format!("value in heimdall.measurements cannot be used: {reason}"),
            Self::TooLarge {
                size_bytes,
                limit_bytes,
            } => format!(
                "IQ file too large: {size_bytes} bytes, the limit is {limit_bytes} bytes (HEIMDALL_MAX_OBJECT_BYTES)"
            ),
            Self::TooLong { max_segments } => {
                format!(
                    "IQ recording too long: more than {max_segments} segments of a second, which is the most that one row has"
                )
            }
            Self::Recording(error @ heimdall_dsp::Error::Expansion { .. }) => {
                format!("{error} (HEIMDALL_MAX_OBJECT_BYTES)")
            }
            Self::Recording(error) => error.to_string(),
            Self::StoreOutage { .. } => "the object store is unavailable".to_owned(),
            Self::ObjectUnreadable { reason } => format!("IQ file could not be read: {reason}"),
            Self::ObjectReplaced => "IQ file could not be read: it was replaced during every attempt".to_owned(),
            Self::Panic { reason } => format!("internal error: {reason}"),
            Self::NoRoom { reason } => format!("internal error: temporary file: {reason}"),
            Self::RowRefused { reason } => format!("internal error: the row was refused: {reason}"),
        };
        f.write_str(&sanitize(&text))
    }
}

/// Every [`ExtractionError::kind`] that a daemon writes.
pub const KINDS: &[&str] = &[
    "not_found",
    "location_refused",
    "bad_value",
    "too_large",
    "too_short",
    "invalid_format",
    "unreadable",
    "internal",
];

impl ExtractionError {
    /// The class, which decides what happens next.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::NotFound { .. }
            | Self::LocationRefused { .. }
            | Self::BadValue { .. }
            | Self::TooLarge { .. }
            | Self::TooLong { .. }
            | Self::Recording(_) => ErrorClass::Recording,
            Self::StoreOutage { .. } => ErrorClass::Outage,
            Self::ObjectUnreadable { .. } | Self::ObjectReplaced | Self::NoRoom { .. } | Self::RowRefused { .. } => {
                ErrorClass::Retry
            }
            Self::Panic { .. } => ErrorClass::Bug,
        }
    }

    /// The word for the column `error_kind`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "not_found",
            Self::LocationRefused { .. } => "location_refused",
            Self::BadValue { .. } => "bad_value",
            Self::TooLarge { .. } | Self::TooLong { .. } => "too_large",
            Self::Recording(error) => error.kind(),
            Self::StoreOutage { .. } => "store_outage",
            Self::ObjectUnreadable { .. } | Self::ObjectReplaced => "unreadable",
            Self::Panic { .. } | Self::NoRoom { .. } | Self::RowRefused { .. } => "internal",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sanitize::MAX_TEXT_BYTES;

    #[test]
    fn a_missing_object_gives_the_text_class_and_kind_that_are_documented() {
        let error = ExtractionError::NotFound {
            key: "2026/11/22/x.bin".to_owned(),
        };
        assert_eq!(error.to_string(), "IQ file not found: 2026/11/22/x.bin");
        assert_eq!((error.class(), error.kind()), (ErrorClass::Recording, "not_found"));
    }

    #[test]
    fn text_from_a_hostile_store_becomes_one_short_printable_line() {
        let error = ExtractionError::ObjectUnreadable {
            reason: "\0ä\u{1b}[2J\n".repeat(100_000),
        };
        let message = error.to_string();
        assert!(message.len() < MAX_TEXT_BYTES + 64, "{} bytes", message.len());
        assert!(!message.contains(|c: char| c.is_control()), "{message}");
        assert!(message.ends_with("bytes in all)"), "{message}");
    }
}
