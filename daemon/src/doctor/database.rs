//! Postgres: the way there, the schema, and what `doctor.sql` finds.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use tokio::time::timeout;
use tokio_postgres::config::Host;
use tokio_postgres::error::SqlState;

use super::finding::{Finding, Level, unix_time_s};
use crate::config::connection_url::Address;
use crate::config::settings::Settings;
use crate::postgres::Database;
use crate::postgres::error::DbError;
use crate::queue::Queue;
use crate::sql;
use crate::sql::schema_version;

/// For all statements together; each takes milliseconds.
const LIMIT: Duration = Duration::from_secs(20);
/// The database's clock decides everything; a host's shows in its log lines alone. So much is no network's doing.
const CLOCK_TOLERANCE_S: f64 = 5.0;

/// Everything about the database; ends where the way there does.
pub(super) async fn examine(settings: &Settings) -> Vec<Finding> {
    let target = Target::of(settings);
    let looking = async {
        let database = Database::new(&settings.database_url)?;
        let queue = Queue::new(&database)?;
        look(&queue).await
    };
    let looked = timeout(LIMIT, looking).await.unwrap_or(Err(DbError::Timeout(LIMIT)));
    match looked {
        Ok(mut findings) => {
            findings.insert(0, target.reached());
            findings
        }
        Err(error) => vec![target.refused(&error)],
    }
}

/// Where the URL leads, without the password.
struct Target {
    place: String,
    user: String,
    database: String,
    arguments: String,
    tls: bool,
    local: bool,
}

impl Target {
    fn of(settings: &Settings) -> Self {
        // Checked with the settings.
        let (config, tls) = Address::parse(&settings.database_url)
            .map(|address| (address.config, address.tls.is_some()))
            .unwrap_or_default();
        let host = match config.get_hosts().first() {
            Some(Host::Tcp(name)) => name.clone(),
            Some(Host::Unix(path)) => path.display().to_string(),
            None => "localhost".to_owned(),
        };
        let port = config.get_ports().first().copied().unwrap_or(5432);
        let user = config.get_user().unwrap_or("postgres").to_owned();
        Self {
            arguments: format!("-h {host} -p {port}"),
            place: format!("{host}:{port}"),
            database: config.get_dbname().unwrap_or(&user).to_owned(),
            user,
            tls,
            local: host.starts_with('/') || ["localhost", "127.0.0.1", "::1"].contains(&host.as_str()),
        }
    }

    fn reached(&self) -> Finding {
        let what = format!("reached {} at {} as {}", self.database, self.place, self.user);
        if self.tls || self.local {
            let how = if self.tls { "with TLS" } else { "on this host" };
            Finding::ok("database", format_args!("{what}, {how}"))
        } else {
            Finding::warning(
                "database",
                format_args!("{what}, without TLS: password and rows are readable on the way"),
                "sslmode=verify-full in HEIMDALL_DATABASE_URL",
            )
        }
    }

    /// What stands in the way, as far as it can be told.
    fn refused(&self, error: &DbError) -> Finding {
        let Self {
            place,
            user,
            database,
            arguments,
            ..
        } = self;
        let text = error.to_string();
        let code = match error {
            DbError::Postgres(error) | DbError::Pool(deadpool_postgres::PoolError::Backend(error)) => error.code(),
            _ => None,
        };
        let lower = text.to_lowercase();
        // The second is PgBouncer's way of saying it.
        let bad_password =
            code == Some(&SqlState::INVALID_PASSWORD) || lower.contains("password authentication failed");
        let (what, hint) = match code {
            _ if bad_password => (
                format!("{place} refuses the password of {user}"),
                format!("ALTER ROLE \"{user}\" PASSWORD '…';  or correct HEIMDALL_DATABASE_URL"),
            ),
            Some(&SqlState::INVALID_AUTHORIZATION_SPECIFICATION) => (
                format!("{place} lets {user} not in"),
                format!(
                    "CREATE ROLE \"{user}\" LOGIN PASSWORD '…' IN ROLE heimdall_daemon;  or a line for it in pg_hba.conf"
                ),
            ),
            Some(&SqlState::INVALID_CATALOG_NAME) => (
                format!("{place} has no database {database}"),
                format!("createdb {arguments} {database}  and then: heimdalld migrate"),
            ),
            Some(
                &SqlState::UNDEFINED_TABLE
                | &SqlState::UNDEFINED_FUNCTION
                | &SqlState::UNDEFINED_COLUMN
                | &SqlState::INVALID_SCHEMA_NAME,
            ) => (
                format!("{database} has not all of our schema"),
                "heimdalld migrate".to_owned(),
            ),
            Some(&SqlState::INSUFFICIENT_PRIVILEGE) => (
                format!("{user} lacks rights"),
                format!("GRANT heimdall_daemon TO \"{user}\";"),
            ),
            _ if lower.contains("does not allow writes") => (
                format!("{place} takes no writes: a standby, or made read-only"),
                "SELECT pg_is_in_recovery();  true: the primary, or all hosts with commas between them, into HEIMDALL_DATABASE_URL"
                    .to_owned(),
            ),
            _ if lower.contains("tls") || lower.contains("certificate") => (
                format!("no TLS with {place}"),
                format!(
                    "openssl s_client -starttls postgres -connect {place}  shows its certificate; sslmode=disable goes without TLS"
                ),
            ),
            _ if lower.contains("refused") || lower.contains("no such file") => {
                (format!("nothing answers at {place}"), format!("pg_isready {arguments}"))
            }
            _ => (
                format!("{place} cannot be used"),
                format!("psql {arguments} -U {user} {database}"),
            ),
        };
        Finding::wrong("database", format_args!("{what}: {text}"), hint)
    }
}

async fn look(queue: &Queue) -> Result<Vec<Finding>, DbError> {
    let clock = clock(queue).await?;
    if let Err(mismatch) = queue.schema().await?.check() {
        // The rest would say the same in other words.
        return Ok(vec![
            clock,
            Finding::wrong("schema", mismatch, mismatch.hint().trim_start_matches("type: ")),
        ]);
    }
    let mut findings = vec![
        clock,
        Finding::ok("schema", format_args!("version {}", schema_version())),
    ];
    let (functions, views) = (names("functions"), names("views"));
    for row in queue.rows(sql::DOCTOR, &[&functions, &views]).await? {
        let level = match row.try_get("level")? {
            "ok" => Level::Ok,
            "warning" => Level::Warning,
            _ => Level::Wrong,
        };
        findings.push(Finding::new(
            level,
            row.try_get("subject")?,
            row.try_get::<_, &str>("finding")?,
            row.try_get("hint")?,
        ));
    }
    Ok(findings)
}

async fn clock(queue: &Queue) -> Result<Finding, DbError> {
    let before_s = unix_time_s();
    let rows = queue.rows(sql::CLOCK, &[]).await?;
    let there_s: f64 = rows.first().ok_or(DbError::NoRow)?.try_get("unix_time_s")?;
    let ahead_s = f64::midpoint(before_s, unix_time_s()) - there_s;
    Ok(if ahead_s.abs() < CLOCK_TOLERANCE_S {
        Finding::ok(
            "clock",
            format_args!("this host and the database agree to {:.1} s", ahead_s.abs()),
        )
    } else {
        let way = if ahead_s > 0.0 { "ahead of" } else { "behind" };
        Finding::warning(
            "clock",
            format_args!(
                "this host is {:.0} s {way} the database; leases go by the database's, log lines by this one's",
                ahead_s.abs()
            ),
            "timedatectl set-ntp true",
        )
    })
}

/// Names of the objects whose files lie in a folder under `sql/`.
fn names(folder: &str) -> Vec<String> {
    let files = sql::FILES.get_dir(folder).into_iter().flat_map(include_dir::Dir::files);
    let stems: BTreeSet<String> = files
        .filter_map(|file| Path::new(file.path()).file_stem()?.to_str().map(str::to_owned))
        .collect();
    stems.into_iter().collect()
}
