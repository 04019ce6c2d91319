//! Settings: every flag, environment variable, default and limit of the daemon.
//!
//! [`Arguments`] is what was typed, [`Settings`] is what it means. All wrong
//! settings are found in one go, so that an operator corrects them once.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::{Args, ValueEnum};

use self::check::Checker;

mod check;

/// A value that must not be printed: credentials and URLs that hold them.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a value.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value itself, for the one place that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl FromStr for Secret {
    type Err = std::convert::Infallible;

    fn from_str(value: &str) -> Result<Self, Self::Err> {
        Ok(Self::new(value))
    }
}

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For a terminal or journald.
    #[default]
    Pretty,
    /// One JSON object a line.
    Json,
}

/// Settings as typed: text, not yet checked.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Settings")]
pub struct Arguments {
    /// Postgres, for example `postgresql://heimdalld@db/heimdall`. The listener
    /// needs a session of its own: past a transaction pooler, or polling only
    #[arg(
        long,
        env = "HEIMDALL_DATABASE_URL",
        global = true,
        hide_env_values = true,
        value_name = "URL"
    )]
    pub database_url: Option<Secret>,
    /// File that holds the database URL
    #[arg(long, env = "HEIMDALL_DATABASE_URL_FILE", global = true, value_name = "FILE")]
    pub database_url_file: Option<PathBuf>,
    /// Object store, for example `http://minio:9000`
    #[arg(long, env = "HEIMDALL_S3_ENDPOINT", global = true, value_name = "URL")]
    pub s3_endpoint: Option<String>,
    /// Region that requests are signed for [default: us-east-1]
    #[arg(long, env = "HEIMDALL_S3_REGION", global = true, value_name = "NAME")]
    pub s3_region: Option<String>,
    /// Buckets that may be read, comma-separated; the first one holds locations
    /// that name none [default: heimdall-raw-iq]
    #[arg(long, env = "HEIMDALL_S3_BUCKET", global = true, value_name = "NAMES")]
    pub s3_bucket: Option<String>,
    /// Access key
    #[arg(
        long,
        env = "HEIMDALL_S3_ACCESS_KEY",
        global = true,
        hide_env_values = true,
        value_name = "KEY"
    )]
    pub s3_access_key: Option<Secret>,
    /// File that holds the access key
    #[arg(long, env = "HEIMDALL_S3_ACCESS_KEY_FILE", global = true, value_name = "FILE")]
    pub s3_access_key_file: Option<PathBuf>,
    /// Secret key
    #[arg(
        long,
        env = "HEIMDALL_S3_SECRET_KEY",
        global = true,
        hide_env_values = true,
        value_name = "KEY"
    )]
    pub s3_secret_key: Option<Secret>,
    /// File that holds the secret key
    #[arg(long, env = "HEIMDALL_S3_SECRET_KEY_FILE", global = true, value_name = "FILE")]
    pub s3_secret_key_file: Option<PathBuf>,
    /// The store counts as silent after this long without a byte [default: 20s]
    #[arg(long, env = "HEIMDALL_S3_TIMEOUT", global = true, value_name = "DURATION")]
    pub s3_timeout: Option<String>,
    /// Recordings in flight at once [default: 16]
    #[arg(long, env = "HEIMDALL_CONCURRENCY", global = true, value_name = "N")]
    pub concurrency: Option<String>,
    /// Threads that extract [default: one for each processor]
    #[arg(long, env = "HEIMDALL_EXTRACT_THREADS", global = true, value_name = "N")]
    pub extract_threads: Option<String>,
    /// Age of a heartbeat after which other daemons take over; it comes three
    /// times as often [default: 30s]
    #[arg(long, env = "HEIMDALL_LEASE", global = true, value_name = "DURATION")]
    pub lease: Option<String>,
    /// Look for work this often even without a notification [default: 15s]
    #[arg(long, env = "HEIMDALL_POLL_INTERVAL", global = true, value_name = "DURATION")]
    pub poll_interval: Option<String>,
    /// Look for what was missed this often [default: 5min]
    #[arg(long, env = "HEIMDALL_SWEEP_INTERVAL", global = true, value_name = "DURATION")]
    pub sweep_interval: Option<String>,
    /// Sessions that one sweep queues at most [default: 250]
    #[arg(long, env = "HEIMDALL_SWEEP_RECORDINGS", global = true, value_name = "N")]
    pub sweep_recordings: Option<String>,
    /// Larger objects become an error row; bytes or KB, MB, GB, KiB, MiB, GiB
    /// [default: 16GiB]
    #[arg(long, env = "HEIMDALL_MAX_OBJECT_BYTES", global = true, value_name = "SIZE")]
    pub max_object_bytes: Option<String>,
    /// Bytes read ahead of the extractor, all recordings together [default: 16MiB]
    #[arg(long, env = "HEIMDALL_MAX_BYTES_IN_FLIGHT", global = true, value_name = "SIZE")]
    pub max_bytes_in_flight: Option<String>,
    /// After SIGTERM, time to finish what is in flight; the rest is given back
    /// [default: 20s]
    #[arg(long, env = "HEIMDALL_SHUTDOWN_GRACE", global = true, value_name = "DURATION")]
    pub shutdown_grace: Option<String>,
    /// Log filter, for example `info` or `heimdall_daemon=debug` [default: info]
    #[arg(long, env = "HEIMDALL_LOG", global = true, value_name = "FILTER")]
    pub log: Option<String>,
    /// `pretty` or `json` [default: pretty]
    #[arg(long, env = "HEIMDALL_LOG_FORMAT", global = true, value_name = "FORMAT")]
    pub log_format: Option<String>,
}

/// Where objects are.
#[derive(Clone, Debug)]
pub struct StoreSettings {
    /// Base URL, `http` or `https`, without a slash at its end.
    pub endpoint: String,
    /// Region that requests are signed for.
    pub region: String,
    /// Buckets that may be read. Never empty; the first is the default.
    pub buckets: Vec<String>,
    /// Access key.
    pub access_key: Secret,
    /// Secret key.
    pub secret_key: Secret,
    /// Longest silence, while connecting, before the answer and between two
    /// pieces of a body.
    pub timeout: Duration,
}

/// Checked settings of `heimdalld run`.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Postgres connection URL.
    pub database_url: Secret,
    /// The object store.
    pub store: StoreSettings,
    /// Recordings in flight at once.
    pub concurrency: usize,
    /// Threads of the extractor.
    pub extract_threads: usize,
    /// Age of a heartbeat after which other daemons take over.
    pub lease: Duration,
    /// Time between two looks without a notification.
    pub poll_interval: Duration,
    /// Time between two sweeps, over all daemons.
    pub sweep_interval: Duration,
    /// Sessions that one sweep queues at most.
    pub sweep_recordings: i32,
    /// Size limit of one object, bytes.
    pub max_object_bytes: u64,
    /// Limit of bytes read but not yet extracted, all recordings together.
    pub max_bytes_in_flight: u64,
    /// Time to finish after SIGTERM.
    pub shutdown_grace: Duration,
}

/// Everything that is wrong with the settings, one line each.
#[derive(Debug, thiserror::Error)]
#[error("{} wrong setting{}:\n  {}", .0.len(), if .0.len() == 1 { "" } else { "s" }, .0.join("\n  "))]
pub struct WrongSettings(pub Vec<String>);

/// What the database client says of a lost connection, the part that lost it says too, once and with its name.
pub const DEFAULT_LOG: &str = "info,deadpool_postgres=off,tokio_postgres=off";
/// Default bucket of the acquisition service.
pub const DEFAULT_BUCKET: &str = "heimdall-raw-iq";
/// Enough to hide the store's latency behind the extractor on a few cores; sixteen partly read recordings fit 64 MB.
const DEFAULT_CONCURRENCY: usize = 16;
/// Postgres is asked for this many rows at most in one claim; more only makes a crash give back more.
const MAX_CONCURRENCY: usize = 1024;
/// An hour at 200 kHz is 5.8 GB; twice that and some is no recording of this network.
const DEFAULT_MAX_OBJECT_BYTES: u64 = 16 << 30;
/// Ten blocks of read-ahead for each of 16 recordings would be 40 MB; 16 MiB keeps every extractor thread busy.
const DEFAULT_MAX_BYTES_IN_FLIGHT: u64 = 16 << 20;
/// Below this two recordings could not have one block each in memory.
const MIN_BYTES_IN_FLIGHT: u64 = 1 << 20;

impl Arguments {
    /// Everything that `heimdalld run` needs.
    ///
    /// # Errors
    /// Every wrong or missing setting, all at once.
    pub fn settings(&self) -> Result<Settings, WrongSettings> {
        let mut check = Checker::default();
        let c = &mut check;
        let (ms, seconds, day) = (Duration::from_millis, Duration::from_secs, Duration::from_hours(24));
        let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let sweep_recordings = c.count(
            "HEIMDALL_SWEEP_RECORDINGS",
            self.sweep_recordings.as_ref(),
            250,
            1_000_000,
        );
        let settings = Settings {
            database_url: self.database_url(c),
            store: self.store(c),
            concurrency: c.count(
                "HEIMDALL_CONCURRENCY",
                self.concurrency.as_ref(),
                DEFAULT_CONCURRENCY,
                MAX_CONCURRENCY,
            ),
            extract_threads: c.count(
                "HEIMDALL_EXTRACT_THREADS",
                self.extract_threads.as_ref(),
                processors,
                MAX_CONCURRENCY,
            ),
            lease: c.duration("HEIMDALL_LEASE", self.lease.as_ref(), seconds(30), seconds(1)..=day),
            poll_interval: c.duration(
                "HEIMDALL_POLL_INTERVAL",
                self.poll_interval.as_ref(),
                seconds(15),
                ms(10)..=day,
            ),
            sweep_interval: c.duration(
                "HEIMDALL_SWEEP_INTERVAL",
                self.sweep_interval.as_ref(),
                seconds(300),
                ms(100)..=day,
            ),
            sweep_recordings: i32::try_from(sweep_recordings).unwrap_or(i32::MAX),
            max_object_bytes: c.size(
                "HEIMDALL_MAX_OBJECT_BYTES",
                self.max_object_bytes.as_ref(),
                DEFAULT_MAX_OBJECT_BYTES,
                1,
            ),
            max_bytes_in_flight: c.size(
                "HEIMDALL_MAX_BYTES_IN_FLIGHT",
                self.max_bytes_in_flight.as_ref(),
                DEFAULT_MAX_BYTES_IN_FLIGHT,
                MIN_BYTES_IN_FLIGHT,
            ),
            shutdown_grace: c.duration(
                "HEIMDALL_SHUTDOWN_GRACE",
                self.shutdown_grace.as_ref(),
                seconds(20),
                ms(0)..=day,
            ),
        };
        // The log has been started before; wrong settings of it are reported here, with all the others.
        if let Err(error) = self.log_filter() {
            c.complain("HEIMDALL_LOG", error);
        }
        if let Err(error) = self.log_format() {
            c.complain("HEIMDALL_LOG_FORMAT", error);
        }
        check.finish(settings)
    }

    fn database_url(&self, check: &mut Checker) -> Secret {
        let url = check.secret(
            "HEIMDALL_DATABASE_URL",
            self.database_url.as_ref(),
            self.database_url_file.as_ref(),
        );
        check.database_url(&url);
        url
    }

    fn store(&self, check: &mut Checker) -> StoreSettings {
        let key = (self.s3_access_key.as_ref(), self.s3_access_key_file.as_ref());
        let secret = (self.s3_secret_key.as_ref(), self.s3_secret_key_file.as_ref());
        StoreSettings {
            endpoint: check.endpoint(self.s3_endpoint.as_deref()),
            region: self.s3_region.clone().unwrap_or_else(|| "us-east-1".to_owned()),
            buckets: check.buckets(self.s3_bucket.as_deref()),
            access_key: check.secret("HEIMDALL_S3_ACCESS_KEY", key.0, key.1),
            secret_key: check.secret("HEIMDALL_S3_SECRET_KEY", secret.0, secret.1),
            timeout: check.duration(
                "HEIMDALL_S3_TIMEOUT",
                self.s3_timeout.as_ref(),
                Duration::from_secs(20),
                Duration::from_millis(100)..=Duration::from_hours(1),
            ),
        }
    }

    /// The database URL alone, for commands that need no object store.
    ///
    /// # Errors
    /// When it is missing or wrong.
    pub fn database(&self) -> Result<Secret, WrongSettings> {
        let mut check = Checker::default();
        let url = self.database_url(&mut check);
        check.finish(url)
    }

    /// The log filter.
    ///
    /// # Errors
    /// When a directive cannot be parsed.
    pub fn log_filter(&self) -> Result<tracing_subscriber::EnvFilter, String> {
        let text = self.log.as_deref().unwrap_or(DEFAULT_LOG);
        tracing_subscriber::EnvFilter::try_new(text).map_err(|error| format!("'{text}': {error}"))
    }

    /// The log format.
    ///
    /// # Errors
    /// When it is none of the known words.
    pub fn log_format(&self) -> Result<LogFormat, String> {
        match self.log_format.as_deref() {
            None => Ok(LogFormat::default()),
            Some(text) => LogFormat::from_str(text, true).map_err(|_| format!("'{text}' is neither pretty nor json")),
        }
    }
}

impl Settings {
    /// Defaults for the given servers.
    ///
    /// # Errors
    /// When the database URL or the endpoint is wrong.
    pub fn for_servers(
        database_url: &str,
        endpoint: &str,
        bucket: &str,
        access_key: &str,
        secret_key: &str,
    ) -> Result<Self, WrongSettings> {
        Arguments {
            database_url: Some(Secret::new(database_url)),
            s3_endpoint: Some(endpoint.to_owned()),
            s3_bucket: Some(bucket.to_owned()),
            s3_access_key: Some(Secret::new(access_key)),
            s3_secret_key: Some(Secret::new(secret_key)),
            ..Arguments::default()
        }
        .settings()
    }

    /// Time between two heartbeats: a third of the lease, so that two may be lost.
    #[must_use]
    pub fn heartbeat_interval(&self) -> Duration {
        self.lease / 3
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_wrong_settings_are_reported_at_once() {
        let arguments = Arguments {
            s3_endpoint: Some("ftp://store".to_owned()),
            concurrency: Some("0".to_owned()),
            lease: Some("soon".to_owned()),
            max_object_bytes: Some("12 parsecs".to_owned()),
            log_format: Some("xml".to_owned()),
            ..Arguments::default()
        };
        let wrong = arguments.settings().unwrap_err().0;
        for name in [
            "HEIMDALL_DATABASE_URL",
            "HEIMDALL_S3_ENDPOINT",
            "HEIMDALL_S3_ACCESS_KEY",
            "HEIMDALL_S3_SECRET_KEY",
            "HEIMDALL_CONCURRENCY",
            "HEIMDALL_LEASE",
            "HEIMDALL_MAX_OBJECT_BYTES",
            "HEIMDALL_LOG_FORMAT",
        ] {
            assert_eq!(
                wrong
                    .iter()
                    .filter(|line| line.starts_with(&format!("{name}:")))
                    .count(),
                1,
                "{name} in {wrong:?}"
            );
        }
        assert_eq!(wrong.len(), 8, "{wrong:?}");
    }

    #[test]
    fn a_secret_is_never_printed() {
        let settings = Settings::for_servers(
            "postgresql://u:hunter2@db/x",
            "http://s:9000",
            "bucket",
            "AKIA7",
            "s3cr3t",
        )
        .unwrap();
        let printed = format!("{settings:?}");
        for secret in ["hunter2", "AKIA7", "s3cr3t"] {
            assert!(!printed.contains(secret), "{printed}");
        }
    }

    #[test]
    fn a_database_url_with_a_typing_error_is_refused_without_showing_it() {
        let wrong =
            Settings::for_servers("postgresql://u:hunter2@db:port/x", "http://s", "bucket", "a", "b").unwrap_err();
        assert!(!wrong.to_string().contains("hunter2"), "{wrong}");
        assert!(wrong.to_string().contains("HEIMDALL_DATABASE_URL"), "{wrong}");
    }
}
