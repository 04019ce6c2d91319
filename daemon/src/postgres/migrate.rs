//! `heimdalld migrate`: everything under `sql/`, in the order of `sql/install.sql`.
//!
//! psql can run that file by itself; here its lines `\ir path` give the order,
//! so that there is only one. Files under `schema/` run once, all others each
//! time, all in one transaction under an advisory lock: two at a time queue up.
//! Indexes on the application's tables come afterwards, built without locking
//! out its writers, which Postgres allows only outside a transaction.

use std::time::Duration;

use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, SimpleQueryMessage};
use tokio_util::task::AbortOnDropHandle;
use tracing::{info, warn};

use crate::backoff::Backoff;
use crate::config::secret::Secret;
use crate::postgres::Database;
use crate::postgres::error::DbError;
use crate::sql::{Step, schema_version, steps};

/// The lock behind which installers queue up, as `bootstrap.sql` takes it: here before the look at what stands already.
const LOCK: &str = "SELECT pg_advisory_xact_lock(hashtextextended('heimdall.migrate', 0))";

/// Statements of daemons and application are through in milliseconds, a report in seconds; a dump has to be waited for.
const MAX_RETRIES: u32 = 20;
const RETRY: Backoff = Backoff {
    base: Duration::from_millis(50),
    max: Duration::from_secs(2),
};

/// Why nothing, or not everything, was installed.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The database did not answer or refused.
    #[error(transparent)]
    Database(#[from] DbError),
    /// A file was refused; nothing was changed.
    #[error("sql/{path}: {error}")]
    File {
        /// The file.
        path: &'static str,
        /// What the database said.
        error: DbError,
    },
    /// An index could not be built; all else stands.
    #[error("{statement}: {error}")]
    Index {
        /// What was tried.
        statement: String,
        /// What the database said.
        error: DbError,
    },
    /// The database was installed by a newer version.
    #[error("the database has schema version {installed}, this heimdalld knows {known}: use the newer heimdalld")]
    Newer {
        /// In the database.
        installed: i32,
        /// In this build.
        known: i32,
    },
}

impl MigrateError {
    /// Whether somebody held a lock for too long, or the other way round; all is as it was.
    fn gave_way(&self) -> bool {
        let (Self::Database(error) | Self::File { error, .. }) = self else {
            return false;
        };
        matches!(error, DbError::Postgres(error)
            if [Some(&SqlState::LOCK_NOT_AVAILABLE), Some(&SqlState::T_R_DEADLOCK_DETECTED)].contains(&error.code()))
    }
}

/// What a migration did, or would do.
#[derive(Debug, Default)]
pub struct Report {
    /// Schema files that were applied, or with `--check` are missing.
    pub schema_files: Vec<&'static str>,
    /// Views, functions, triggers and grants that were re-applied.
    pub reapplied: usize,
    /// Indexes built on the application's tables, or with `--check` missing.
    pub indexes: Vec<String>,
}

/// Installs or upgrades. Safe to repeat, and to run from several hosts at once.
///
/// # Errors
/// When the database cannot be reached, refuses a file, or is newer than this build.
pub async fn migrate(url: &Secret) -> Result<Report, MigrateError> {
    let (client, _driving) = connect(url).await?;
    let mut attempt = 0;
    let mut report = loop {
        match install(&client).await {
            Ok(report) => break report,
            Err(error) if error.gave_way() && attempt < MAX_RETRIES => {
                attempt += 1;
                info!(%error, attempt, "others use what is to be replaced, trying again");
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
            return Err(MigrateError::Index { statement, error });
        }
        report.indexes.extend(builds.then_some(statement));
    }
    Ok(report)
}

/// Everything but the indexes, in one transaction.
async fn install(client: &Client) -> Result<Report, MigrateError> {
    let mut report = Report::default();
    execute(client, &format!("BEGIN; {LOCK}")).await?;
    let installed = installed_versions(client).await?;
    refuse_newer(&installed)?;
    for step in steps() {
        if step.version.is_some_and(|version| installed.contains(&version)) {
            continue;
        }
        execute(client, step.text)
            .await
            .map_err(|error| MigrateError::File { path: step.path, error })?;
        match step.version {
            Some(_) => report.schema_files.push(step.path),
            None => report.reapplied += 1,
        }
    }
    execute(client, "COMMIT").await?;
    Ok(report)
}

/// What [`migrate`] would do, without doing it.
///
/// # Errors
/// As [`migrate`].
pub async fn check(url: &Secret) -> Result<Report, MigrateError> {
    let (client, _driving) = connect(url).await?;
    let installed = installed_versions(&client).await?;
    refuse_newer(&installed)?;
    let missing = |step: &Step| step.version.is_some_and(|version| !installed.contains(&version));
    let schema_files: Vec<_> = steps()
        .iter()
        .filter(|step| missing(step))
        .map(|step| step.path)
        .collect();
    let mut indexes = Vec::new();
    if !installed.is_empty() {
        // The lock that the list comes with ends with this session.
        indexes = missing_indexes(&client).await?;
        indexes.retain(|statement| is_build(statement));
    }
    Ok(Report {
        schema_files,
        reapplied: 0,
        indexes,
    })
}

async fn connect(url: &Secret) -> Result<(Client, AbortOnDropHandle<()>), DbError> {
    let (client, mut driver) = Database::new(url)?.connect("heimdalld migrate").await?;
    let driving = tokio::spawn(async move {
        while let Some(message) = std::future::poll_fn(|context| driver.poll_message(context)).await {
            match message {
                Ok(tokio_postgres::AsyncMessage::Notice(notice)) if notice.severity() == "WARNING" => {
                    warn!(hint = notice.hint(), "{}", notice.message());
                }
                Ok(_) => {}
                // The statement under way fails with the same error.
                Err(_) => return,
            }
        }
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

/// Among the statements are also such that clean up, and that give back a lock.
fn is_build(statement: &str) -> bool {
    statement.starts_with("CREATE INDEX")
}

/// The first column of the answer, NULLs left out.
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
