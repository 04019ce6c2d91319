//! The settings of `heimdalld run`, checked.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use clap::ValueEnum;

use super::credentials::{Credentials, DatabaseUrl};
use super::tls::Tls;

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
    pub credentials: Credentials,
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
    pub listener: ListenerUrl,
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
pub enum ListenerUrl {
    /// Where everything does.
    SameAsDatabase,
    /// Past a pooler.
    Separate(DatabaseUrl),
    /// Nowhere: polling will do.
    Disabled,
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
pub struct ConfigErrors(pub Vec<String>);

/// What the database client says of a lost connection, the part that lost it says too, once and with its name.
pub const DEFAULT_LOG: &str = "info,deadpool_postgres=off,tokio_postgres=off";
/// Default bucket of the acquisition service.
pub const DEFAULT_BUCKET: &str = "heimdall-raw-iq";
/// From this host alone. The port is Prometheus' for exporters that have none of their own.
pub(super) const DEFAULT_HTTP: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9464);

impl Settings {
    /// Where to listen; `None`: nowhere.
    #[must_use]
    pub fn listener_url(&self) -> Option<&DatabaseUrl> {
        match &self.listener {
            ListenerUrl::SameAsDatabase => Some(&self.database_url),
            ListenerUrl::Separate(url) => Some(url),
            ListenerUrl::Disabled => None,
        }
    }
}
