//! Finds the Postgres server programs of this machine, and tells how to install them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

/// The oldest major version that runs the SQL under `sql/`.
const OLDEST_MAJOR: u32 = 14;

/// The programs that the sandbox needs.
const PROGRAMS: [&str; 3] = ["initdb", "postgres", "pg_ctl"];

/// Folders where packages put the server programs, searched after `PATH` and `pg_config --bindir`.
const USUAL_FOLDERS: [&str; 10] = [
    "/usr/lib/postgresql/*/bin",   // Debian, Ubuntu
    "/usr/pgsql-*/bin",            // PGDG packages for RHEL and Fedora
    "/usr/libexec/postgresql*",    // Alpine
    "/usr/lib/postgresql*/bin",    // openSUSE
    "/usr/lib64/postgresql-*/bin", // Gentoo
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/opt/postgresql*/bin",
    "/home/linuxbrew/.linuxbrew/opt/postgresql*/bin",
    "/opt/local/lib/postgresql*/bin", // MacPorts
    "/Applications/Postgres.app/Contents/Versions/*/bin",
];

/// Names the only folder to search, for example to use another version than the newest one.
const CHOSEN_FOLDER: &str = "HEIMDALL_POSTGRES_BIN";

/// A folder that holds `initdb`, `postgres` and `pg_ctl` of one version.
#[derive(Debug, Clone)]
pub struct Binaries {
    folder: PathBuf,
    version: String,
    major: u32,
}

impl Binaries {
    /// Finds the newest server on this machine, or the one in `HEIMDALL_POSTGRES_BIN`.
    ///
    /// # Errors
    /// If there is none of version 14 or later. The error tells how to install it.
    pub fn find() -> Result<Self> {
        match std::env::var_os(CHOSEN_FOLDER) {
            Some(folder) => Self::chosen(folder.into()),
            None => Self::newest(candidate_folders()),
        }
    }

    fn chosen(folder: PathBuf) -> Result<Self> {
        let name = folder.display().to_string();
        Self::in_folder(folder)
            .filter(|binaries| binaries.major >= OLDEST_MAJOR)
            .with_context(|| {
                format!(
                    "{CHOSEN_FOLDER}={name} has no PostgreSQL server of version {OLDEST_MAJOR} or later (initdb, postgres, pg_ctl)"
                )
            })
    }

    /// The newest usable server in `folders`. If two have the same version, the first one.
    fn newest(folders: impl IntoIterator<Item = PathBuf>) -> Result<Self> {
        let found = folders.into_iter().filter_map(Self::in_folder);
        let (usable, too_old): (Vec<_>, Vec<_>) = found.partition(|binaries| binaries.major >= OLDEST_MAJOR);
        // `max_by_key` returns the last of several equal ones.
        let newest = usable.into_iter().rev().max_by_key(|binaries| binaries.major);
        newest.with_context(|| nothing_found(&too_old))
    }

    fn in_folder(folder: PathBuf) -> Option<Self> {
        if !PROGRAMS.iter().all(|name| folder.join(name).is_file()) {
            return None;
        }
        let output = Command::new(folder.join("postgres")).arg("--version").output().ok()?;
        let (version, major) = parse_version(&String::from_utf8_lossy(&output.stdout))?;
        Some(Self { folder, version, major })
    }

    /// The full path of one of the programs.
    #[must_use]
    pub fn path(&self, program: &str) -> PathBuf {
        self.folder.join(program)
    }

    /// The version that `postgres --version` prints, for example `15.18`.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Whether this server has the files of an extension.
    #[must_use]
    pub fn has_extension(&self, name: &str) -> bool {
        let output = Command::new(self.path("pg_config")).arg("--sharedir").output();
        let Ok(output) = output else { return false };
        let folder = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        Path::new(&folder).join(format!("extension/{name}.control")).is_file()
    }
}

/// Returns `15.18` and `15` for `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`. Also reads
/// `17beta2`.
fn parse_version(text: &str) -> Option<(String, u32)> {
    let version = text
        .split_whitespace()
        .find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    let digits = version.split(|c: char| !c.is_ascii_digit()).next()?;
    Some((version.to_owned(), digits.parse().ok()?))
}

/// Every folder to search. Of two folders with the same version, the first one is used.
fn candidate_folders() -> Vec<PathBuf> {
    let mut folders = path_folders();
    if let Ok(output) = Command::new("pg_config").arg("--bindir").output() {
        folders.push(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    }
    folders.extend(USUAL_FOLDERS.iter().flat_map(|pattern| matching(pattern)));
    // `/usr/local/bin/postgres` can be a symbolic link into the folder of a version. initdb
    // searches for the other programs in the folder that the link leads to, and so do we.
    let mut known = BTreeSet::new();
    (folders.iter())
        .filter_map(|folder| folder.join("postgres").canonicalize().ok())
        .filter_map(|program| program.parent().map(Path::to_path_buf))
        .filter(|folder| known.insert(folder.clone()))
        .collect()
}

/// The folders of `PATH`.
fn path_folders() -> Vec<PathBuf> {
    std::env::var_os("PATH")
        .map(|path| std::env::split_paths(&path).collect())
        .unwrap_or_default()
}

/// The existing paths that match a pattern, in alphabetical order.
fn matching(pattern: &str) -> Vec<PathBuf> {
    glob::glob(pattern).map_or_else(|_| Vec::new(), |paths| paths.flatten().collect())
}

/// Package managers, and the command that installs the server programs.
const INSTALL_COMMANDS: [(&str, &str); 6] = [
    ("apt-get", "apt-get update && apt-get install -y postgresql"),
    ("dnf", "dnf install -y postgresql-server"),
    ("apk", "apk add postgresql"),
    ("zypper", "zypper install -y postgresql-server"),
    ("pacman", "pacman -S postgresql"),
    ("brew", "brew install postgresql@17"),
];

/// The error text if there is no usable server.
fn nothing_found(too_old: &[Binaries]) -> String {
    let folders = path_folders();
    let is_on_path = |program: &str| folders.iter().any(|folder| folder.join(program).is_file());
    let command = (INSTALL_COMMANDS.iter())
        .find(|(program, _)| is_on_path(program))
        .map_or(
            "install the package that has PostgreSQL's initdb and postgres",
            |(_, command)| command,
        );
    let too_old: Vec<String> = (too_old.iter())
        .map(|binaries| format!("{} in {}", binaries.version, binaries.folder.display()))
        .collect();
    let older = if too_old.is_empty() {
        String::new()
    } else {
        format!(" (only {})", too_old.join(", "))
    };
    format!(
        "no PostgreSQL server of version {OLDEST_MAJOR} or later on this machine{older}; \
         only its programs are needed, no running server. As an administrator type:\n    {command}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read_from_the_output_of_postgres() {
        let of = |text| parse_version(text);
        assert_eq!(
            of("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"),
            Some(("15.18".into(), 15))
        );
        assert_eq!(of("postgres (PostgreSQL) 17beta2"), Some(("17beta2".into(), 17)));
        assert_eq!(of("bash: postgres: not found"), None);
    }

    #[test]
    fn without_a_server_the_error_tells_how_to_install_one() {
        let error = Binaries::newest([PathBuf::from("/nonexistent")]).expect_err("no server");
        let text = error.to_string();
        assert!(
            text.starts_with("no PostgreSQL server of version 14 or later"),
            "{text}"
        );
        assert!(
            text.contains("install") || text.contains("add") || text.contains("-S"),
            "{text}"
        );
    }

    #[test]
    fn the_newest_version_is_used() -> std::io::Result<()> {
        let root = std::env::temp_dir().join(format!("heimdall-binaries-{}", std::process::id()));
        for major in [13, 16, 15] {
            let folder = root.join(major.to_string());
            std::fs::create_dir_all(&folder)?;
            for name in PROGRAMS {
                let path = folder.join(name);
                std::fs::write(&path, format!("#!/bin/sh\necho 'postgres (PostgreSQL) {major}.1'\n"))?;
                std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
            }
        }
        let pattern = format!("{}/*", root.display());
        let newest = Binaries::newest(matching(&pattern)).map(|binaries| binaries.version);
        let oldest = Binaries::newest([root.join("13")]).map(|binaries| binaries.version);
        let chosen = Binaries::chosen(root.join("15")).map(|binaries| binaries.version);
        let too_old = Binaries::chosen(root.join("13")).map(|binaries| binaries.version);
        std::fs::remove_dir_all(&root)?;
        assert_eq!(newest.expect("version 16"), "16.1");
        assert_eq!(chosen.expect("version 15"), "15.1");
        assert!(
            too_old
                .expect_err("13 is too old")
                .to_string()
                .contains("HEIMDALL_POSTGRES_BIN=")
        );
        assert!(oldest.expect_err("13 is too old").to_string().contains("only 13.1 in"));
        Ok(())
    }
}
