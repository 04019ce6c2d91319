//! Is there a transaction pooler on the way? Then no connection is a session:
//! what was prepared or set is gone with the transaction, and LISTEN hears nothing.
//!
//! Every connection begins with a setting of its own name. A pooler refuses such
//! settings, or drops them; the server behind it does not know it then.

use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Error, SimpleQueryMessage};

use crate::sql;

/// The setting, as `options` of a connection.
pub(super) const SESSION_MARKER: &str = "-c heimdall.session=own";

/// Whether the connection has the setting that it began with.
pub(super) async fn is_dedicated_session(client: &Client) -> Result<bool, Error> {
    let messages = client.simple_query(sql::SHOW_SESSION).await?;
    Ok(messages.iter().any(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0) == Some("own"),
        _ => false,
    }))
}

/// `PgBouncer` does not let `options` through, unless told to drop them.
pub(super) fn is_refused_setting(error: &Error) -> bool {
    error.as_db_error().is_some_and(|refusal| {
        *refusal.code() == SqlState::PROTOCOL_VIOLATION && refusal.message().contains("startup parameter")
    })
}
