//! The labels of the metrics.
//!
//! Each label is an enumeration, so that no text from outside becomes a label: the number of
//! series is bounded, and no value needs escaping.

use prometheus_client::encoding::{EncodeLabel as _, EncodeLabelSet, EncodeLabelValue};
use prometheus_client::encoding::{LabelSetEncoder, LabelValueEncoder};

/// Defines the values of one label. The type is also a label set that has only this label.
macro_rules! label {
    ($(#[$doc:meta])* $label:literal: $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$variant_doc])* $variant,)* }

        impl $name {
            /// All values.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The value as SQL, logs and metrics write it.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// The value that is written as `word`; `None` for any other text.
            #[must_use]
            pub fn named(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.word() == word)
            }
        }

        impl EncodeLabelValue for $name {
            fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> std::fmt::Result {
                EncodeLabelValue::encode(&self.word(), encoder)
            }
        }

        impl EncodeLabelSet for $name {
            fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> std::fmt::Result {
                ($label, *self).encode(encoder.encode_label())
            }
        }
    };
}

label! {
    /// What queued a measurement: `feature_queue.source`.
    "source": Source {
        /// A session was completed, or an object arrived late.
        Live = "live",
        /// `retry_failed()`.
        Retry = "retry",
        /// The sweep.
        Sweep = "sweep",
        /// A backfill.
        Backfill = "backfill",
    }
}

label! {
    /// `feature_queue.state`.
    "state": State {
        /// May be claimed.
        Ready = "ready",
        /// In flight in a daemon.
        Claimed = "claimed",
        /// A retry that is not due yet.
        Waiting = "waiting",
    }
}

label! {
    /// How the work on a claimed recording ended.
    "outcome": RecordingOutcome {
        /// Features were written.
        Extracted = "extracted",
        /// An error row was written.
        Failed = "failed",
        /// A retry is scheduled. Nothing was written.
        Postponed = "postponed",
        /// Released to the queue without counting the attempt, because the recording is not the
        /// cause.
        GivenBack = "given_back",
        /// The measurement no longer exists.
        Forgotten = "forgotten",
        /// A recheck has not found the object either. The first try has counted it as failed.
        Missing = "missing",
        /// The object has not changed; its features stay.
        Unchanged = "unchanged",
    }
}

label! {
    /// A step of the work on one recording.
    "step": Step {
        /// Waiting for the store.
        Fetch = "fetch",
        /// Work on the extractor's threads.
        Extract = "extract",
        /// The transaction that writes the result, possibly together with other results.
        Write = "write",
        /// From the claim until the row is written.
        Total = "total",
    }
}

label! {
    /// Why the worker looked for work.
    "source": Wakeup {
        /// A notification from the database.
        Notify = "notify",
        /// The poll interval ended.
        Poll = "poll",
        /// The listener connected, or lost its connection.
        Reconnect = "reconnect",
        /// A recording ended, and the queue may hold more rows.
        Refill = "refill",
        /// Retries became due, expired rows were taken over, or a pause or an outage ended.
        Upkeep = "upkeep",
    }
}

label! {
    /// Work on the database that must succeed now and then while there is some.
    "work": Work {
        /// Claims of rows of the queue.
        Claim = "claim",
        /// Expansions of notes.
        Expand = "expand",
        /// Sweeps.
        Sweep = "sweep",
        /// Transactions that write results.
        Write = "write",
    }
}

label! {
    /// One of the two servers.
    "server": Server {
        /// Postgres.
        Database = "database",
        /// The object store.
        Store = "store",
    }
}

label! {
    /// What a connection to Postgres is used for.
    "connection": Connection {
        /// Statements.
        Pool = "pool",
        /// LISTEN.
        Listener = "listener",
    }
}

label! {
    /// What became of a row whose lease expired.
    "outcome": Takeover {
        /// Queued again.
        Released = "released",
        /// Five daemons have crashed on it, so it became an error row.
        Crashed = "crashed",
    }
}

/// The labels `outcome` and `error_kind`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct OutcomeLabels {
    /// How the work ended.
    pub outcome: RecordingOutcome,
    /// A value of [`crate::job::error::ExtractionError::kind`]; empty if nothing failed.
    pub error_kind: &'static str,
}
