//! Checks LISTEN and NOTIFY from end to end, over the same connections as the daemon uses.

use std::future::poll_fn;
use std::time::Duration;

use tokio::time::timeout;
use tokio_postgres::AsyncMessage;
use uuid::Uuid;

use super::finding::Finding;
use crate::config::settings::DoctorSettings;
use crate::postgres::error::DbError;
use crate::postgres::{Database, Driver};
use crate::queue::Queue;
use crate::sql;

/// A notification takes about a millisecond.
const LIMIT: Duration = Duration::from_secs(5);
const LISTEN: &str = "LISTEN heimdall_doctor";

/// Makes one finding.
pub(super) async fn examine(settings: &DoctorSettings) -> Vec<Finding> {
    let received = timeout(LIMIT * 2, notify_and_receive(settings)).await;
    vec![match received.unwrap_or(Err(DbError::Timeout(LIMIT * 2))) {
        Ok(true) => Finding::ok("notifications", "LISTEN receives NOTIFY"),
        Ok(false) => Finding::wrong(
            "notifications",
            format_args!(
                "LISTEN received no NOTIFY within {LIMIT:?}: a pooler in between may share the session with other clients"
            ),
            "HEIMDALL_LISTENER_DATABASE_URL=postgresql://…  the URL of the database itself, or 'off' to only poll",
        ),
        Err(DbError::Pooler) => Finding::warning(
            "notifications",
            "a transaction pooler is in between: the daemon polls every second instead of listening",
            "HEIMDALL_LISTENER_DATABASE_URL=postgresql://…  the URL of the database itself, or 'off' if polling is enough",
        ),
        Err(error) => Finding::wrong(
            "notifications",
            error,
            "heimdalld doctor  again when the database can be reached",
        ),
    }]
}

/// Sends a notification over the pool, and returns whether the listener's connection received it.
async fn notify_and_receive(settings: &DoctorSettings) -> Result<bool, DbError> {
    let pool = Queue::new(&Database::new(&settings.database_url)?)?;
    let Some(url) = settings.listener_url() else {
        return Ok(true);
    };
    let (client, mut driver) = Database::new(url)?.connect("heimdalld doctor").await?;
    let payload = Uuid::from_u128(fastrand::u128(..)).to_string();
    let notifying = async {
        client.batch_execute(LISTEN).await?;
        pool.rows(sql::NOTIFY_DOCTOR, &[&payload]).await?;
        std::future::pending().await
    };
    let receiving = timeout(LIMIT, receive(&mut driver, &payload));
    tokio::select! {
        failed = notifying => failed,
        received = receiving => received.unwrap_or(Ok(false)),
    }
}

async fn receive(driver: &mut Driver, payload: &str) -> Result<bool, DbError> {
    loop {
        match poll_fn(|context| driver.poll_message(context)).await {
            Some(Ok(AsyncMessage::Notification(received))) if received.payload() == payload => return Ok(true),
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(error.into()),
            None => return Err(DbError::Closed),
        }
    }
}
