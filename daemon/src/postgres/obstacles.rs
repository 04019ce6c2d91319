//! What stands in the way of an installation, or of the extraction in this database, and what to
//! type.

use tokio_postgres::{Client, SimpleQueryMessage, SimpleQueryRow};

use crate::postgres::error::DbError;
use crate::sql::{EXAMINE_RIGHTS, steps};

/// How much an obstacle matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The migration fails.
    Blocks,
    /// The migration succeeds, and something does not work after it.
    Wrong,
    /// It works, but an administrator should know.
    Warning,
    /// Information only.
    Note,
}

/// One finding of `queries/examine_rights.sql` or of the function `find_obstacles()`.
#[derive(Clone, Debug)]
pub struct Obstacle {
    /// How much it matters.
    pub severity: Severity,
    /// What it is about, such as `rights`.
    pub subject: String,
    /// What is the case.
    pub finding: String,
    /// What to type, if anything.
    pub hint: Option<String>,
}

/// The files whose functions `find_obstacles()` needs. They change nothing outside themselves.
const FUNCTIONS: [&str; 4] = [
    "functions/application/",
    "functions/results/",
    "functions/indexes/",
    "functions/find_obstacles.sql",
];

/// Whether one of them lets the migration fail.
#[must_use]
pub fn block(obstacles: &[Obstacle]) -> bool {
    obstacles.iter().any(|obstacle| obstacle.severity == Severity::Blocks)
}

/// What the login may not do that a migration needs.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn of_rights(client: &Client) -> Result<Vec<Obstacle>, DbError> {
    query(client, EXAMINE_RIGHTS).await
}

/// What stands in the way in the database itself, before its migration. It runs inside the
/// migration's transaction, or in one that is rolled back: it creates the functions that it needs.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn before(client: &Client) -> Result<Vec<Obstacle>, DbError> {
    if !has_schema(client).await? {
        return Ok(Vec::new());
    }
    // The bodies name tables and functions that do not exist yet.
    client.batch_execute("SET LOCAL check_function_bodies = off").await?;
    let needed = |path: &str| FUNCTIONS.iter().any(|start| path.starts_with(start));
    for step in steps().iter().filter(|step| needed(step.path)) {
        client.batch_execute(step.text).await?;
    }
    client.batch_execute("RESET check_function_bodies").await?;
    after(client).await
}

/// What is wrong in the database itself, after its migration.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn after(client: &Client) -> Result<Vec<Obstacle>, DbError> {
    query(
        client,
        "SELECT level, subject, finding, hint FROM heimdall.find_obstacles()",
    )
    .await
}

async fn has_schema(client: &Client) -> Result<bool, DbError> {
    let messages = client
        .simple_query("SELECT FROM pg_namespace WHERE nspname = 'heimdall'")
        .await?;
    Ok(messages
        .iter()
        .any(|message| matches!(message, SimpleQueryMessage::Row(_))))
}

async fn query(client: &Client, statement: &str) -> Result<Vec<Obstacle>, DbError> {
    let messages = client.simple_query(statement).await?;
    Ok(messages
        .iter()
        .filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(obstacle(row)),
            _ => None,
        })
        .collect())
}

fn obstacle(row: &SimpleQueryRow) -> Obstacle {
    let text = |column: &str| row.get(column).unwrap_or_default().to_owned();
    Obstacle {
        severity: match row.get("level") {
            Some("blocks") => Severity::Blocks,
            Some("wrong") => Severity::Wrong,
            Some("warning") => Severity::Warning,
            _ => Severity::Note,
        },
        subject: text("subject"),
        finding: text("finding"),
        hint: row.get("hint").map(str::to_owned),
    }
}
