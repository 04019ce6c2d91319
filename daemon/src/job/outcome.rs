//! What happens to a claimed row.

use std::time::Duration;

use super::features::FeatureRow;

/// What happens to a claimed row.
#[derive(Debug)]
pub enum Outcome {
    /// The features are stored; the row leaves the queue.
    Completed(Box<FeatureRow>),
    /// The object is the one that the features were made of. They stay; the row leaves the queue.
    Unchanged,
    /// An error row is stored; the row leaves the queue, or waits for a `recheck`.
    Failed {
        /// For the column `error_kind`.
        error_kind: &'static str,
        /// For the column `error_message`.
        error_message: String,
        /// What was known about the recording when it failed.
        extraction_metadata: serde_json::Value,
        /// Try again after this delay; the error row stays until then.
        recheck: Option<Duration>,
    },
    /// Nothing is stored; try again after this delay. The attempt counts.
    Retry(Duration),
    /// Nothing is stored; try again after this delay, other rows first. The attempt does not count.
    Snooze(Duration),
    /// Nothing is stored; the row is ready again immediately. The attempt does not count.
    Release,
    /// Neither features nor an error row can be stored, for this reason. The row waits until somebody
    /// acts.
    Park(String),
    /// The measurement no longer exists; the row leaves the queue.
    Discard,
}
