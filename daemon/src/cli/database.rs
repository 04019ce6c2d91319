//! How the commands reach the database, and what they say when it does not do what they ask.

use std::time::Duration;

use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Row};
#[cfg(feature = "export")]
use tokio_postgres::{IsolationLevel, Statement, Transaction};
use tokio_util::task::AbortOnDropHandle;

use super::outcome::{CommandError, EXIT_NO_PERMISSION, EXIT_UNAVAILABLE, EXIT_USAGE};
use crate::config::credentials::DatabaseUrl;
use crate::doctor::likely_cause;
use crate::postgres::error::DbError;
use crate::postgres::statement::Parameters;
use crate::postgres::{Database, drive};
use crate::queue::Queue;
use crate::sanitize::sanitize;
use crate::status::StatusReader;
use crate::status::error::{StatusError, code};

/// A person waits for the answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);

/// Reads reports.
pub(super) fn reader(url: &DatabaseUrl) -> Result<StatusReader, CommandError> {
    let queue = Database::new(url).and_then(|database| Queue::new(&database));
    let queue = queue.map_err(|error| failure(url, READER, &error))?;
    Ok(StatusReader::new(queue.with_timeout(ANSWER_TIMEOUT)))
}

/// The role that may read, for [`failure`].
pub(super) const READER: &str = "heimdall_reader";
/// The role that may act.
pub(super) const ADMIN: &str = "heimdall_admin";

/// What the last line of a command says, and its exit status. `role` has the rights that it needs.
pub(super) fn failure(url: &DatabaseUrl, role: &str, error: &DbError) -> CommandError {
    let code = code(error);
    if code == Some(&SqlState::INSUFFICIENT_PRIVILEGE) {
        let user = user(url);
        return CommandError {
            message: sanitize(&format!(
                "{user} may not do this ({error}): type  GRANT {role} TO \"{user}\";  or name a login that may in HEIMDALL_ADMIN_DATABASE_URL"
            )),
            status: EXIT_NO_PERMISSION,
        };
    }
    if code.is_some_and(is_wrong_argument) {
        return CommandError {
            message: sanitize(&error.to_string()),
            status: EXIT_USAGE,
        };
    }
    if matches!(error, DbError::Schema(_)) || (error.is_refusal() && !code.is_some_and(lacks_schema)) {
        return CommandError {
            message: sanitize(&error.to_string()),
            status: 1,
        };
    }
    let (what, hint) = likely_cause(url, error);
    CommandError {
        message: sanitize(&format!("{what}: {error}; type: {hint}")),
        status: EXIT_UNAVAILABLE,
    }
}

/// The same for a report.
pub(super) fn report_failure(url: &DatabaseUrl, error: &StatusError) -> CommandError {
    match error {
        StatusError::Database(error) => failure(url, READER, error),
        other => CommandError {
            message: sanitize(&other.to_string()),
            status: 1,
        },
    }
}

fn user(url: &DatabaseUrl) -> String {
    crate::config::connection_url::Address::parse(url)
        .ok()
        .and_then(|address| address.config.get_user().map(str::to_owned))
        .unwrap_or_else(|| "this login".to_owned())
}

/// Invalid text, time or argument.
fn is_wrong_argument(code: &SqlState) -> bool {
    let code = code.code();
    code.starts_with("22")
}

fn lacks_schema(code: &SqlState) -> bool {
    [
        SqlState::UNDEFINED_TABLE,
        SqlState::UNDEFINED_FUNCTION,
        SqlState::UNDEFINED_COLUMN,
        SqlState::INVALID_SCHEMA_NAME,
    ]
    .contains(code)
}

/// A connection of its own for what an administrator does: without the pool's limits of time.
pub(super) struct Session {
    client: Client,
    _driving: AbortOnDropHandle<()>,
}

impl Session {
    /// Connects. Not through a transaction pooler.
    pub(super) async fn open(url: &DatabaseUrl, name: &str) -> Result<Self, DbError> {
        let (client, mut driver) = Database::new(url)?.connect(name).await?;
        let driving = tokio::spawn(async move {
            // A failure reaches the statement that waits.
            drive(&mut driver, |_| {}).await;
        });
        Ok(Self {
            client,
            _driving: AbortOnDropHandle::new(driving),
        })
    }

    /// Runs a statement of `sql/queries`.
    pub(super) async fn rows(&self, statement: &str, parameters: Parameters<'_>) -> Result<Vec<Row>, DbError> {
        Ok(self.client.query(statement, parameters).await?)
    }

    /// Prepares a statement of `sql/queries`.
    #[cfg(feature = "export")]
    pub(super) async fn prepare(&self, statement: &str) -> Result<Statement, DbError> {
        Ok(self.client.prepare(statement).await?)
    }

    /// Begins a transaction that only reads, and sees the database as it is now.
    #[cfg(feature = "export")]
    pub(super) async fn snapshot(&mut self) -> Result<Transaction<'_>, DbError> {
        let transaction = self.client.build_transaction().read_only(true);
        Ok(transaction
            .isolation_level(IsolationLevel::RepeatableRead)
            .start()
            .await?)
    }

    /// Asks the server to cancel the statement that runs.
    pub(super) fn cancel(&self, url: &DatabaseUrl) {
        if let Ok(database) = Database::new(url) {
            database.cancel(self.client.cancel_token());
        }
    }
}
