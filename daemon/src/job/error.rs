//! What can go wrong with one recording, and the class that decides what happens then.

use std::fmt;
use std::time::Duration;

use crate::sanitize::sanitize;

/// Who is to blame, and so what happens next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorClass {
    /// The recording itself: an error row, at once.
    Recording,
    /// A server is away: nobody is blamed, no attempt is spent, work stops until it is back.
    Outage,
    /// This object, perhaps only now: again later with back-off, an error row after the last attempt.
    Retry,
    /// Ours: an error row of kind `internal` for this recording only.
    Bug,
}

/// Why a recording has no features.
#[derive(Debug, thiserror::Error)]
pub enum ExtractionError {
    /// The store has no such object.
    NotFound {
        /// Object key as asked for.
        key: String,
    },
    /// The location names a bucket that is not configured, or no object at all.
    LocationRefused {
        /// What is wrong with it, and what is allowed.
        what: String,
    },
    /// The object is larger than the limit.
    TooLarge {
        /// Size as the store says, or bytes read so far where it said less.
        size_bytes: u64,
        /// The limit.
        limit_bytes: u64,
    },
    /// The bytes are no recording that can be extracted.
    Recording(#[from] heimdall_dsp::Error),
    /// The store cannot be used, or is in doubt.
    StoreOutage {
        /// Not to be claimed again before this long, so that others are tried first.
        delay: Option<Duration>,
    },
    /// The store works, but this object could not be read.
    ObjectUnreadable {
        /// What the store, or the way to it, said.
        what: String,
    },
    /// It was replaced while it was read, again and again.
    ObjectReplaced,
    /// The extractor panicked.
    Panic {
        /// The panic's message.
        what: String,
    },
    /// What was measured of a long recording cannot be kept until its end.
    NoRoom {
        /// What the system said.
        what: String,
    },
    /// The row could not be written, though the database works.
    RowRefused {
        /// What the database said.
        what: String,
    },
}

impl fmt::Display for ExtractionError {
    /// What a log line or a row may say: bytes from outside are in it, so it is made printable.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::NotFound { key } => format!("IQ file not found: {key}"),
            Self::LocationRefused { what } => format!("IQ location not allowed: {what}"),
            Self::TooLarge {
                size_bytes,
                limit_bytes,
            } => format!(
                "IQ file too large: {size_bytes} bytes, the limit is {limit_bytes} bytes (HEIMDALL_MAX_OBJECT_BYTES)"
            ),
            Self::Recording(error) => error.to_string(),
            Self::StoreOutage { .. } => "the object store is away".to_owned(),
            Self::ObjectUnreadable { what } => format!("IQ file could not be read: {what}"),
            Self::ObjectReplaced => "IQ file could not be read: it is replaced whenever it is read".to_owned(),
            Self::Panic { what } => format!("internal error: {what}"),
            Self::NoRoom { what } => format!("internal error: temporary file: {what}"),
            Self::RowRefused { what } => format!("internal error: the row was refused: {what}"),
        };
        f.write_str(&sanitize(&text))
    }
}

/// Every [`ExtractionError::kind`] that a daemon can write.
pub const KINDS: &[&str] = &[
    "not_found",
    "location_refused",
    "too_large",
    "too_short",
    "invalid_format",
    "unreadable",
    "internal",
];

impl ExtractionError {
    /// The class, which decides what happens.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::NotFound { .. } | Self::LocationRefused { .. } | Self::TooLarge { .. } | Self::Recording(_) => {
                ErrorClass::Recording
            }
            Self::StoreOutage { .. } => ErrorClass::Outage,
            Self::ObjectUnreadable { .. } | Self::ObjectReplaced | Self::NoRoom { .. } | Self::RowRefused { .. } => {
                ErrorClass::Retry
            }
            Self::Panic { .. } => ErrorClass::Bug,
        }
    }

    /// Stable word for the column `error_kind`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "not_found",
            Self::LocationRefused { .. } => "location_refused",
            Self::TooLarge { .. } => "too_large",
            Self::Recording(error) => error.kind(),
            Self::StoreOutage { .. } => "store_outage",
            Self::ObjectUnreadable { .. } | Self::ObjectReplaced => "unreadable",
            Self::Panic { .. } | Self::NoRoom { .. } | Self::RowRefused { .. } => "internal",
        }
    }

    /// The text for the column `error_message`.
    #[must_use]
    pub fn message(&self) -> String {
        self.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sanitize::MAX_TEXT_BYTES;

    #[test]
    fn a_missing_object_is_named_as_the_contract_says() {
        let failure = ExtractionError::NotFound {
            key: "2026/11/22/x.bin".to_owned(),
        };
        assert_eq!(failure.message(), "IQ file not found: 2026/11/22/x.bin");
        assert_eq!((failure.class(), failure.kind()), (ErrorClass::Recording, "not_found"));
    }

    #[test]
    fn what_a_hostile_store_says_stays_one_short_printable_line() {
        let failure = ExtractionError::ObjectUnreadable {
            what: "\0ä\u{1b}[2J\n".repeat(100_000),
        };
        let message = failure.message();
        assert!(message.len() < MAX_TEXT_BYTES + 64, "{} bytes", message.len());
        assert!(!message.contains(|c: char| c.is_control()), "{message}");
        assert!(message.ends_with("bytes in all)"), "{message}");
        assert_eq!(failure.to_string(), message);
    }
}
