//! Turns arguments into settings. All errors are reported together, so that an operator can correct
//! them at once.

use std::time::Duration;

use clap::ValueEnum;
use tracing_subscriber::filter::Targets;

use super::arguments::Arguments;
use super::credentials::DatabaseUrl;
use super::log_filter::log_filter;
use super::secret::Secret;
use super::settings::{ConfigErrors, DEFAULT_LOG, ListenerUrl, LogFormat, Settings, SweepSettings};
use super::validation::{Given, Validator, given, is_off};

/// Enough to hide the latency of the store on a few cores. Sixteen partly read recordings fit into
/// 64 MB.
const DEFAULT_CONCURRENCY: usize = 16;
/// One claim takes at most this many rows; with more, a crash would only release more rows.
const MAX_CONCURRENCY: usize = 1024;
/// One hour at 200 kHz is 5.8 GB; no recording of this network is almost three times as long.
const DEFAULT_MAX_OBJECT_BYTES: u64 = 16 << 30;
/// Ten blocks of read-ahead for each of 16 recordings would be 40 MB; 16 MiB keep all extractor
/// threads busy.
const DEFAULT_MAX_BYTES_IN_FLIGHT: u64 = 16 << 20;
/// With less, two recordings could not both have a block in memory.
const MIN_BYTES_IN_FLIGHT: u64 = 1 << 20;

/// A URL without parameters: all of them are libpq's variables.
const LIBPQ_ALONE: &str = "postgresql://";

impl Arguments {
    /// Everything that `heimdalld run` needs.
    ///
    /// # Errors
    /// All wrong and missing settings.
    pub fn settings(&self) -> Result<Settings, ConfigErrors> {
        let mut check = Validator::default();
        let c = &mut check;
        let (ms, seconds, day) = (Duration::from_millis, Duration::from_secs, Duration::from_hours(24));
        let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let settings = Settings {
            database_url: self.database_url(c),
            listener: self.listener(c),
            store: self.store(c),
            concurrency: c.count(given!(self.concurrency), DEFAULT_CONCURRENCY, 1..=MAX_CONCURRENCY),
            extract_threads: c.count(given!(self.extract_threads), processors, 1..=MAX_CONCURRENCY),
            lease: c.duration(given!(self.lease), seconds(30), seconds(1)..=day),
            poll_interval: c.duration(given!(self.poll_interval), seconds(15), ms(10)..=day),
            sweep: SweepSettings {
                interval: c.optional_duration(given!(self.sweep_interval), seconds(300), ms(100)..=day * 30),
                max_recordings: c.count(given!(self.sweep_recordings), 250, 1..=1_000_000),
                include_history: c.switch(given!(self.sweep_history), false),
            },
            max_object_bytes: c.size(given!(self.max_object_bytes), DEFAULT_MAX_OBJECT_BYTES, 1),
            max_bytes_in_flight: c.size(
                given!(self.max_bytes_in_flight),
                DEFAULT_MAX_BYTES_IN_FLIGHT,
                MIN_BYTES_IN_FLIGHT,
            ),
            shutdown_grace: c.duration(given!(self.shutdown_grace), seconds(20), ms(0)..=day),
            http: c.http(given!(self.http_addr)),
            page: self.page(c),
        };
        // The log starts after the settings are checked.
        if let Err(error) = self.log_filter() {
            c.error("HEIMDALL_LOG", error);
        }
        if let Err(error) = self.log_format() {
            c.error("HEIMDALL_LOG_FORMAT", error);
        }
        check.finish(settings)
    }

    pub(super) fn database_url(&self, check: &mut Validator) -> DatabaseUrl {
        const NAME: &str = "HEIMDALL_DATABASE_URL";
        let (url, file) = (self.database_url.as_ref(), self.database_url_file.as_ref());
        let url = if url.is_none() && file.is_none() && self.libpq.names_server() {
            Secret::new(LIBPQ_ALONE)
        } else {
            check.secret(NAME, url, file)
        };
        check.database_url(NAME, self.database_at(url))
    }

    pub(super) fn database_at(&self, url: Secret) -> DatabaseUrl {
        DatabaseUrl {
            url,
            authorities: self.database_ca_file.clone(),
            libpq: self.libpq.clone(),
        }
    }

    pub(super) fn listener(&self, check: &mut Validator) -> ListenerUrl {
        const NAME: &str = "HEIMDALL_LISTENER_DATABASE_URL";
        let url = self.listener_database_url.as_ref();
        let file = self.listener_database_url_file.as_ref();
        if url.is_none() && file.is_none() {
            return ListenerUrl::SameAsDatabase;
        }
        let url = check.secret(NAME, url, file);
        if is_off(url.expose()) {
            return ListenerUrl::Disabled;
        }
        ListenerUrl::Separate(check.database_url(NAME, self.database_at(url)))
    }

    /// The log filter.
    ///
    /// # Errors
    /// When a part of it is neither a level nor `module=level`.
    pub fn log_filter(&self) -> Result<Targets, String> {
        log_filter(self.log.as_deref().unwrap_or(DEFAULT_LOG))
    }

    /// The log format.
    ///
    /// # Errors
    /// When it is neither `pretty` nor `json`.
    pub fn log_format(&self) -> Result<LogFormat, String> {
        match self.log_format.as_deref() {
            None => Ok(LogFormat::default()),
            Some(text) => LogFormat::from_str(text, true).map_err(|_| format!("'{text}' is neither pretty nor json")),
        }
    }
}

impl Settings {
    /// Settings for these servers; everything else has its default.
    ///
    /// # Errors
    /// When the database URL or the endpoint is wrong.
    pub fn for_servers(
        database_url: &str,
        endpoint: &str,
        bucket: &str,
        access_key: &str,
        secret_key: &str,
    ) -> Result<Self, ConfigErrors> {
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
    fn the_sweep_has_an_off_and_leaves_history_alone_unless_told_otherwise() {
        let sweep = |interval: Option<&str>, history: Option<&str>| {
            let arguments = Arguments {
                database_url: Some(Secret::new("postgresql://u@db/x")),
                s3_endpoint: Some("http://s".to_owned()),
                s3_access_key: Some(Secret::new("a")),
                s3_secret_key: Some(Secret::new("b")),
                sweep_interval: interval.map(str::to_owned),
                sweep_history: history.map(str::to_owned),
                ..Arguments::default()
            };
            arguments.settings().map(|settings| settings.sweep)
        };
        let default = sweep(None, None).unwrap();
        assert_eq!(default.interval, Some(Duration::from_mins(5)));
        assert!(!default.include_history);
        for off in ["off", "OFF", "0", "0s"] {
            assert_eq!(sweep(Some(off), None).unwrap().interval, None, "{off}");
        }
        for (switch, expected) in [
            ("on", true),
            ("True", true),
            ("yes", true),
            ("1", true),
            ("No", false),
            ("0", false),
        ] {
            assert_eq!(sweep(None, Some(switch)).unwrap().include_history, expected, "{switch}");
        }
        assert!(sweep(Some("1ms"), None).is_err());
        assert!(sweep(None, Some("sometimes")).is_err());
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
