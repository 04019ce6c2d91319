//! Settings: every flag, environment variable, default and limit of the daemon.
//!
//! [`Arguments`] is what was typed, [`Settings`] is what it means. All wrong
//! settings are found in one go, so that an operator corrects them once.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use clap::ValueEnum;

use crate::tls::Tls;

pub use self::arguments::Arguments;
pub use self::secret::{DatabaseUrl, Keys, Secret};

mod arguments;
mod check;
mod secret;

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For a terminal or journald.
    #[default]
    Pretty,
    /// One JSON object a line.
    Json,
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
    /// What requests are signed with.
    pub keys: Keys,
    /// Whose certificates are believed, where the endpoint is `https`.
    pub tls: Tls,
    /// Longest silence, while connecting, before the answer and between two
    /// pieces of a body.
    pub timeout: Duration,
    /// Longest time between two probes while the store is away.
    pub probe_interval: Duration,
}

/// Checked settings of `heimdalld run`.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Postgres connection URL.
    pub database_url: DatabaseUrl,
    /// How notifications come.
    pub listening: Listening,
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
    /// Where `/healthz`, `/readyz` and `/metrics` are.
    pub http: HttpAddress,
}

/// Where the listener connects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listening {
    /// Where everything does.
    Same,
    /// Past a pooler.
    At(DatabaseUrl),
    /// Nowhere: polling will do.
    Off,
}

/// Where HTTP is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpAddress {
    /// Here or, when that is taken, on one of the next ports.
    Default(SocketAddr),
    /// Here and nowhere else.
    Given(SocketAddr),
    /// Nowhere.
    Off,
}

/// Everything that is wrong with the settings, one line each.
#[derive(Debug, thiserror::Error)]
#[error("{} wrong setting{}:\n  {}", .0.len(), if .0.len() == 1 { "" } else { "s" }, .0.join("\n  "))]
pub struct WrongSettings(pub Vec<String>);

/// What the database client says of a lost connection, the part that lost it says too, once and with its name.
pub const DEFAULT_LOG: &str = "info,deadpool_postgres=off,tokio_postgres=off";
/// Default bucket of the acquisition service.
pub const DEFAULT_BUCKET: &str = "heimdall-raw-iq";
/// From this host alone. The port is Prometheus' for exporters that have none of their own.
const DEFAULT_HTTP: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9464);
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

impl Settings {
    /// Where to listen; `None`: nowhere.
    #[must_use]
    pub fn listener_url(&self) -> Option<&DatabaseUrl> {
        match &self.listening {
            Listening::Same => Some(&self.database_url),
            Listening::At(url) => Some(url),
            Listening::Off => None,
        }
    }

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
