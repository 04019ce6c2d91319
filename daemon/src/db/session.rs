//! Is there a transaction pooler on the way? Then no connection is a session:
//! what was prepared or set is gone with the transaction, and LISTEN hears nothing.
//!
//! Every connection begins with a setting of its own name. A pooler refuses such
//! settings, or drops them; the server behind it does not know it then.

use std::pin::Pin;
use std::sync::atomic::Ordering;

use deadpool_postgres::Connect;
use tokio::task::JoinHandle;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config, Error, NoTls, SimpleQueryMessage};
use tracing::{debug, info};

use super::{Database, IDLE_IN_TRANSACTION_TIMEOUT, STATEMENT_TIMEOUT};
use crate::sql;

/// The setting, as `options` of a connection.
pub(super) const MARK: &str = "-c heimdall.session=own";

/// What the pool's sessions begin with, beside [`MARK`]. Every statement of ours is a few index look-ups. A plan made while a
/// queue was empty must not stay a sequential scan when it is long, nor one be compiled because the planner has no statistics
/// for time windows.
fn settings() -> String {
    format!(
        "-c enable_seqscan=off -c jit=off -c statement_timeout={} -c idle_in_transaction_session_timeout={} {MARK}",
        STATEMENT_TIMEOUT.as_millis(),
        IDLE_IN_TRANSACTION_TIMEOUT.as_millis()
    )
}

/// Opens the pool's connections: as sessions where that is possible, else without.
pub(super) struct Opener {
    pub(super) database: Database,
}

type Opened = Result<(Client, JoinHandle<()>), Error>;

impl Connect for Opener {
    fn connect(&self, _: &Config) -> Pin<Box<dyn Future<Output = Opened> + Send + '_>> {
        Box::pin(async move {
            if self.database.is_pooled() {
                return self.open("").await;
            }
            match self.open(&settings()).await {
                Ok((client, driving)) => {
                    if !is_own(&client).await? {
                        self.note("it drops the settings that a connection begins with");
                    }
                    Ok((client, driving))
                }
                Err(error) if is_refused_setting(&error) => {
                    self.note("it refuses the settings that a connection begins with");
                    self.open("").await
                }
                Err(error) => Err(error),
            }
        })
    }
}

impl Opener {
    fn note(&self, how: &str) {
        // Once true it stays so: what does without sessions also works with them.
        if !self.database.pooled.swap(true, Ordering::SeqCst) {
            info!(
                how,
                "a transaction pooler is in between: statements are not prepared, each transaction sets what it needs"
            );
        }
    }

    async fn open(&self, settings: &str) -> Opened {
        let mut way = self.database.way();
        way.named("heimdalld", settings);
        // An error is the business of the statement that meets it.
        if let Some(tls) = way.tls {
            let (client, connection) = way.config.connect(tls).await?;
            Ok((client, tokio::spawn(async { log_end(connection.await) })))
        } else {
            let (client, connection) = way.config.connect(NoTls).await?;
            Ok((client, tokio::spawn(async { log_end(connection.await) })))
        }
    }
}

fn log_end(ended: Result<(), Error>) {
    if let Err(error) = ended {
        debug!(%error, "connection of the pool ended");
    }
}

/// Whether the connection has the setting that it began with.
pub(super) async fn is_own(client: &Client) -> Result<bool, Error> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transaction_through_a_pooler_sets_what_a_session_begins_with() {
        for setting in [
            "enable_seqscan = off".to_owned(),
            "jit = off".to_owned(),
            format!("statement_timeout = {}", STATEMENT_TIMEOUT.as_millis()),
            format!(
                "idle_in_transaction_session_timeout = {}",
                IDLE_IN_TRANSACTION_TIMEOUT.as_millis()
            ),
        ] {
            assert!(
                sql::SESSION_SETTINGS.contains(&format!("SET LOCAL {setting};")),
                "{setting}"
            );
        }
    }
}
