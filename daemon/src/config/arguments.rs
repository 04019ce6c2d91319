//! The settings as text: flags and environment variables.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{OsStringValueParser, TypedValueParser};

use super::aws::AwsEnvironment;
use super::libpq::Libpq;
use super::proxy::ProxyVariables;
use super::secret::Secret;

/// A path that may be empty, as in an environment variable without a value.
fn path() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().map(PathBuf::from)
}

/// Settings as text, before they are checked.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Settings")]
pub struct Arguments {
    /// TOML file of settings, for example `s3_endpoint = "http://minio:9000"`. Flags and environment
    /// variables come first
    #[arg(long, env = "HEIMDALL_CONFIG_FILE", global = true, value_name = "FILE", value_parser = path())]
    pub config_file: Option<PathBuf>,
    /// Postgres, for example `postgresql://heimdalld@db/heimdall`. The listener needs a session of
    /// its own, which a transaction pooler does not give: see `--listener-database-url`
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
    /// PEM file of the authorities that may sign the database's certificate, instead of the
    /// system's; turns TLS on
    #[arg(long, env = "HEIMDALL_DATABASE_CA_FILE", global = true, value_name = "FILE", value_parser = path())]
    pub database_ca_file: Option<PathBuf>,
    /// Where the listener connects if `--database-url` leads to a transaction pooler: the database
    /// itself, or `off` to poll every second instead
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
    /// PEM file of the authorities that may sign the store's certificate, instead of the system's
    #[arg(long, env = "HEIMDALL_S3_CA_FILE", global = true, value_name = "FILE", value_parser = path())]
    pub s3_ca_file: Option<PathBuf>,
    /// Region of the store, part of each signature [default: us-east-1]
    #[arg(long, env = "HEIMDALL_S3_REGION", global = true, value_name = "NAME")]
    pub s3_region: Option<String>,
    /// Buckets that may be read, comma-separated; locations without a bucket are in the first one
    /// [default: heimdall-raw-iq]
    #[arg(long, env = "HEIMDALL_S3_BUCKET", global = true, value_name = "NAMES")]
    pub s3_bucket: Option<String>,
    /// How requests name the bucket: `path` (`http://store/bucket`) or `virtual` (`http://bucket.store`)
    /// [default: path]
    #[arg(long, env = "HEIMDALL_S3_ADDRESSING", global = true, value_name = "STYLE")]
    pub s3_addressing: Option<String>,
    /// Access key. Without keys here, they come from where AWS's programs find them
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
    /// Session token of temporary keys
    #[arg(
        long,
        env = "HEIMDALL_S3_SESSION_TOKEN",
        global = true,
        hide_env_values = true,
        value_name = "TOKEN"
    )]
    pub s3_session_token: Option<Secret>,
    /// File that contains the session token
    #[arg(long, env = "HEIMDALL_S3_SESSION_TOKEN_FILE", global = true, value_name = "FILE", value_parser = path())]
    pub s3_session_token_file: Option<PathBuf>,
    /// Time without a byte from the store after which a request fails [default: 20s]
    #[arg(long, env = "HEIMDALL_S3_TIMEOUT", global = true, value_name = "DURATION")]
    pub s3_timeout: Option<String>,
    /// While the store is unavailable, longest time between two probes; the first probes come
    /// sooner [default: 10s]
    #[arg(long, env = "HEIMDALL_S3_PROBE_INTERVAL", global = true, value_name = "DURATION")]
    pub s3_probe_interval: Option<String>,
    /// Recordings in flight at once [default: 16]
    #[arg(long, env = "HEIMDALL_CONCURRENCY", global = true, value_name = "N")]
    pub concurrency: Option<String>,
    /// Number of extractor threads [default: one for each processor]
    #[arg(long, env = "HEIMDALL_EXTRACT_THREADS", global = true, value_name = "N")]
    pub extract_threads: Option<String>,
    /// Age of a heartbeat after which other daemons take over; heartbeats come three times as often
    /// [default: 30s]
    #[arg(long, env = "HEIMDALL_LEASE", global = true, value_name = "DURATION")]
    pub lease: Option<String>,
    /// Look for work this often even without a notification [default: 15s]
    #[arg(long, env = "HEIMDALL_POLL_INTERVAL", global = true, value_name = "DURATION")]
    pub poll_interval: Option<String>,
    /// Time between two sweeps, which find recordings that were missed, or `off` [default: 5min]
    #[arg(long, env = "HEIMDALL_SWEEP_INTERVAL", global = true, value_name = "DURATION")]
    pub sweep_interval: Option<String>,
    /// Most sessions that one sweep queues [default: 250]
    #[arg(long, env = "HEIMDALL_SWEEP_RECORDINGS", global = true, value_name = "N")]
    pub sweep_recordings: Option<String>,
    /// Whether the sweep also queues sessions from before the installation, `on` or `off`; they are
    /// usually left to `request_backfill()` [default: off]
    #[arg(long, env = "HEIMDALL_SWEEP_HISTORY", global = true, value_name = "SWITCH")]
    pub sweep_history: Option<String>,
    /// Larger objects become an error row, before or after decompression; bytes or KB, MB, GB, KiB, MiB, GiB [default: 16GiB]
    #[arg(long, env = "HEIMDALL_MAX_OBJECT_BYTES", global = true, value_name = "SIZE")]
    pub max_object_bytes: Option<String>,
    /// Bytes read ahead of the extractor, all recordings together [default: 16MiB]
    #[arg(long, env = "HEIMDALL_MAX_BYTES_IN_FLIGHT", global = true, value_name = "SIZE")]
    pub max_bytes_in_flight: Option<String>,
    /// After SIGTERM, time to finish what is in flight; the rest is released [default: 20s]
    #[arg(long, env = "HEIMDALL_SHUTDOWN_GRACE", global = true, value_name = "DURATION")]
    pub shutdown_grace: Option<String>,
    /// Address of the operator's page, `/healthz`, `/readyz` and `/metrics`, or `off` [default: `127.0.0.1:9464`, or one
    /// of the next ports if that is taken]
    #[arg(long, env = "HEIMDALL_HTTP_ADDR", global = true, value_name = "ADDRESS")]
    pub http_addr: Option<String>,
    /// Names by which the page may be asked besides this host's own and any address, comma-separated
    #[arg(long, env = "HEIMDALL_HTTP_HOSTS", global = true, value_name = "NAMES")]
    pub http_hosts: Option<String>,
    /// File that contains the token for the page's actions; it also reads
    #[arg(long, env = "HEIMDALL_HTTP_TOKEN_FILE", global = true, value_name = "FILE", value_parser = path())]
    pub http_token_file: Option<PathBuf>,
    /// File that contains the token that only reads the page
    #[arg(long, env = "HEIMDALL_HTTP_READ_TOKEN_FILE", global = true, value_name = "FILE", value_parser = path())]
    pub http_read_token_file: Option<PathBuf>,
    /// Postgres with a login in `heimdall_admin`, for the page's actions. Without it the page only reads
    #[arg(
        long,
        env = "HEIMDALL_ADMIN_DATABASE_URL",
        global = true,
        hide_env_values = true,
        value_name = "URL"
    )]
    pub admin_database_url: Option<Secret>,
    /// File that contains the administrator's URL
    #[arg(long, env = "HEIMDALL_ADMIN_DATABASE_URL_FILE", global = true, value_name = "FILE", value_parser = path())]
    pub admin_database_url_file: Option<PathBuf>,
    /// Log filter, for example `info` or `heimdall_daemon=debug` [default: info]
    #[arg(long, env = "HEIMDALL_LOG", global = true, value_name = "FILTER")]
    pub log: Option<String>,
    /// `pretty` or `json` [default: pretty]
    #[arg(long, env = "HEIMDALL_LOG_FORMAT", global = true, value_name = "FORMAT")]
    pub log_format: Option<String>,
    /// What libpq's programs take from the environment
    #[arg(skip)]
    pub libpq: Libpq,
    /// What AWS's programs take from the environment
    #[arg(skip)]
    pub aws: AwsEnvironment,
    /// The proxies for HTTP
    #[arg(skip)]
    pub proxies: ProxyVariables,
}
