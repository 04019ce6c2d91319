//! The settings as text: flags and environment variables.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{OsStringValueParser, TypedValueParser};

use super::libpq::Libpq;
use super::secret::Secret;

/// A path that may be empty, as in an environment variable without a value.
fn path() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().map(PathBuf::from)
}

/// Settings as text, before they are checked.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Settings")]
pub struct Arguments {
    /// TOML file of settings; flags and variables come first
    #[arg(long, env = "HEIMDALL_CONFIG_FILE", global = true, value_name = "FILE", value_parser = path())]
    pub config_file: Option<PathBuf>,
    /// Postgres: `postgresql://heimdalld@db/heimdall`
    #[arg(
        long,
        env = "HEIMDALL_DATABASE_URL",
        global = true,
        hide_env_values = true,
        value_name = "URL"
    )]
    pub database_url: Option<Secret>,
    /// File that contains the database URL
    #[arg(long, env = "HEIMDALL_DATABASE_URL_FILE", global = true, value_name = "FILE", value_parser = path())]
    pub database_url_file: Option<PathBuf>,
    /// Authorities of the database's certificate (PEM); turns TLS on
    #[arg(long, env = "HEIMDALL_DATABASE_CA_FILE", global = true, value_name = "FILE", value_parser = path())]
    pub database_ca_file: Option<PathBuf>,
    /// Where to LISTEN past a pooler, or `off` to poll each second
    #[arg(
        long,
        env = "HEIMDALL_LISTENER_DATABASE_URL",
        global = true,
        hide_env_values = true,
        value_name = "URL"
    )]
    pub listener_database_url: Option<Secret>,
    /// File that contains the listener's URL
    #[arg(
        long,
        env = "HEIMDALL_LISTENER_DATABASE_URL_FILE",
        global = true,
        value_name = "FILE",
        value_parser = path()
    )]
    pub listener_database_url_file: Option<PathBuf>,
    /// Object store, for example `http://minio:9000`
    #[arg(long, env = "HEIMDALL_S3_ENDPOINT", global = true, value_name = "URL")]
    pub s3_endpoint: Option<String>,
    /// Authorities of the store's certificate (PEM)
    #[arg(long, env = "HEIMDALL_S3_CA_FILE", global = true, value_name = "FILE", value_parser = path())]
    pub s3_ca_file: Option<PathBuf>,
    /// Region, part of each signature [default: us-east-1]
    #[arg(long, env = "HEIMDALL_S3_REGION", global = true, value_name = "NAME")]
    pub s3_region: Option<String>,
    /// Buckets, comma-separated [default: heimdall-raw-iq]
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
    /// File that contains the access key
    #[arg(long, env = "HEIMDALL_S3_ACCESS_KEY_FILE", global = true, value_name = "FILE", value_parser = path())]
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
    /// File that contains the secret key
    #[arg(long, env = "HEIMDALL_S3_SECRET_KEY_FILE", global = true, value_name = "FILE", value_parser = path())]
    pub s3_secret_key_file: Option<PathBuf>,
    /// Time without a byte after which a request fails [default: 20s]
    #[arg(long, env = "HEIMDALL_S3_TIMEOUT", global = true, value_name = "DURATION")]
    pub s3_timeout: Option<String>,
    /// While the store is away, time between probes [default: 10s]
    #[arg(long, env = "HEIMDALL_S3_PROBE_INTERVAL", global = true, value_name = "DURATION")]
    pub s3_probe_interval: Option<String>,
    /// Recordings in flight at once [default: 16]
    #[arg(long, env = "HEIMDALL_CONCURRENCY", global = true, value_name = "N")]
    pub concurrency: Option<String>,
    /// Extractor threads [default: one for each processor]
    #[arg(long, env = "HEIMDALL_EXTRACT_THREADS", global = true, value_name = "N")]
    pub extract_threads: Option<String>,
    /// Age of a heartbeat at which others take over [default: 30s]
    #[arg(long, env = "HEIMDALL_LEASE", global = true, value_name = "DURATION")]
    pub lease: Option<String>,
    /// Look for work this often in any case [default: 15s]
    #[arg(long, env = "HEIMDALL_POLL_INTERVAL", global = true, value_name = "DURATION")]
    pub poll_interval: Option<String>,
    /// Look for missed recordings, or `off` [default: 5min]
    #[arg(long, env = "HEIMDALL_SWEEP_INTERVAL", global = true, value_name = "DURATION")]
    pub sweep_interval: Option<String>,
    /// Most sessions that one sweep queues [default: 250]
    #[arg(long, env = "HEIMDALL_SWEEP_RECORDINGS", global = true, value_name = "N")]
    pub sweep_recordings: Option<String>,
    /// Sweep sessions from before the installation [default: off]
    #[arg(long, env = "HEIMDALL_SWEEP_HISTORY", global = true, value_name = "SWITCH")]
    pub sweep_history: Option<String>,
    /// Larger objects fail, compressed or not [default: 16GiB]
    #[arg(long, env = "HEIMDALL_MAX_OBJECT_BYTES", global = true, value_name = "SIZE")]
    pub max_object_bytes: Option<String>,
    /// Bytes read ahead of the extractor [default: 16MiB]
    #[arg(long, env = "HEIMDALL_MAX_BYTES_IN_FLIGHT", global = true, value_name = "SIZE")]
    pub max_bytes_in_flight: Option<String>,
    /// After SIGTERM, time to finish what is in flight [default: 20s]
    #[arg(long, env = "HEIMDALL_SHUTDOWN_GRACE", global = true, value_name = "DURATION")]
    pub shutdown_grace: Option<String>,
    /// HTTP server, or `off` [default: 127.0.0.1:9464, or next]
    #[arg(long, env = "HEIMDALL_HTTP_ADDR", global = true, value_name = "ADDRESS")]
    pub http_addr: Option<String>,
    /// Log filter, such as `heimdall_daemon=debug` [default: info]
    #[arg(long, env = "HEIMDALL_LOG", global = true, value_name = "FILTER")]
    pub log: Option<String>,
    /// `pretty` or `json` [default: pretty]
    #[arg(long, env = "HEIMDALL_LOG_FORMAT", global = true, value_name = "FORMAT")]
    pub log_format: Option<String>,
    /// What libpq's programs take from the environment
    #[arg(skip)]
    pub libpq: Libpq,
}
