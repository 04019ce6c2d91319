//! Whom the cluster's programs run as, since Postgres refuses root, and the folder that belongs to them.

use std::fs::DirBuilder;
use std::hash::{BuildHasher, RandomState};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::error::{Context, Result, SandboxError};

/// `sun_path` holds 104 bytes on macOS and 108 on Linux, the closing zero included.
const LONGEST_SOCKET_PATH: usize = 103;

/// Whom to run as: the server refuses root.
#[derive(Debug)]
pub(super) struct Account {
    uid: u32,
    gid: u32,
}

impl Account {
    /// `None` for an ordinary user, else `postgres` where packages made one, else `nobody`.
    pub(super) fn to_drop_to() -> Result<Option<Self>> {
        let id = |arguments: &[&str]| -> Option<u32> {
            let output = Command::new("id").args(arguments).output().ok()?;
            String::from_utf8_lossy(&output.stdout).trim().parse().ok()
        };
        if id(&["-u"]) != Some(0) {
            return Ok(None);
        }
        (["postgres", "nobody"].into_iter())
            .find_map(|name| {
                Some(Self {
                    uid: id(&["-u", name])?,
                    gid: id(&["-g", name])?,
                })
            })
            .map(Some)
            .ok_or_else(|| {
                SandboxError::new("postgres does not run as root, and there is neither a user postgres nor nobody")
            })
    }

    /// Whether this account can get through every folder down to `path`.
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

/// A program as the account that the cluster belongs to, in its own process group (a Ctrl-C on the
/// terminal is for us, who then stop the server in order) and with nothing inherited that would
/// change what Postgres does.
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

/// Makes an empty folder that only the cluster's account may enter, in the first of the
/// temporary folders which that account can reach and whose path is short enough for `socket` in it.
pub(super) fn make_folder(account: Option<&Account>, socket: &str) -> Result<PathBuf> {
    let bases = [std::env::temp_dir(), PathBuf::from("/tmp"), PathBuf::from("/var/tmp")];
    let name = format!("heimdall-{:016x}", RandomState::new().hash_one(std::process::id()));
    let socket_suffix = format!("/{name}/{socket}");
    let base = (bases.iter().filter_map(|base| base.canonicalize().ok()))
        .filter(|base| base.as_os_str().len() + socket_suffix.len() <= LONGEST_SOCKET_PATH)
        .find(|base| account.is_none_or(|account| account.can_enter(base)))
        .ok_or_else(|| SandboxError::new(format!("no temporary folder for the cluster: tried {bases:?}")))?;
    let folder = base.join(name);
    let doing = format!("making {}", folder.display());
    DirBuilder::new().mode(0o700).create(&folder).context(&doing)?;
    if let Some(account) = account {
        chown(&folder, Some(account.uid), Some(account.gid)).context(&doing)?;
    }
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_enters_only_where_every_folder_lets_it() {
        let nobody = Account {
            uid: 65_534,
            gid: 65_534,
        };
        assert!(nobody.can_enter(Path::new("/tmp")));
        assert!(!nobody.can_enter(Path::new("/nonexistent")));
    }
}
