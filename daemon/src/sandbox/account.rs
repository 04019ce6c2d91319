//! The account that runs the cluster's programs, and the folder that belongs to it.

use std::fs::DirBuilder;
use std::hash::{BuildHasher, RandomState};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

/// `sun_path` holds 104 bytes on macOS and 108 on Linux, with the zero at the end.
const MAX_SOCKET_PATH_BYTES: usize = 103;

/// An account that is not root: Postgres refuses to run as root.
#[derive(Debug)]
pub(super) struct Account {
    uid: u32,
    gid: u32,
}

impl Account {
    /// Returns `None` if this process does not run as root. Else returns the account `postgres`,
    /// which packages create, or `nobody`.
    pub(super) fn unprivileged() -> Result<Option<Self>> {
        let id = |arguments: &[&str]| -> Option<u32> {
            let output = Command::new("id").args(arguments).output().ok()?;
            String::from_utf8_lossy(&output.stdout).trim().parse().ok()
        };
        if id(&["-u"]) != Some(0) {
            return Ok(None);
        }
        let account = ["postgres", "nobody"].into_iter().find_map(|name| {
            Some(Self {
                uid: id(&["-u", name])?,
                gid: id(&["-g", name])?,
            })
        });
        account
            .map(Some)
            .context("postgres does not run as root, and no user is called postgres or nobody")
    }

    /// Whether this account can enter every folder on the way to `path`.
    fn can_enter(&self, path: &Path) -> bool {
        path.ancestors().all(|folder| {
            std::fs::metadata(folder).is_ok_and(|folder| {
                let shift = match () {
                    () if folder.uid() == self.uid => 6,
                    () if folder.gid() == self.gid => 3,
                    () => 0,
                };
                (folder.mode() >> shift) & 1 == 1
            })
        })
    }
}

/// A command that runs as `account`, or as this process's account.
///
/// It has its own process group: Ctrl-C in the terminal reaches only this process, which then stops
/// the server in order. It inherits no variable that changes what Postgres does.
pub(super) fn command_as(account: Option<&Account>, program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder).process_group(0);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    for (name, _) in std::env::vars_os() {
        if name.as_bytes().starts_with(b"PG") || name.as_bytes().starts_with(b"LC_") {
            command.env_remove(name);
        }
    }
    command.env("LC_ALL", "C");
    if let Some(account) = account {
        command.uid(account.uid).gid(account.gid);
    }
    command
}

/// Makes an empty folder that only the cluster's account can enter.
///
/// Its parent is the first temporary folder that the account can reach and whose path is short
/// enough for a socket called `socket` in the new folder.
pub(super) fn make_folder(account: Option<&Account>, socket: &str) -> Result<PathBuf> {
    let parents = [std::env::temp_dir(), PathBuf::from("/tmp"), PathBuf::from("/var/tmp")];
    let name = format!("heimdall-{:016x}", RandomState::new().hash_one(std::process::id()));
    let socket_suffix = format!("/{name}/{socket}");
    let parent = (parents.iter().filter_map(|parent| parent.canonicalize().ok()))
        .filter(|parent| parent.as_os_str().len() + socket_suffix.len() <= MAX_SOCKET_PATH_BYTES)
        .find(|parent| account.is_none_or(|account| account.can_enter(parent)))
        .with_context(|| format!("no temporary folder for the cluster: tried {parents:?}"))?;
    let folder = parent.join(name);
    (DirBuilder::new().mode(0o700).create(&folder))
        .and_then(|()| account.map_or(Ok(()), |account| chown(&folder, Some(account.uid), Some(account.gid))))
        .with_context(|| format!("making {}", folder.display()))?;
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_can_enter_a_folder_only_if_it_can_enter_every_parent() {
        let nobody = Account {
            uid: 65_534,
            gid: 65_534,
        };
        assert!(nobody.can_enter(Path::new("/tmp")));
        assert!(!nobody.can_enter(Path::new("/nonexistent")));
    }
}
