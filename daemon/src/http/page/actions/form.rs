//! The fields of the forms, as a person or a link fills them.

use serde::Deserialize;
use uuid::Uuid;

use super::{Action, Range};
use crate::sanitize::sanitize;

/// A longer reason for a pause is cut.
const LONGEST_REASON: usize = 200;
/// A backfill of the page has a limit; one without is started in SQL.
const MOST_SESSIONS: i32 = 100_000;

/// The fields of the forms of all actions. Those that an action does not have are not sent.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::http::page) struct ActionForm {
    pub(in crate::http::page) action: String,
    pub(in crate::http::page) id: String,
    pub(in crate::http::page) kind: String,
    pub(in crate::http::page) reason: String,
    pub(in crate::http::page) since: String,
    pub(in crate::http::page) until: String,
    pub(in crate::http::page) sessions: String,
    pub(in crate::http::page) include_failed: String,
    /// To how many measurements it applied when the person saw the plan.
    pub(in crate::http::page) seen: String,
    /// What shows that this page made the form.
    pub(in crate::http::page) form: String,
}

/// Reads the fields of a form.
///
/// # Errors
/// What is wrong, for a person.
pub(in crate::http::page) fn parse(form: &ActionForm) -> Result<Action, String> {
    let id = || Uuid::parse_str(form.id.trim()).map_err(|_| "This is no id.".to_owned());
    Ok(match form.action.as_str() {
        "retry_measurement" => Action::RetryMeasurement(id()?),
        "cancel_measurement" => Action::CancelMeasurement(id()?),
        "extract_measurement_again" => Action::ExtractMeasurementAgain(id()?),
        "extract_session_again" => Action::ExtractSessionAgain(id()?),
        "prioritise" => Action::Prioritise(id()?),
        "retry_failed" => Action::RetryFailed(given(&form.kind)),
        "pause_extraction" => Action::Pause(reason(&form.reason)?),
        "resume_extraction" => Action::Resume,
        "request_backfill" => Action::Backfill(range(form)?),
        "cancel_backfill" => Action::CancelBackfill(id()?),
        _ => return Err("There is no such action.".to_owned()),
    })
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
pub(in crate::http::page) fn time(text: &str) -> Result<Option<String>, String> {
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
            assert_eq!(parse(&form), Ok(action));
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
