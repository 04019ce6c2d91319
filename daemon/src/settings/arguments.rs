//! Settings as typed, and what they mean.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::check::Checker;
use super::{
    DEFAULT_CONCURRENCY, DEFAULT_LOG, DEFAULT_MAX_BYTES_IN_FLIGHT, DEFAULT_MAX_OBJECT_BYTES, DatabaseUrl, Keys,
    Listening, LogFormat, MAX_CONCURRENCY, MIN_BYTES_IN_FLIGHT, Secret, Settings, StoreSettings, WrongSettings,
};

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
    /// PEM file of the authorities whose certificates the database may show, in place of the system's; asks for TLS
    #[arg(long, env = "HEIMDALL_DATABASE_CA_FILE", global = true, value_name = "FILE")]
    pub database_ca_file: Option<PathBuf>,
    /// Where the listener connects if `--database-url` leads through a transaction
    /// pooler: the direct way past it, or `off` to poll every second instead
    #[arg(
        long,
        env = "HEIMDALL_LISTENER_DATABASE_URL",
        global = true,
        hide_env_values = true,
        value_name = "URL"
    )]
    pub listener_database_url: Option<Secret>,
    /// File that holds it
    #[arg(
        long,
        env = "HEIMDALL_LISTENER_DATABASE_URL_FILE",
        global = true,
        value_name = "FILE"
    )]
    pub listener_database_url_file: Option<PathBuf>,
    /// Object store, for example `http://minio:9000`
    #[arg(long, env = "HEIMDALL_S3_ENDPOINT", global = true, value_name = "URL")]
    pub s3_endpoint: Option<String>,
    /// PEM file of the authorities whose certificates the store may show, in place of the system's
    #[arg(long, env = "HEIMDALL_S3_CA_FILE", global = true, value_name = "FILE")]
    pub s3_ca_file: Option<PathBuf>,
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
    /// While the store is away, look for it this often at least; the first looks come sooner [default: 10s]
    #[arg(long, env = "HEIMDALL_S3_PROBE_INTERVAL", global = true, value_name = "DURATION")]
    pub s3_probe_interval: Option<String>,
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
    /// Where `/healthz`, `/readyz` and `/metrics` are, or `off`
    /// [default: `127.0.0.1:9464`, or one of the next ports where that is taken]
    #[arg(long, env = "HEIMDALL_HTTP_ADDR", global = true, value_name = "ADDRESS")]
    pub http_addr: Option<String>,
    /// Log filter, for example `info` or `heimdall_daemon=debug` [default: info]
    #[arg(long, env = "HEIMDALL_LOG", global = true, value_name = "FILTER")]
    pub log: Option<String>,
    /// `pretty` or `json` [default: pretty]
    #[arg(long, env = "HEIMDALL_LOG_FORMAT", global = true, value_name = "FORMAT")]
    pub log_format: Option<String>,
}

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
            listening: self.listening(c),
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
            http: c.http(self.http_addr.as_deref()),
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

    fn database_url(&self, check: &mut Checker) -> DatabaseUrl {
        const NAME: &str = "HEIMDALL_DATABASE_URL";
        let file = self.database_url_file.as_ref();
        let url = check.secret(NAME, self.database_url.as_ref(), file);
        check.database_url(NAME, url, file, self.database_ca_file.as_ref())
    }

    fn listening(&self, check: &mut Checker) -> Listening {
        const NAME: &str = "HEIMDALL_LISTENER_DATABASE_URL";
        let (url, file) = (
            self.listener_database_url.as_ref(),
            self.listener_database_url_file.as_ref(),
        );
        if url.is_none() && file.is_none() {
            return Listening::Same;
        }
        let url = check.secret(NAME, url, file);
        if url.expose() == "off" {
            return Listening::Off;
        }
        Listening::At(check.database_url(NAME, url, file, self.database_ca_file.as_ref()))
    }

    fn store(&self, check: &mut Checker) -> StoreSettings {
        let key = (self.s3_access_key.as_ref(), self.s3_access_key_file.as_ref());
        let secret = (self.s3_secret_key.as_ref(), self.s3_secret_key_file.as_ref());
        let endpoint = check.endpoint(self.s3_endpoint.as_deref());
        StoreSettings {
            tls: check.store_tls(&endpoint, self.s3_ca_file.as_ref()),
            endpoint,
            region: self.s3_region.clone().unwrap_or_else(|| "us-east-1".to_owned()),
            buckets: check.buckets(self.s3_bucket.as_deref()),
            keys: Keys {
                access: check.secret("HEIMDALL_S3_ACCESS_KEY", key.0, key.1),
                secret: check.secret("HEIMDALL_S3_SECRET_KEY", secret.0, secret.1),
                access_file: self.s3_access_key_file.clone(),
                secret_file: self.s3_secret_key_file.clone(),
            },
            timeout: check.duration(
                "HEIMDALL_S3_TIMEOUT",
                self.s3_timeout.as_ref(),
                Duration::from_secs(20),
                Duration::from_millis(100)..=Duration::from_hours(1),
            ),
            probe_interval: check.duration(
                "HEIMDALL_S3_PROBE_INTERVAL",
                self.s3_probe_interval.as_ref(),
                Duration::from_secs(10),
                Duration::from_millis(10)..=Duration::from_hours(1),
            ),
        }
    }

    /// The database URL alone, for commands that need no object store.
    ///
    /// # Errors
    /// When it is missing or wrong.
    pub fn database(&self) -> Result<Secret, WrongSettings> {
        let mut check = Checker::default();
        let url = self.database_url(&mut check).url;
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
