//! The labels. Each is an enumeration of ours: no byte from outside ever
//! becomes a label, so their number is bounded and none needs escaping.

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};

/// An enumeration whose values are words.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$variant_doc])* $variant,)* }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The word, as it stands in SQL, logs and metrics.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }

        impl EncodeLabelValue for $name {
            fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), std::fmt::Error> {
                EncodeLabelValue::encode(&self.word(), encoder)
            }
        }
    };
}

words! {
    /// What queued a measurement: `feature_queue.source`.
    Source {
        /// A session completed, or an object arrived late.
        Live = "live",
        /// `retry_failed()`.
        Retry = "retry",
        /// The sweep.
        Sweep = "sweep",
        /// A backfill.
        Backfill = "backfill",
    }
}

words! {
    /// `feature_queue.state`.
    State {
        /// May be claimed.
        Ready = "ready",
        /// In a daemon's hands.
        Claimed = "claimed",
        /// A retry whose time has not come.
        Waiting = "waiting",
    }
}

words! {
    /// What became of a claimed recording.
    RecordingOutcome {
        /// Features stand.
        Extracted = "extracted",
        /// An error row stands.
        Failed = "failed",
        /// Again later, no row yet.
        Postponed = "postponed",
        /// Back in the queue, attempt not counted: nobody is to blame.
        GivenBack = "given_back",
        /// The measurement has gone.
        Forgotten = "forgotten",
    }
}

words! {
    /// A part of the work on one recording.
    Step {
        /// Waiting for the store.
        Fetch = "fetch",
        /// In the extractor's threads.
        Extract = "extract",
        /// The transaction that writes it, with the others in it.
        Write = "write",
        /// From the claim until its row is written.
        Total = "total",
    }
}

words! {
    /// Why the worker looked for work.
    Wakeup {
        /// The database notified.
        Notify = "notify",
        /// The poll interval was over.
        Poll = "poll",
        /// The listener has connected, or lost its connection.
        Reconnect = "reconnect",
        /// A place became free while there was more than could be taken.
        Refill = "refill",
        /// Postponed rows became ready, a dead daemon's were taken over, a pause or an outage ended.
        Upkeep = "upkeep",
    }
}

words! {
    /// One of the two servers.
    Server {
        /// Postgres.
        Database = "database",
        /// The object store.
        Store = "store",
    }
}

words! {
    /// What a connection to Postgres is for.
    Connection {
        /// Statements.
        Pool = "pool",
        /// LISTEN.
        Listener = "listener",
    }
}

words! {
    /// What became of a row that a dead daemon held.
    Takeover {
        /// Queued again.
        Released = "released",
        /// It has cost five daemons: an error row.
        Crashed = "crashed",
    }
}

impl Source {
    /// The source of that name; `feature_queue_source_check` allows no other.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|source| source.word() == word)
    }
}

impl State {
    /// The state of that name; `feature_queue_state_check` allows no other.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|state| state.word() == word)
    }
}

/// `source`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct SourceLabel {
    /// What queued it.
    pub source: Source,
}

/// `source` and `state`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct QueueLabels {
    /// What queued it.
    pub source: Source,
    /// Where it stands.
    pub state: State,
}

/// `outcome` and, where it is a failure, its `error_kind`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct OutcomeLabels {
    /// What became of it.
    pub outcome: RecordingOutcome,
    /// One of [`crate::job::error::ExtractionError::kind`]; empty where nothing failed.
    pub error_kind: &'static str,
}

/// `step`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct StepLabel {
    /// The part of the work.
    pub step: Step,
}

/// `source` of a wake-up.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct WakeupLabel {
    /// Why.
    pub source: Wakeup,
}

/// `server`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ServerLabel {
    /// Which.
    pub server: Server,
}

/// `connection`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ConnectionLabel {
    /// What for.
    pub connection: Connection,
}

/// `outcome` of a take-over.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct TakeoverLabel {
    /// What became of the row.
    pub outcome: Takeover,
}

/// What was built.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct BuildLabels {
    /// Version of heimdalld.
    pub version: &'static str,
    /// Version of the extractor, as in `extraction_metadata`.
    pub extractor_version: &'static str,
    /// Newest file under `sql/schema` that it knows.
    pub schema_version: i32,
}
