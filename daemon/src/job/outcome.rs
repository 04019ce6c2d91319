//! What becomes of a claimed row.

use std::time::Duration;

use super::features::FeatureRow;

/// What becomes of a claimed row.
#[derive(Debug)]
pub enum Outcome {
    /// Features stand; done.
    Completed(Box<FeatureRow>),
    /// An error row stands; `recheck` later, or done.
    Failed {
        /// Stable word.
        error_kind: &'static str,
        /// For people.
        error_message: String,
        /// How far it came.
        extraction_metadata: serde_json::Value,
        /// Look again after this long, the error row standing meanwhile.
        recheck: Option<Duration>,
    },
    /// No row yet; again after this long.
    Retry(Duration),
    /// Again after this long, attempt not counted: nobody is to blame, but others go first.
    Snooze(Duration),
    /// Ready again at once, attempt not counted: nobody is to blame.
    Release,
    /// The measurement has gone.
    Discard,
}
