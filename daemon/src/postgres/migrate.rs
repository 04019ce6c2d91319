//! `heimdalld migrate`: installs the files of `sql/` in the order of `sql/install.sql`.
//!
//! psql can run `install.sql` directly. Its lines `\ir path` are the only list of the files. The
//! files under `schema/` run once, all others run each time. All run in one transaction under an
//! advisory lock, so two migrations run one after the other. The indexes on the application's
//! tables follow: they are built without blocking its writers, which Postgres allows only outside a
//! transaction.

use std::time::Duration;

use tokio_postgres::error::SqlState;
use tokio_postgres::{AsyncMessage, Client, SimpleQueryMessage};
use tokio_util::task::AbortOnDropHandle;
use tracing::{info, warn};

use crate::backoff::Backoff;
use crate::config::credentials::DatabaseUrl;
use crate::postgres::error::DbError;
use crate::postgres::obstacles::{self, Obstacle, Severity, block};
use crate::postgres::{Database, drive};
use crate::sql::{Step, schema_version, steps};

/// The lock of `bootstrap.sql` that serialises migrations, taken before the installed versions are
/// read.
const LOCK: &str = "SELECT pg_advisory_xact_lock(hashtextextended('heimdall.migrate', 0))";

/// Limit of retries after a lock time-out. Statements of daemons and the application hold their
/// locks for milliseconds, a report for seconds, a dump for longer.
const MAX_RETRIES: u32 = 20;
const RETRY: Backoff = Backoff {
    base: Duration::from_millis(50),
    max: Duration::from_secs(2),
};

/// Why the migration failed.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The database did not answer or refused; nothing was changed.
    #[error(transparent)]
    Database(#[from] DbError),
    /// The database refused a file; nothing was changed.
    #[error("sql/{0}: {1}")]
    File(&'static str, DbError),
    /// The database refused a statement for an index; everything else is installed.
    #[error("{0}: {1}")]
    Index(String, DbError),
    /// Something stands in the way; nothing was changed. The list has everything that was found.
    #[error("nothing is installed: {} in the way, see above", count(.0))]
    Blocked(Vec<Obstacle>),
    /// A newer heimdalld has installed the schema.
    #[error("the database has schema version {installed}, this heimdalld knows {known}: use the newer heimdalld")]
    Newer {
        /// Schema version in the database.
        installed: i32,
        /// Schema version of this build.
        known: i32,
    },
}

impl MigrateError {
    /// Whether the migration waited too long for a lock, or was the victim of a deadlock. Nothing
    /// was changed.
    fn is_lock_conflict(&self) -> bool {
        let (Self::Database(error) | Self::File(_, error)) = self else {
            return false;
        };
        matches!(error, DbError::Postgres(error)
            if [Some(&SqlState::LOCK_NOT_AVAILABLE), Some(&SqlState::T_R_DEADLOCK_DETECTED)].contains(&error.code()))
    }
}

fn count(obstacles: &[Obstacle]) -> String {
    let blocking = obstacles
        .iter()
        .filter(|obstacle| obstacle.severity == Severity::Blocks)
        .count();
    if blocking == 1 {
        "one thing is".to_owned()
    } else {
        format!("{blocking} things are")
    }
}

/// What a migration did; after [`check`], what it would do.
#[derive(Debug, Default)]
pub struct Report {
    /// Schema files that were applied, or are missing.
    pub schema_files: Vec<&'static str>,
    /// Number of files that were applied again: views, functions, triggers and grants.
    pub reapplied: usize,
    /// Statements of the indexes that were built on the application's tables, or are missing.
    pub indexes: Vec<String>,
    /// What is wrong in this database, or should be known.
    pub obstacles: Vec<Obstacle>,
}

impl Report {
    /// Whether something is wrong that the migration itself does not mend.
    #[must_use]
    pub fn is_obstructed(&self) -> bool {
        let matters = |obstacle: &Obstacle| matches!(obstacle.severity, Severity::Blocks | Severity::Wrong);
        self.obstacles.iter().any(matters)
    }
}

/// Installs or upgrades the schema. It may be repeated, and run on several hosts at the same time.
///
/// # Errors
/// When the database cannot be reached, refuses a file, is newer than this build, or when something
/// stands in the way.
pub async fn migrate(url: impl Into<DatabaseUrl>) -> Result<Report, MigrateError> {
    let (client, _driving) = connect(url).await?;
    let mut attempt = 0;
    let mut report = loop {
        match install(&client).await {
            Ok(report) => break report,
            Err(error) if error.is_lock_conflict() && attempt < MAX_RETRIES => {
                attempt += 1;
                info!(%error, attempt, "another session holds a lock, retrying");
                execute(&client, "ROLLBACK").await?;
                tokio::time::sleep(RETRY.jittered(attempt)).await;
            }
            Err(error) => return Err(error),
        }
    };
    for statement in missing_indexes(&client).await? {
        let builds = is_build(&statement);
        if builds {
            info!(statement, "building an index on the application's table");
        }
        if let Err(error) = execute(&client, &statement).await {
            return Err(MigrateError::Index(statement, error));
        }
        report.indexes.extend(builds.then_some(statement));
    }
    report.obstacles = obstacles::of_rights(&client).await?;
    report.obstacles.extend(obstacles::after(&client).await?);
    Ok(report)
}

/// Installs everything except the indexes, in one transaction.
async fn install(client: &Client) -> Result<Report, MigrateError> {
    let mut report = Report::default();
    execute(client, &format!("BEGIN; {LOCK}")).await?;
    let mut found = obstacles::of_rights(client).await?;
    if block(&found) {
        return Err(MigrateError::Blocked(found));
    }
    let installed = installed_versions(client).await?;
    refuse_newer(&installed)?;
    found.extend(obstacles::before(client).await?);
    if block(&found) {
        return Err(MigrateError::Blocked(found));
    }
    for step in steps() {
        if step.version.is_some_and(|version| installed.contains(&version)) {
            continue;
        }
        execute(client, step.text)
            .await
            .map_err(|error| MigrateError::File(step.path, error))?;
        match step.version {
            Some(_) => report.schema_files.push(step.path),
            None => report.reapplied += 1,
        }
    }
    execute(client, "COMMIT").await?;
    Ok(report)
}

/// Returns what [`migrate`] would do, and changes nothing.
///
/// # Errors
/// As [`migrate`].
pub async fn check(url: impl Into<DatabaseUrl>) -> Result<Report, MigrateError> {
    let (client, _driving) = connect(url).await?;
    // The functions that examine the database exist in this transaction only.
    execute(&client, &format!("BEGIN; {LOCK}")).await?;
    let mut obstacles = obstacles::of_rights(&client).await?;
    if block(&obstacles) {
        return Ok(Report {
            obstacles,
            ..Report::default()
        });
    }
    let installed = installed_versions(&client).await?;
    refuse_newer(&installed)?;
    obstacles.extend(obstacles::before(&client).await?);
    let missing = |step: &Step| step.version.is_some_and(|version| !installed.contains(&version));
    let schema_files: Vec<_> = steps()
        .iter()
        .filter(|step| missing(step))
        .map(|step| step.path)
        .collect();
    let mut indexes = Vec::new();
    if !block(&obstacles)
        && !first_column(&client, "SELECT to_regproc('heimdall.missing_base_indexes')")
            .await?
            .is_empty()
    {
        // The function takes a session lock; it ends with this session.
        indexes = missing_indexes(&client).await?;
        indexes.retain(|statement| is_build(statement));
    }
    execute(&client, "ROLLBACK").await?;
    Ok(Report {
        schema_files,
        reapplied: 0,
        indexes,
        obstacles,
    })
}

async fn connect(url: impl Into<DatabaseUrl>) -> Result<(Client, AbortOnDropHandle<()>), DbError> {
    let (client, mut driver) = Database::new(url)?.connect("heimdalld migrate").await?;
    let driving = tokio::spawn(async move {
        let log_warning = |message| match message {
            AsyncMessage::Notice(notice) if notice.severity() == "WARNING" => {
                warn!(hint = notice.hint(), "{}", notice.message());
            }
            _ => {}
        };
        // The statement in flight returns the same error.
        drop(drive(&mut driver, log_warning).await);
    });
    Ok((client, AbortOnDropHandle::new(driving)))
}

async fn execute(client: &Client, text: &str) -> Result<(), DbError> {
    Ok(client.batch_execute(text).await?)
}

async fn installed_versions(client: &Client) -> Result<Vec<i32>, DbError> {
    if first_column(client, "SELECT to_regclass('heimdall.schema_migrations')")
        .await?
        .is_empty()
    {
        return Ok(Vec::new());
    }
    let versions = first_column(client, "SELECT version FROM heimdall.schema_migrations").await?;
    Ok(versions.iter().filter_map(|version| version.parse().ok()).collect())
}

async fn missing_indexes(client: &Client) -> Result<Vec<String>, DbError> {
    first_column(client, "SELECT * FROM heimdall.missing_base_indexes()").await
}

/// Whether the statement builds an index. The list also has statements that drop an invalid index
/// and that release the lock.
fn is_build(statement: &str) -> bool {
    statement.starts_with("CREATE INDEX")
}

/// Runs a statement and returns its first column, without NULLs.
async fn first_column(client: &Client, statement: &str) -> Result<Vec<String>, DbError> {
    let messages = client.simple_query(statement).await?;
    Ok(messages
        .iter()
        .filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        })
        .collect())
}

fn refuse_newer(installed: &[i32]) -> Result<(), MigrateError> {
    let (installed, known) = (installed.iter().copied().max().unwrap_or(0), schema_version());
    if installed > known {
        Err(MigrateError::Newer { installed, known })
    } else {
        Ok(())
    }
}
