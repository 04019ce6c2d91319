//! Checks Postgres: the connection, the clock, the schema, and everything in `doctor.sql`.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::timeout;
use tokio_postgres::config::Host;
use tokio_postgres::error::SqlState;

use super::finding::{Finding, Level};
use crate::config::connection_url::Address;
use crate::config::credentials::DatabaseUrl;
use crate::config::settings::DoctorSettings;
use crate::metrics::unix_time_s;
use crate::postgres::Database;
use crate::postgres::error::DbError;
use crate::queue::Queue;
use crate::sql;
use crate::sql::schema_version;
use crate::status::error::code;

/// For all statements together; each takes milliseconds.
const LIMIT: Duration = Duration::from_secs(20);
/// The network delays a message by less than this. The clock of this host only shows in its log
/// lines; leases use the database's.
const CLOCK_TOLERANCE_S: f64 = 5.0;

/// Checks everything about the database. If it cannot be reached, that is the only finding.
pub(super) async fn examine(settings: &DoctorSettings) -> Vec<Finding> {
    let target = Target::of(&settings.database_url);
    let checks = async {
        let database = Database::new(&settings.database_url)?;
        let queue = Queue::new(&database)?;
        check(&queue).await
    };
    match timeout(LIMIT, checks).await.unwrap_or(Err(DbError::Timeout(LIMIT))) {
        Ok(mut findings) => {
            findings.insert(0, target.connected());
            findings
        }
        Err(error) => {
            let (what, hint) = target.cause(&error);
            vec![Finding::wrong("database", format_args!("{what}: {error}"), hint)]
        }
    }
}

/// The likely cause of an error of the database: what is wrong, and what to type.
pub(super) fn likely_cause(url: &DatabaseUrl, error: &DbError) -> (String, String) {
    Target::of(url).cause(error)
}

/// The database that the URL names, without the password.
struct Target {
    /// Host and port.
    address: String,
    user: String,
    database: String,
    /// Host and port as arguments for psql.
    arguments: String,
    tls: bool,
    local: bool,
}

impl Target {
    fn of(url: &DatabaseUrl) -> Self {
        // The settings are checked, so this does not fail.
        let (config, tls) = Address::parse(url)
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
            address: format!("{host}:{port}"),
            database: config.get_dbname().unwrap_or(&user).to_owned(),
            user,
            tls,
            local: host.starts_with('/') || ["localhost", "127.0.0.1", "::1"].contains(&host.as_str()),
        }
    }

    fn connected(&self) -> Finding {
        let what = format!("reached {} at {} as {}", self.database, self.address, self.user);
        if self.tls || self.local {
            let how = if self.tls { "with TLS" } else { "on this host" };
            Finding::ok("database", format_args!("{what}, {how}"))
        } else {
            Finding::warning(
                "database",
                format_args!("{what}, without TLS: others in the network can read password and rows"),
                "sslmode=verify-full in HEIMDALL_DATABASE_URL",
            )
        }
    }

    /// Finds the likely cause of an error, and what to type.
    fn cause(&self, error: &DbError) -> (String, String) {
        let lower = error.to_string().to_lowercase();
        // PgBouncer refuses a password without the code.
        if lower.contains("password authentication failed") {
            self.wrong_password()
        } else {
            code(error)
                .and_then(|code| self.cause_by_code(code))
                .unwrap_or_else(|| self.cause_by_text(&lower))
        }
    }

    fn wrong_password(&self) -> (String, String) {
        let Self { address, user, .. } = self;
        (
            format!("{address} refuses the password of {user}"),
            format!("ALTER ROLE \"{user}\" PASSWORD '…';  or correct HEIMDALL_DATABASE_URL"),
        )
    }

    fn cause_by_code(&self, code: &SqlState) -> Option<(String, String)> {
        let Self {
            address,
            user,
            database,
            arguments,
            ..
        } = self;
        Some(match *code {
            SqlState::INVALID_PASSWORD => self.wrong_password(),
            SqlState::INVALID_AUTHORIZATION_SPECIFICATION => (
                format!("{address} does not accept {user}"),
                format!(
                    "CREATE ROLE \"{user}\" LOGIN PASSWORD '…' IN ROLE heimdall_daemon;  or a line for it in pg_hba.conf"
                ),
            ),
            SqlState::INVALID_CATALOG_NAME => (
                format!("{address} has no database {database}"),
                format!("createdb {arguments} {database}  and then: heimdalld migrate"),
            ),
            SqlState::UNDEFINED_TABLE
            | SqlState::UNDEFINED_FUNCTION
            | SqlState::UNDEFINED_COLUMN
            | SqlState::INVALID_SCHEMA_NAME => (
                format!("{database} lacks parts of our schema"),
                "heimdalld migrate".to_owned(),
            ),
            SqlState::INSUFFICIENT_PRIVILEGE => (
                format!("{user} lacks rights"),
                format!("GRANT heimdall_daemon TO \"{user}\";"),
            ),
            SqlState::TOO_MANY_CONNECTIONS => (
                format!("{address} has no connection left for {user}"),
                format!(
                    "SELECT usename, count(*) FROM pg_stat_activity GROUP BY 1;  then raise max_connections, or ALTER ROLE \"{user}\" CONNECTION LIMIT -1;"
                ),
            ),
            _ => return None,
        })
    }

    fn cause_by_text(&self, lower: &str) -> (String, String) {
        let Self {
            address,
            arguments,
            user,
            database,
            ..
        } = self;
        if lower.contains("does not allow writes") {
            return (
                format!("{address} takes no writes: it is a standby or read-only"),
                format!(
                    "SELECT pg_is_in_recovery();  if true, put the primary, or all hosts with commas between them, into HEIMDALL_DATABASE_URL; \
                     if false: ALTER ROLE \"{user}\" RESET default_transaction_read_only; ALTER DATABASE \"{database}\" RESET default_transaction_read_only;"
                ),
            );
        }
        if lower.contains("statement pooling mode") {
            return (
                format!("{address} is a pooler that allows no transactions"),
                "pool_mode = transaction  in pgbouncer.ini, or the server's own address".to_owned(),
            );
        }
        if lower.contains("a transaction pooler is in between") {
            return (
                format!("{address} is a transaction pooler"),
                "HEIMDALL_ADMIN_DATABASE_URL=postgresql://…  the URL of the database itself".to_owned(),
            );
        }
        if lower.contains("tls") || lower.contains("certificate") {
            let hint = format!(
                "openssl s_client -starttls postgres -connect {address}  shows its certificate; sslmode=disable turns TLS off"
            );
            return (format!("no TLS with {address}"), hint);
        }
        if lower.contains("refused") || lower.contains("no such file") {
            return (
                format!("nothing answers at {address}"),
                format!("pg_isready {arguments}"),
            );
        }
        let login = format!("psql {arguments} -U {} {}", self.user, self.database);
        (format!("{address} cannot be used"), login)
    }
}

async fn check(queue: &Queue) -> Result<Vec<Finding>, DbError> {
    let clock = clock(queue).await?;
    if let Err(mismatch) = queue.schema().await?.check() {
        // All further checks would fail for the same reason.
        return Ok(vec![
            clock,
            Finding::wrong("schema", mismatch, mismatch.hint().trim_start_matches("type: ")),
        ]);
    }
    let mut findings = vec![
        clock,
        Finding::ok("schema", format_args!("version {}", schema_version())),
    ];
    let (functions, views) = (object_names("functions"), object_names("views"));
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
    let database_s: f64 = rows.first().ok_or(DbError::NoRow)?.try_get("unix_time_s")?;
    let ahead_s = f64::midpoint(before_s, unix_time_s()) - database_s;
    Ok(if ahead_s.abs() < CLOCK_TOLERANCE_S {
        Finding::ok(
            "clock",
            format_args!("this host and the database agree to {:.1} s", ahead_s.abs()),
        )
    } else {
        let direction = if ahead_s > 0.0 { "ahead of" } else { "behind" };
        Finding::warning(
            "clock",
            format_args!(
                "this host is {:.0} s {direction} the database; leases use the clock of the database, log lines that of this host",
                ahead_s.abs()
            ),
            "timedatectl set-ntp true",
        )
    })
}

/// Names of the database objects that a folder of `sql/` defines, one per file.
fn object_names(folder: &str) -> Vec<String> {
    let mut stems = BTreeSet::new();
    let mut folders: Vec<_> = sql::FILES.get_dir(folder).into_iter().collect();
    while let Some(folder) = folders.pop() {
        folders.extend(folder.dirs());
        stems.extend(
            folder
                .files()
                .filter_map(|file| file.path().file_stem()?.to_str().map(str::to_owned)),
        );
    }
    stems.into_iter().collect()
}
