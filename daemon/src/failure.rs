//! What can go wrong with one recording, and the class that decides what happens then.

use std::borrow::Cow;

/// Who is to blame, and so what happens next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
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
pub enum Failure {
    /// The store has no such object.
    #[error("IQ file not found: {key}")]
    NotFound {
        /// Object key as asked for.
        key: String,
    },
    /// The location names a bucket that is not configured, or no object at all.
    #[error("IQ location not allowed: {what}")]
    LocationRefused {
        /// What is wrong with it, and what is allowed.
        what: String,
    },
    /// The object is larger than the limit.
    #[error("IQ file too large: {size_bytes} bytes, the limit is {limit_bytes} bytes (HEIMDALL_MAX_OBJECT_BYTES)")]
    TooLarge {
        /// Size as the store says, or bytes read so far where it said less.
        size_bytes: u64,
        /// The limit.
        limit_bytes: u64,
    },
    /// The bytes are no recording that can be extracted.
    #[error(transparent)]
    Recording(#[from] heimdall_dsp::Error),
    /// The store cannot be used at all.
    #[error("object store: {what}")]
    StoreOutage {
        /// What the store, or the way to it, said.
        what: String,
    },
    /// The store works, but this object could not be read.
    #[error("IQ file could not be read: {what}")]
    ObjectUnreadable {
        /// What the store, or the way to it, said.
        what: String,
    },
    /// The extractor panicked.
    #[error("internal error: {what}")]
    Panic {
        /// The panic's message.
        what: String,
    },
    /// The row could not be written, though the database works.
    #[error("internal error: the row was refused: {what}")]
    RowRefused {
        /// What the database said.
        what: String,
    },
}

impl Failure {
    /// The class, which decides what happens.
    #[must_use]
    pub fn class(&self) -> Class {
        match self {
            Self::NotFound { .. } | Self::LocationRefused { .. } | Self::TooLarge { .. } | Self::Recording(_) => {
                Class::Recording
            }
            Self::StoreOutage { .. } => Class::Outage,
            Self::ObjectUnreadable { .. } => Class::Retry,
            Self::Panic { .. } | Self::RowRefused { .. } => Class::Bug,
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
            Self::ObjectUnreadable { .. } => "unreadable",
            Self::Panic { .. } | Self::RowRefused { .. } => "internal",
        }
    }

    /// The text for the column `error_message`: without NUL, which Postgres
    /// cannot store, and cut at `MAX_MESSAGE_BYTES`.
    #[must_use]
    pub fn message(&self) -> String {
        let text = self.to_string();
        let text = if text.contains('\0') {
            Cow::Owned(text.replace('\0', "\u{fffd}"))
        } else {
            Cow::Borrowed(&*text)
        };
        if text.len() <= MAX_MESSAGE_BYTES {
            return text.into_owned();
        }
        let mut end = MAX_MESSAGE_BYTES;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        format!("{} ... ({} bytes in all)", &text[..end], text.len())
    }
}

/// Longer messages say nothing more to a reader and make rows, logs and pages slow.
const MAX_MESSAGE_BYTES: usize = 2_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_object_is_named_as_the_contract_says() {
        let failure = Failure::NotFound {
            key: "2026/11/22/x.bin".to_owned(),
        };
        assert_eq!(failure.message(), "IQ file not found: 2026/11/22/x.bin");
        assert_eq!((failure.class(), failure.kind()), (Class::Recording, "not_found"));
    }

    #[test]
    fn a_message_of_a_megabyte_with_nul_is_cut_at_a_character() {
        let failure = Failure::ObjectUnreadable {
            what: "\0ä".repeat(500_000),
        };
        let message = failure.message();
        assert!(message.len() < MAX_MESSAGE_BYTES + 64, "{} bytes", message.len());
        assert!(!message.contains('\0'));
        assert!(message.ends_with("bytes in all)"));
    }
}
