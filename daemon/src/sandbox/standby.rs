//! A second server that follows a cluster and can take over from it, for tests of a switch-over.

use super::error::Result;
use super::postgres::{Cluster, PORT};

/// How long a promotion may take, seconds.
const PROMOTION_LIMIT_S: &str = "30";

impl Cluster {
    /// Copies the running cluster and starts the copy as its hot standby.
    ///
    /// # Errors
    /// When the copy cannot be made or does not start.
    pub fn standby(&self) -> Result<Self> {
        let mut standby = Self::found(self.durability)?;
        let source = self.socket_folder().to_string_lossy().into_owned();
        let port = PORT.to_string();
        let arguments = ["--host", &source, "--port", &port, "--username", "postgres"];
        let how = [
            "--write-recovery-conf",
            "--wal-method=stream",
            "--checkpoint=fast",
            "--no-sync",
        ];
        standby.run("pg_basebackup", &[&arguments[..], &how[..]].concat())?;
        standby.start_again()?;
        Ok(standby)
    }

    /// Makes a standby the primary.
    ///
    /// # Errors
    /// When it does not become one within half a minute.
    pub fn promote(&self) -> Result<()> {
        self.run("pg_ctl", &["promote", "-s", "-w", "-t", PROMOTION_LIMIT_S])
    }

    /// What the server has written to its log.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("server.log")).unwrap_or_default()
    }
}
