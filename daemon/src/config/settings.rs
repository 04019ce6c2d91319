//! The checked settings of `heimdalld run`.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use clap::ValueEnum;

use super::connection_url::Address;
use super::credentials::{CredentialSource, DatabaseUrl};
use super::plain_password;
use super::proxy::Proxies;
use super::secret::Secret;
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

/// How requests name the bucket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Addressing {
    /// In the path: `http://store/bucket/key`.
    #[default]
    Path,
    /// In the name of the host: `http://bucket.store/key`.
    Virtual,
}

/// Where the objects are.
#[derive(Clone, Debug)]
pub struct StoreSettings {
    /// Base URL, `http` or `https`, without a slash at the end.
    pub endpoint: String,
    /// Region that requests are signed for.
    pub region: String,
    /// Buckets that may be read. Never empty; the first is the default.
    pub buckets: Vec<String>,
    /// How requests name the bucket.
    pub addressing: Addressing,
    /// Where the keys that sign requests come from.
    pub credentials: CredentialSource,
    /// The proxies that requests may have to go through.
    pub proxies: Proxies,
    /// TLS, if the endpoint is `https`.
    pub tls: Tls,
    /// Longest wait for the store: to connect, for the start of the answer, and between two pieces
    /// of a body.
    pub timeout: Duration,
    /// Longest time between two probes while the store is unavailable.
    pub probe_interval: Duration,
}

/// Checked settings of `heimdalld run`.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How to reach Postgres.
    pub database_url: DatabaseUrl,
    /// Where the listener connects.
    pub listener: ListenerUrl,
    /// The object store.
    pub store: StoreSettings,
    /// Recordings in flight at once.
    pub concurrency: usize,
    /// Number of extractor threads.
    pub extract_threads: usize,
    /// Age of a heartbeat after which other daemons take over.
    pub lease: Duration,
    /// Time between two looks for work without a notification.
    pub poll_interval: Duration,
    /// The sweep for what lost notes have left behind.
    pub sweep: SweepSettings,
    /// Size limit of one object, bytes.
    pub max_object_bytes: u64,
    /// Limit of bytes read but not yet extracted, all recordings together.
    pub max_bytes_in_flight: u64,
    /// Time to finish after SIGTERM.
    pub shutdown_grace: Duration,
    /// Where the operator's page, `/healthz`, `/readyz` and `/metrics` are.
    pub http: HttpAddress,
    /// Who may use the operator's page.
    pub page: PageSettings,
}

/// Checked settings of `heimdalld doctor`.
#[derive(Clone, Debug)]
pub struct DoctorSettings {
    /// How to reach Postgres.
    pub database_url: DatabaseUrl,
    /// Where the listener connects.
    pub listener: ListenerUrl,
    /// The object store; `None` if none of its settings is there.
    pub store: Option<StoreSettings>,
}

/// Where the listener connects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListenerUrl {
    /// To the URL of the database.
    SameAsDatabase,
    /// To another URL, for a database behind a transaction pooler.
    Separate(DatabaseUrl),
    /// Nowhere: the daemon only polls.
    Disabled,
}

/// Where HTTP is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpAddress {
    /// At this address or, if it is taken, on one of the next ports.
    Default(SocketAddr),
    /// Only at this address.
    Given(SocketAddr),
    /// Nowhere.
    Off,
}

/// Who may use the operator's page.
#[derive(Clone, Debug, Default)]
pub struct PageSettings {
    /// The token that reads and acts. Its file is read again while it is compared.
    pub token: Option<Secret>,
    /// The token that only reads.
    pub read_token: Option<Secret>,
    /// Names of hosts, in lower case, that a request may be sent to.
    pub hosts: Vec<String>,
    /// The database with a login in `heimdall_admin`.
    pub admin: Option<DatabaseUrl>,
}

/// The sweep.
#[derive(Clone, Copy, Debug)]
pub struct SweepSettings {
    /// Time between two sweeps by any daemon; `None`: no sweeps.
    pub interval: Option<Duration>,
    /// Sessions that one sweep queues at most.
    pub max_recordings: i32,
    /// Whether it queues sessions from before the installation too.
    pub include_history: bool,
}

/// All errors in the settings, one line each.
#[derive(Debug, thiserror::Error)]
#[error("{} wrong setting{}:\n  {}", .0.len(), if .0.len() == 1 { "" } else { "s" }, .0.join("\n  "))]
pub struct ConfigErrors(pub Vec<String>);

/// Which log lines are written without a setting.
pub const DEFAULT_LOG: &str = "info";
/// The default bucket of the acquisition service.
pub const DEFAULT_BUCKET: &str = "heimdall-raw-iq";
/// Reachable from this host only. The port is the usual one for Prometheus exporters without a port
/// of their own.
pub(super) const DEFAULT_HTTP: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9464);

impl Settings {
    /// What of the database URL has no effect, a line each.
    #[must_use]
    pub fn remarks(&self) -> Vec<String> {
        Address::parse(&self.database_url).map_or_else(|_| Vec::new(), |address| address.remarks)
    }

    /// The servers to which a password is sent without TLS, over a network.
    #[must_use]
    pub fn passwords_without_tls(&self) -> Vec<String> {
        let urls = [Some(&self.database_url), self.listener.url(&self.database_url)];
        let addresses = urls.into_iter().flatten().filter_map(|url| Address::parse(url).ok());
        let mut hosts: Vec<String> = addresses
            .flat_map(|address| plain_password::servers(&address))
            .collect();
        hosts.dedup();
        hosts
    }
}

impl ListenerUrl {
    /// Where the listener connects, if the others connect to `database`; `None`: nowhere.
    fn url<'a>(&'a self, database: &'a DatabaseUrl) -> Option<&'a DatabaseUrl> {
        match self {
            Self::SameAsDatabase => Some(database),
            Self::Separate(url) => Some(url),
            Self::Disabled => None,
        }
    }
}

impl DoctorSettings {
    /// Where the listener connects; `None`: nowhere.
    #[must_use]
    pub fn listener_url(&self) -> Option<&DatabaseUrl> {
        self.listener.url(&self.database_url)
    }
}
