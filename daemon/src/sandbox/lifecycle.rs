//! Starts and stops a cluster's server.

use std::fs::File;
use std::process::Child;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::postgres::{Cluster, Durability, PORT};

/// Time limit for the server to accept connections. Crash recovery of a test's data takes far less.
const START_LIMIT: Duration = Duration::from_mins(1);
/// Interval at which the server's status is read while it starts.
const START_POLL: Duration = Duration::from_millis(10);
/// Enough for twenty migrations at the same time, two daemons and a few psql sessions.
const MAX_CONNECTIONS: u16 = 200;
/// Lines of the server's log that an error shows.
const LOG_LINES_SHOWN: usize = 12;

impl Cluster {
    /// Sets server settings (`name=value`) for the next start. They override the cluster's own.
    pub fn set_for_next_start(&mut self, settings: &[&str]) {
        self.more_settings = settings.iter().map(|&setting| setting.to_owned()).collect();
    }

    /// Process id of the running postmaster.
    #[must_use]
    pub fn postmaster_pid(&self) -> Option<u32> {
        self.server.as_ref().map(Child::id)
    }

    /// Stops the server without a checkpoint, as a crash of the machine does. The next start
    /// goes through recovery.
    ///
    /// # Errors
    /// If the server has not ended after 90 seconds.
    pub fn stop_immediate(&mut self) -> Result<()> {
        // A server that stops refuses a new connection only after the client has sent its startup
        // message. It waits for that message up to authentication_timeout (a minute), so a silent
        // connection delays the stop that long.
        self.run("pg_ctl", &["stop", "-s", "-m", "immediate", "-t", "90"])?;
        if let Some(mut server) = self.server.take() {
            server.wait().context("waiting for the server to end")?;
        }
        Ok(())
    }

    /// Starts a stopped server on the same data and the same socket.
    ///
    /// # Errors
    /// If the server ends, or is not ready within a minute. The error shows the end of its log.
    pub fn start_again(&mut self) -> Result<()> {
        let log = self.folder.join("server.log");
        let log = File::options().create(true).append(true).open(log);
        let log = log.context("opening the server's log")?;
        let mut settings = vec![
            "listen_addresses=".to_owned(),
            format!("port={PORT}"),
            format!("unix_socket_directories={}", self.folder.display()),
            format!("max_connections={MAX_CONNECTIONS}"),
        ];
        if self.durability == Durability::None {
            settings.extend(["fsync=off", "synchronous_commit=off", "full_page_writes=off"].map(String::from));
        }
        if self.has_extension("timescaledb") {
            // Its workers would connect to the template of the databases.
            settings.extend(
                [
                    "shared_preload_libraries=timescaledb",
                    "timescaledb.telemetry_level=off",
                    "timescaledb.max_background_workers=0",
                ]
                .map(String::from),
            );
        }
        settings.extend(self.more_settings.iter().cloned());
        let mut command = self.command("postgres");
        for setting in settings {
            command.arg("-c").arg(setting);
        }
        command
            .stdout(log.try_clone().context("opening the server's log")?)
            .stderr(log);
        self.server = Some(command.spawn().context("starting postgres")?);
        self.wait_until_ready()
    }

    /// Stops as [`Self::stop_immediate`] does and starts again.
    ///
    /// # Errors
    /// As [`Self::stop_immediate`] and [`Self::start_again`].
    pub fn restart(&mut self) -> Result<()> {
        self.stop_immediate()?;
        self.start_again()
    }

    /// Reads the server's status from its pid file, as `pg_ctl -w` does. The eighth line is the
    /// status. The first line is the process id: a killed server leaves its file behind.
    fn wait_until_ready(&mut self) -> Result<()> {
        let pid_file = self.data_folder().join("postmaster.pid");
        let deadline = Instant::now() + START_LIMIT;
        while let Some(server) = &mut self.server {
            let pid = server.id().to_string();
            let text = std::fs::read_to_string(&pid_file).unwrap_or_default();
            let mut lines = text.lines().map(str::trim);
            if lines.next() == Some(&*pid) && lines.nth(6) == Some("ready") {
                return Ok(());
            }
            if let Some(status) = server.try_wait().context("watching the server start")? {
                self.server = None;
                bail!("postgres ended with {status}:\n{}", self.log_tail());
            }
            if Instant::now() > deadline {
                break;
            }
            std::thread::sleep(START_POLL);
        }
        bail!("postgres is not ready after {START_LIMIT:?}:\n{}", self.log_tail())
    }

    /// What the server has written to its log.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("server.log")).unwrap_or_default()
    }

    /// The last lines of the server's log.
    pub(super) fn log_tail(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(LOG_LINES_SHOWN)..].join("\n")
    }
}
