//! A second server that follows a cluster and can replace it, for tests of a failover.

use anyhow::Result;

use super::postgres::{Cluster, PORT};

/// Time limit for a promotion, in seconds.
const PROMOTION_LIMIT_S: &str = "30";

impl Cluster {
    /// Copies the running cluster and starts the copy as its hot standby.
    ///
    /// # Errors
    /// If the copy fails or does not start.
    pub fn standby(&self) -> Result<Self> {
        let mut standby = Self::prepare(self.durability)?;
        let source = self.folder.to_string_lossy();
        let port = PORT.to_string();
        let arguments = [
            "--host",
            &source,
            "--port",
            &port,
            "--username",
            "postgres",
            "--write-recovery-conf",
            "--wal-method=stream",
            "--checkpoint=fast",
            "--no-sync",
        ];
        standby.run("pg_basebackup", &arguments)?;
        standby.start_again()?;
        Ok(standby)
    }

    /// Makes a standby the primary.
    ///
    /// # Errors
    /// If it is not the primary within half a minute.
    pub fn promote(&self) -> Result<()> {
        self.run("pg_ctl", &["promote", "-s", "-w", "-t", PROMOTION_LIMIT_S])
    }
}
