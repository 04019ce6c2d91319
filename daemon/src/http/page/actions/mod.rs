//! What a person can do on the page. Each action is one function of `sql/functions/administration`.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::sql;

pub(super) mod form;
pub(super) mod perform;
pub(super) mod plan;

/// The limits of a backfill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Range {
    /// Start of the sessions, as text that the database reads. `None`: no limit.
    pub(super) since: Option<String>,
    pub(super) until: Option<String>,
    pub(super) sessions: i32,
    pub(super) include_failed: bool,
}

/// An action with its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Action {
    RetryMeasurement(Uuid),
    CancelMeasurement(Uuid),
    ExtractMeasurementAgain(Uuid),
    ExtractSessionAgain(Uuid),
    Prioritise(Uuid),
    RetryFailed(Option<String>),
    Pause(String),
    Resume,
    Backfill(Range),
    CancelBackfill(Uuid),
}

impl Action {
    /// The value of the field `action`.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::RetryMeasurement(_) => "retry_measurement",
            Self::CancelMeasurement(_) => "cancel_measurement",
            Self::ExtractMeasurementAgain(_) => "extract_measurement_again",
            Self::ExtractSessionAgain(_) => "extract_session_again",
            Self::Prioritise(_) => "prioritise",
            Self::RetryFailed(_) => "retry_failed",
            Self::Pause(_) => "pause_extraction",
            Self::Resume => "resume_extraction",
            Self::Backfill(_) => "request_backfill",
            Self::CancelBackfill(_) => "cancel_backfill",
        }
    }

    /// What the button says.
    pub(super) fn title(&self) -> &'static str {
        match self {
            Self::RetryMeasurement(_) => "Retry the measurement",
            Self::CancelMeasurement(_) => "Cancel the measurement",
            Self::ExtractMeasurementAgain(_) => "Extract the measurement again",
            Self::ExtractSessionAgain(_) => "Extract the session again",
            Self::Prioritise(_) => "Put the session first",
            Self::RetryFailed(_) => "Retry what failed",
            Self::Pause(_) => "Pause the extraction",
            Self::Resume => "Resume the extraction",
            Self::Backfill(_) => "Start a backfill",
            Self::CancelBackfill(_) => "Cancel the backfill",
        }
    }

    /// What it does.
    pub(super) fn meaning(&self) -> &'static str {
        match self {
            Self::RetryMeasurement(_) => "Queues it again with all its tries, or makes it ready now if it waits.",
            Self::CancelMeasurement(_) => {
                "Removes it from the queue. Its features or its error stay. The sweep does not queue it again."
            }
            Self::ExtractMeasurementAgain(_) => {
                "Queues it, although it has features. They stand until the new ones replace them, and stay if the new \
                 extraction fails."
            }
            Self::ExtractSessionAgain(_) => {
                "Queues all its measurements that have features. They stand until the new ones replace them, and stay \
                 if the new extraction fails."
            }
            Self::Prioritise(_) => "Its queued measurements come before all sweeps, retries and backfills.",
            Self::RetryFailed(_) => {
                "Queues them again with all their tries, after live sessions and before backfills. Those that are \
                 queued already are left alone."
            }
            Self::Pause(_) => {
                "No daemon claims a recording until somebody resumes. What is in flight is finished. Nothing is lost: \
                 sessions that complete wait in the queue."
            }
            Self::Resume => "All daemons claim again.",
            Self::Backfill(_) => {
                "Queues measurements without features of completed sessions, the newest sessions first, after all \
                 other work."
            }
            Self::CancelBackfill(_) => {
                "Removes from the queue what it has queued and no daemon has claimed. The sweep does not queue it again."
            }
        }
    }

    /// The function of the database, its name in the record.
    pub(super) fn function(&self) -> &'static str {
        match self {
            Self::ExtractMeasurementAgain(_) | Self::ExtractSessionAgain(_) => "extract_again",
            other => other.word(),
        }
    }

    /// The arguments as they are recorded, and as fields of a form.
    pub(super) fn arguments(&self) -> Value {
        match self {
            Self::RetryMeasurement(id) | Self::CancelMeasurement(id) | Self::CancelBackfill(id) => json!({"id": id}),
            Self::ExtractMeasurementAgain(id) => json!({"measurement": id}),
            Self::ExtractSessionAgain(id) | Self::Prioritise(id) => json!({"session": id}),
            Self::RetryFailed(kind) => json!({"error_kind": kind}),
            Self::Pause(reason) => json!({"reason": reason}),
            Self::Resume => json!({}),
            Self::Backfill(range) => json!({
                "since": range.since, "until": range.until, "sessions": range.sessions,
                "include_failed": range.include_failed,
            }),
        }
    }

    /// Its fields, for the form that confirms it.
    pub(super) fn fields(&self) -> Vec<(&'static str, String)> {
        let mut fields = vec![("action", self.word().to_owned())];
        match self {
            Self::RetryMeasurement(id)
            | Self::CancelMeasurement(id)
            | Self::ExtractMeasurementAgain(id)
            | Self::ExtractSessionAgain(id)
            | Self::Prioritise(id)
            | Self::CancelBackfill(id) => fields.push(("id", id.to_string())),
            Self::RetryFailed(kind) => fields.push(("kind", kind.clone().unwrap_or_default())),
            Self::Pause(reason) => fields.push(("reason", reason.clone())),
            Self::Resume => {}
            Self::Backfill(range) => fields.extend([
                ("since", range.since.clone().unwrap_or_default()),
                ("until", range.until.clone().unwrap_or_default()),
                ("sessions", range.sessions.to_string()),
                (
                    "include_failed",
                    if range.include_failed { "on" } else { "" }.to_owned(),
                ),
            ]),
        }
        fields
    }

    /// The statement that does it.
    fn statement(&self) -> &'static str {
        match self {
            Self::RetryMeasurement(_) => sql::RETRY_MEASUREMENT,
            Self::CancelMeasurement(_) => sql::ACT_CANCEL_MEASUREMENT,
            Self::ExtractMeasurementAgain(_) | Self::ExtractSessionAgain(_) => sql::ACT_EXTRACT_AGAIN,
            Self::Prioritise(_) => sql::ACT_PRIORITISE,
            Self::RetryFailed(_) => sql::RETRY_FAILED,
            Self::Pause(_) => sql::ACT_PAUSE,
            Self::Resume => sql::ACT_RESUME,
            Self::Backfill(_) => sql::REQUEST_BACKFILL,
            Self::CancelBackfill(_) => sql::CANCEL_BACKFILL,
        }
    }
}
