//! Does what was planned, logs it and records it.

use tracing::{info, warn};
use uuid::Uuid;

use super::Action;
use crate::http::page::access::Visitor;
use crate::http::page::database::{Record, act, record_failure};
use crate::postgres::error::DbError;
use crate::postgres::statement::Parameters;
use crate::queue::Queue;
use crate::sanitize::sanitize;

/// Does the action. Returns the id of its record.
///
/// # Errors
/// Why the database refused, for a person. That is recorded too, if it can be.
pub(in crate::http::page) async fn perform(action: &Action, admin: &Queue, visitor: &Visitor) -> Result<i64, String> {
    let arguments = action.arguments();
    let address = visitor.address.to_string();
    let record = Record {
        operator: &visitor.operator,
        address: &address,
        action: action.function(),
        arguments: &arguments,
    };
    match run(action, admin, record).await {
        Ok((measurements, id)) => {
            info!(
                action = record.action,
                %arguments,
                operator = record.operator,
                address,
                measurements,
                "action on the page"
            );
            Ok(id)
        }
        Err(error) => {
            let mut reason = sanitize(&error.to_string());
            if error.is_slow() {
                reason.push_str(". It is more than the page can do in its 10 s: type it in psql");
            }
            warn!(
                action = record.action,
                %arguments,
                operator = record.operator,
                address,
                error = reason,
                "action on the page refused"
            );
            if let Err(error) = record_failure(admin, record, &reason).await {
                warn!(%error, "the refused action is not recorded");
            }
            Err(reason)
        }
    }
}

async fn run(action: &Action, admin: &Queue, record: Record<'_>) -> Result<(Option<i64>, i64), DbError> {
    let statement = action.statement();
    let run = async |parameters: Parameters<'_>| act(admin, statement, parameters, record).await;
    let (some, none) = (|id: &Uuid| Some(*id), None::<Uuid>);
    let no_text = None::<String>;
    match action {
        Action::RetryMeasurement(id)
        | Action::CancelMeasurement(id)
        | Action::Prioritise(id)
        | Action::CancelBackfill(id) => run(&[id]).await,
        Action::ExtractMeasurementAgain(id) => run(&[&none, &some(id)]).await,
        Action::ExtractSessionAgain(id) => run(&[&some(id), &none]).await,
        Action::RetryFailed(kind) => run(&[kind, &no_text, &no_text]).await,
        Action::Pause(reason) => run(&[reason]).await,
        Action::Resume => run(&[]).await,
        Action::Backfill(range) => {
            let sessions = Some(range.sessions);
            let parameters: Parameters<'_> = &[&sessions, &range.include_failed, &range.since, &range.until, &no_text];
            run(parameters).await
        }
    }
}
