//! What a person can do on the page. Each action is one function of `sql/functions/administration`.

use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::sanitize::sanitize;
use crate::sql;

pub(super) mod perform;
pub(super) mod plan;

/// A longer reason for a pause is cut.
const LONGEST_REASON: usize = 200;
/// A backfill of the page has a limit; one without is started in SQL.
const MOST_SESSIONS: i32 = 100_000;

/// The fields of the forms of all actions. Those that an action does not have are not sent.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ActionForm {
    pub(super) action: String,
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) reason: String,
    pub(super) since: String,
    pub(super) until: String,
    pub(super) sessions: String,
    pub(super) include_failed: String,
    /// What shows that this page made the form.
    pub(super) form: String,
}

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
    /// Reads the fields of a form.
    ///
    /// # Errors
    /// What is wrong, for a person.
    pub(super) fn parse(form: &ActionForm) -> Result<Self, String> {
        let id = || Uuid::parse_str(form.id.trim()).map_err(|_| "This is no id.".to_owned());
        Ok(match form.action.as_str() {
            "retry_measurement" => Self::RetryMeasurement(id()?),
            "cancel_measurement" => Self::CancelMeasurement(id()?),
            "extract_measurement_again" => Self::ExtractMeasurementAgain(id()?),
            "extract_session_again" => Self::ExtractSessionAgain(id()?),
            "prioritise" => Self::Prioritise(id()?),
            "retry_failed" => Self::RetryFailed(given(&form.kind)),
            "pause_extraction" => Self::Pause(reason(&form.reason)?),
            "resume_extraction" => Self::Resume,
            "request_backfill" => Self::Backfill(range(form)?),
            "cancel_backfill" => Self::CancelBackfill(id()?),
            _ => return Err("There is no such action.".to_owned()),
        })
    }

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
                ("include_failed", if range.include_failed { "on" } else { "" }.to_owned()),
            ]),
        }
        fields
    }

    /// The statement that does it.
    fn statement(&self) -> &'static str {
        match self {
            Self::RetryMeasurement(_) => sql::ACT_RETRY_MEASUREMENT,
            Self::CancelMeasurement(_) => sql::ACT_CANCEL_MEASUREMENT,
            Self::ExtractMeasurementAgain(_) | Self::ExtractSessionAgain(_) => sql::ACT_EXTRACT_AGAIN,
            Self::Prioritise(_) => sql::ACT_PRIORITISE,
            Self::RetryFailed(_) => sql::ACT_RETRY_FAILED,
            Self::Pause(_) => sql::ACT_PAUSE,
            Self::Resume => sql::ACT_RESUME,
            Self::Backfill(_) => sql::ACT_BACKFILL,
            Self::CancelBackfill(_) => sql::ACT_CANCEL_BACKFILL,
        }
    }
}

fn given(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn reason(text: &str) -> Result<String, String> {
    let reason: String = sanitize(text.trim()).chars().take(LONGEST_REASON).collect();
    if reason.is_empty() {
        return Err("A pause needs a reason, for those who find it later.".to_owned());
    }
    Ok(reason)
}

fn range(form: &ActionForm) -> Result<Range, String> {
    let sessions = form.sessions.trim().parse().ok();
    let Some(sessions) = sessions.filter(|sessions| (1..=MOST_SESSIONS).contains(sessions)) else {
        return Err(format!("Sessions: a number from 1 to {MOST_SESSIONS}."));
    };
    Ok(Range {
        since: time(&form.since)?,
        until: time(&form.until)?,
        sessions,
        include_failed: !form.include_failed.is_empty(),
    })
}

/// A time as a browser's field or a person writes it, in UTC, as text that the database reads.
///
/// # Errors
/// When it is no time such as `2026-11-28 10:00`.
pub(super) fn time(text: &str) -> Result<Option<String>, String> {
    let Some(text) = given(text) else { return Ok(None) };
    let is_allowed = |c: char| c.is_ascii_digit() || matches!(c, '-' | ':' | 'T' | ' ' | '.' | 'Z' | '+');
    let begins_with_a_day = humantime::parse_rfc3339_weak(&format!("{} 00:00:00", text.get(..10).unwrap_or_default()));
    if begins_with_a_day.is_err() || text.len() > 35 || !text.chars().all(is_allowed) {
        return Err(format!("'{}' is no time such as 2026-11-28 10:00.", sanitize(&text)));
    }
    let has_zone = text[10..].contains(['Z', '+', '-']);
    Ok(Some(if has_zone { text } else { format!("{text}Z") }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_of_an_action_make_the_same_action() {
        let id = Uuid::from_u128(7);
        for action in [
            Action::RetryMeasurement(id),
            Action::CancelMeasurement(id),
            Action::ExtractMeasurementAgain(id),
            Action::ExtractSessionAgain(id),
            Action::Prioritise(id),
            Action::RetryFailed(None),
            Action::RetryFailed(Some("not_found".to_owned())),
            Action::Pause("the store moves".to_owned()),
            Action::Resume,
            Action::Backfill(Range {
                since: Some("2026-11-28T10:00Z".to_owned()),
                until: None,
                sessions: 50,
                include_failed: true,
            }),
            Action::CancelBackfill(id),
        ] {
            let mut form = ActionForm::default();
            for (name, value) in action.fields() {
                match name {
                    "action" => form.action = value,
                    "id" => form.id = value,
                    "kind" => form.kind = value,
                    "reason" => form.reason = value,
                    "since" => form.since = value,
                    "until" => form.until = value,
                    "sessions" => form.sessions = value,
                    "include_failed" => form.include_failed = value,
                    other => panic!("{other}"),
                }
            }
            assert_eq!(Action::parse(&form), Ok(action));
        }
    }

    #[test]
    fn a_time_is_in_utc_unless_it_says_otherwise() {
        for (text, expected) in [
            ("", None),
            ("2026-11-28", Some("2026-11-28Z")),
            ("2026-11-28T10:00", Some("2026-11-28T10:00Z")),
            ("2026-11-28 10:00+02", Some("2026-11-28 10:00+02")),
        ] {
            assert_eq!(time(text), Ok(expected.map(str::to_owned)), "{text}");
        }
        for wrong in ["yesterday", "2026-13-01", "2026-11-28'; DROP", "infinity", "20261128"] {
            assert!(time(wrong).is_err(), "{wrong}");
        }
    }
}
