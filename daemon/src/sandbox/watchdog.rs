//! Cleans up after a cluster, however this process ends.

use std::path::Path;
use std::process::{Child, Stdio};

use anyhow::{Context, Result};

use super::account::{Account, command_as};

/// Waits for the end of standard input, then stops the server and removes the folder. `$1` is
/// `pg_ctl`, `$2` the folder. The backends of a killed postmaster end by themselves.
const SCRIPT: &str = r#"
trap '' HUP INT TERM
while read -r _; do :; done
if [ -f "$2/data/postmaster.pid" ]; then
    "$1" stop -s -D "$2/data" -m fast -t 10 || "$1" stop -s -D "$2/data" -m immediate -t 10 ||
        kill -9 "$(head -n 1 "$2/data/postmaster.pid")"
fi
for _ in 1 2 3 4 5; do rm -rf "$2" && break; sleep 1; done
"#;

/// A shell that reads a pipe to which only this process can write.
///
/// The kernel closes the pipe when this process ends: normally, by a panic, by Ctrl-C or by
/// SIGKILL. The shell then stops the server and removes the folder. Dropping the value closes the
/// same pipe and waits for the shell, so every run uses the same clean-up.
#[derive(Debug)]
pub(super) struct Watchdog(Child);

impl Watchdog {
    /// Starts the shell. Removes the folder, which must be empty, if that fails.
    pub(super) fn start(account: Option<&Account>, pg_ctl: &Path, folder: &Path) -> Result<Self> {
        let shell = command_as(account, Path::new("/bin/sh"), folder)
            .args(["-c", SCRIPT, "sh"])
            .args([pg_ctl, folder])
            .stdin(Stdio::piped())
            .spawn();
        if shell.is_err() {
            let _ = std::fs::remove_dir(folder);
        }
        shell.map(Self).context("starting the cluster's watchdog")
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}
