//! The page's own connections: few, with short limits, so that no number of open pages takes a
//! connection from the queue.

use std::time::Duration;

use deadpool_postgres::Transaction;
use serde_json::Value;

use crate::config::credentials::DatabaseUrl;
use crate::postgres::Database;
use crate::postgres::error::DbError;
use crate::postgres::pool::PoolOptions;
use crate::postgres::statement::{Parameters, query_in};
use crate::queue::Queue;
use crate::sql;

const READING: PoolOptions = PoolOptions {
    application_name: "heimdalld page",
    size: 3,
    statement_timeout: Duration::from_secs(5),
    is_counted: false,
};
const ACTING: PoolOptions = PoolOptions {
    application_name: "heimdalld page action",
    size: 2,
    statement_timeout: Duration::from_secs(10),
    is_counted: false,
};
/// Longer than the server's own limit, and shorter than that of a connection to the page.
const READING_LIMIT: Duration = Duration::from_secs(7);
const ACTING_LIMIT: Duration = Duration::from_secs(12);

/// Connections with the daemon's login, which only read.
pub(super) fn reading(database: &Database) -> Result<Queue, DbError> {
    Queue::with_options(database, READING, READING_LIMIT)
}

/// Connections with an administrator's login.
pub(super) fn acting(url: &DatabaseUrl) -> Result<Queue, DbError> {
    Queue::with_options(&Database::new(url)?, ACTING, ACTING_LIMIT)
}

/// The column `report` of each row of a statement.
pub(super) async fn reports(queue: &Queue, statement: &str, parameters: Parameters<'_>) -> Result<Vec<Value>, DbError> {
    let rows = queue.rows(statement, parameters).await?;
    let reports = rows.iter().map(|row| row.try_get("report"));
    Ok(reports.collect::<Result<_, _>>()?)
}

/// What is recorded of an action besides its result.
#[derive(Clone, Copy)]
pub(super) struct Record<'a> {
    pub(super) operator: &'a str,
    pub(super) address: &'a str,
    pub(super) action: &'a str,
    pub(super) arguments: &'a Value,
}

/// Runs the statement of an action and records it, in one transaction. Returns the measurements that
/// it concerned and the id of the record.
pub(super) async fn act(
    queue: &Queue,
    statement: &str,
    parameters: Parameters<'_>,
    record: Record<'_>,
) -> Result<(Option<i64>, i64), DbError> {
    let pooled = queue.is_pooled();
    queue
        .with_connection(async |client| {
            let transaction = client.transaction().await?;
            if pooled {
                transaction.batch_execute(sql::SESSION_SETTINGS).await?;
            }
            let rows = query_in(&transaction, statement, parameters, pooled).await?;
            let measurements: Option<i64> = rows.first().ok_or(DbError::NoRow)?.try_get("measurements")?;
            let id = record_in(&transaction, record, measurements, None, pooled).await?;
            transaction.commit().await?;
            Ok((measurements, id))
        })
        .await
}

/// Records that an action was refused.
pub(super) async fn record_failure(queue: &Queue, record: Record<'_>, failure: &str) -> Result<(), DbError> {
    let pooled = queue.is_pooled();
    queue
        .with_connection(async |client| {
            let transaction = client.transaction().await?;
            record_in(&transaction, record, None, Some(failure), pooled).await?;
            Ok(transaction.commit().await?)
        })
        .await
}

async fn record_in(
    transaction: &Transaction<'_>,
    record: Record<'_>,
    measurements: Option<i64>,
    failure: Option<&str>,
    pooled: bool,
) -> Result<i64, DbError> {
    let Record {
        operator,
        address,
        action,
        arguments,
    } = record;
    let parameters: Parameters<'_> = &[&operator, &address, &action, arguments, &measurements, &failure];
    let rows = query_in(transaction, sql::RECORD_ACTION, parameters, pooled).await?;
    Ok(rows.first().ok_or(DbError::NoRow)?.try_get("id")?)
}
