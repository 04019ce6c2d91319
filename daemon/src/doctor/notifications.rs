//! LISTEN and NOTIFY, from end to end, on the ways that the daemon would go.

use std::future::poll_fn;
use std::time::Duration;

use tokio::time::timeout;
use tokio_postgres::AsyncMessage;
use uuid::Uuid;

use super::finding::Finding;
use crate::config::settings::Settings;
use crate::postgres::error::DbError;
use crate::postgres::{Database, Driver};
use crate::queue::Queue;
use crate::sql;

/// A notification takes a millisecond.
const LIMIT: Duration = Duration::from_secs(5);
const LISTEN: &str = "LISTEN heimdall_doctor";

/// One line.
pub(super) async fn examine(settings: &Settings) -> Vec<Finding> {
    let heard = timeout(LIMIT * 2, hear(settings)).await;
    vec![match heard.unwrap_or(Err(DbError::Timeout(LIMIT * 2))) {
        Ok(true) => Finding::ok("notifications", "LISTEN hears NOTIFY"),
        Ok(false) => Finding::wrong(
            "notifications",
            format_args!(
                "LISTEN does not hear NOTIFY within {LIMIT:?}: is there a pooler in between that gives sessions to others?"
            ),
            "HEIMDALL_LISTENER_DATABASE_URL=postgresql://…  the direct way past it, or 'off' for polling alone",
        ),
        Err(DbError::Pooler) => Finding::warning(
            "notifications",
            "a transaction pooler is in between: the daemon polls every second instead of listening",
            "HEIMDALL_LISTENER_DATABASE_URL=postgresql://…  the direct way past it, or 'off' to say that polling will do",
        ),
        Err(error) => Finding::wrong(
            "notifications",
            error,
            "heimdalld doctor  again once the database is reached",
        ),
    }]
}

async fn hear(settings: &Settings) -> Result<bool, DbError> {
    let pool = Queue::new(&Database::new(&settings.database_url)?)?;
    let Some(url) = settings.listener_url() else {
        return Ok(true);
    };
    let (client, mut driver) = Database::new(url)?.connect("heimdalld doctor").await?;
    let payload = Uuid::from_u128(fastrand::u128(..)).to_string();
    let speaking = async {
        client.batch_execute(LISTEN).await?;
        pool.rows(sql::NOTIFY_DOCTOR, &[&payload]).await?;
        std::future::pending().await
    };
    let hearing = timeout(LIMIT, listen_for(&mut driver, &payload));
    tokio::select! {
        failed = speaking => failed,
        heard = hearing => heard.unwrap_or(Ok(false)),
    }
}

async fn listen_for(driver: &mut Driver, payload: &str) -> Result<bool, DbError> {
    loop {
        match poll_fn(|context| driver.poll_message(context)).await {
            Some(Ok(AsyncMessage::Notification(heard))) if heard.payload() == payload => return Ok(true),
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(error.into()),
            None => return Err(DbError::Closed),
        }
    }
}
