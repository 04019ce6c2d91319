//! Detects a transaction pooler between the daemon and the server.
//!
//! Through a transaction pooler no connection is a session: prepared statements and settings end
//! with the transaction, and a LISTEN receives nothing. To detect one, every connection starts with
//! a setting of our own. A pooler refuses such settings or drops them, so the server does not have
//! it.

use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Error, SimpleQueryMessage};

use crate::sql;

/// The setting, as `options` of a connection.
pub(super) const SESSION_MARKER: &str = "-c heimdall.session=own";

/// Whether the connection still has the setting that it started with.
pub(super) async fn is_dedicated_session(client: &Client) -> Result<bool, Error> {
    let messages = client.simple_query(sql::SHOW_SESSION).await?;
    Ok(messages
        .iter()
        .any(|message| matches!(message, SimpleQueryMessage::Row(row) if row.get(0) == Some("own"))))
}

/// Whether a pooler refused the setting. `PgBouncer` refuses `options` unless it is set to drop
/// them; RDS Proxy always does ("currently doesn't support command-line options").
pub(super) fn is_refused_setting(error: &Error) -> bool {
    error.as_db_error().is_some_and(|refusal| {
        let code = refusal.code();
        let says = |text| refusal.message().contains(text);
        *code == SqlState::PROTOCOL_VIOLATION && says("startup parameter")
            || *code == SqlState::FEATURE_NOT_SUPPORTED && says("command-line options")
    })
}
