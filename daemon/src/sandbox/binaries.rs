//! The system's Postgres server binaries: where they may be, which to take, what to type
//! when there are none.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::error::{Result, SandboxError};

/// The oldest major version that the SQL under `sql/` runs on.
const OLDEST_MAJOR: u32 = 14;

/// Folders where packages put server binaries beside `PATH` and `pg_config --bindir`. A `*` stands
/// for any rest of that one path element.
const USUAL_FOLDERS: &[&str] = &[
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

/// Names the one folder to take them from: to try another version than the newest that is installed.
const CHOSEN_FOLDER: &str = "HEIMDALL_POSTGRES_BIN";

/// A folder that holds `initdb`, `postgres` and `pg_ctl` of one version.
#[derive(Debug, Clone)]
pub struct Binaries {
    folder: PathBuf,
    version: String,
    major: u32,
}

impl Binaries {
    /// Finds the newest server on this machine, or takes the one in `HEIMDALL_POSTGRES_BIN`.
    ///
    /// # Errors
    /// When there is none of version 14 or later; the sentence says what to type.
    pub fn find() -> Result<Self> {
        match std::env::var_os(CHOSEN_FOLDER) {
            Some(folder) => Self::chosen(folder.into()),
            None => Self::newest(candidate_folders()),
        }
    }

    fn chosen(folder: PathBuf) -> Result<Self> {
        let said = folder.display().to_string();
        (Self::in_folder(folder).filter(|binaries| binaries.major >= OLDEST_MAJOR)).ok_or_else(|| {
            SandboxError::new(format!(
                "{CHOSEN_FOLDER}={said} has no PostgreSQL server of version {OLDEST_MAJOR} or later (initdb, postgres, pg_ctl)"
            ))
        })
    }

    /// The newest usable server in `folders`.
    fn newest(folders: impl IntoIterator<Item = PathBuf>) -> Result<Self> {
        let found: Vec<Self> = folders.into_iter().filter_map(Self::in_folder).collect();
        let too_old: Vec<String> = (found.iter())
            .filter(|binaries| binaries.major < OLDEST_MAJOR)
            .map(|binaries| format!("{} in {}", binaries.version, binaries.folder.display()))
            .collect();
        // Of two folders with the same version the first one wins: PATH comes first.
        (found.into_iter().rev())
            .filter(|binaries| binaries.major >= OLDEST_MAJOR)
            .max_by_key(|binaries| binaries.major)
            .ok_or_else(|| SandboxError::new(nothing_found(&too_old)))
    }

    fn in_folder(folder: PathBuf) -> Option<Self> {
        let complete = ["initdb", "postgres", "pg_ctl"]
            .iter()
            .all(|name| folder.join(name).is_file());
        if !complete {
            return None;
        }
        let output = Command::new(folder.join("postgres")).arg("--version").output().ok()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let (version, major) = parse_version(&text)?;
        Some(Self { folder, version, major })
    }

    /// The full path of one of the programs.
    #[must_use]
    pub fn path(&self, program: &str) -> PathBuf {
        self.folder.join(program)
    }

    /// The version as `postgres --version` gives it, for example `15.18`.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }
}

/// Takes `15.18` and `15` out of `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`; also
/// reads `17beta2`.
fn parse_version(text: &str) -> Option<(String, u32)> {
    let version = text
        .split_whitespace()
        .find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    let digits = version.split(|c: char| !c.is_ascii_digit()).next()?;
    Some((version.to_owned(), digits.parse().ok()?))
}

/// Every folder to look into, in the order of preference within one version.
fn candidate_folders() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = std::env::var_os("PATH")
        .map(|path| std::env::split_paths(&path).collect())
        .unwrap_or_default();
    if let Ok(output) = Command::new("pg_config").arg("--bindir").output() {
        folders.push(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    }
    folders.extend(USUAL_FOLDERS.iter().flat_map(|pattern| expand(pattern)));
    // `/usr/local/bin/postgres` may be a link into a version's folder: initdb looks for its
    // neighbours behind the link, and so do we.
    let mut seen = BTreeSet::new();
    (folders.into_iter())
        .filter_map(|folder| {
            folder
                .join("postgres")
                .canonicalize()
                .ok()?
                .parent()
                .map(Path::to_path_buf)
        })
        .filter(|folder| seen.insert(folder.clone()))
        .collect()
}

/// The existing folders that match a pattern with one `*` in it.
fn expand(pattern: &str) -> Vec<PathBuf> {
    let Some((before, after)) = pattern.split_once('*') else {
        return vec![PathBuf::from(pattern)];
    };
    let Some((parent, prefix)) = before.rsplit_once('/') else {
        return Vec::new();
    };
    let Ok(entries) = std::fs::read_dir(parent) else {
        return Vec::new();
    };
    let mut folders: Vec<PathBuf> = (entries.flatten())
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix))
        .map(|entry| entry.path().join(after.trim_start_matches('/')))
        .collect();
    folders.sort();
    folders
}

/// Package managers and the package that brings the server's binaries.
const INSTALL_COMMANDS: &[(&str, &str)] = &[
    ("apt-get", "apt-get update && apt-get install -y postgresql"),
    ("dnf", "dnf install -y postgresql-server"),
    ("apk", "apk add postgresql"),
    ("zypper", "zypper install -y postgresql-server"),
    ("pacman", "pacman -S postgresql"),
    ("brew", "brew install postgresql@17"),
];

fn nothing_found(too_old: &[String]) -> String {
    let on_path = |program: &str| {
        std::env::var_os("PATH")
            .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(program).is_file()))
    };
    let what_to_type = (INSTALL_COMMANDS.iter()).find(|(program, _)| on_path(program)).map_or(
        "install the package that has PostgreSQL's initdb and postgres",
        |(_, command)| command,
    );
    let older = if too_old.is_empty() {
        String::new()
    } else {
        format!(" (only {})", too_old.join(", "))
    };
    format!(
        "no PostgreSQL server of version {OLDEST_MAJOR} or later on this machine{older}; \
         only its programs are needed, no running server. As an administrator type:\n    {what_to_type}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_from_what_the_server_says_of_itself() {
        let of = |text| parse_version(text);
        assert_eq!(
            of("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"),
            Some(("15.18".into(), 15))
        );
        assert_eq!(of("postgres (PostgreSQL) 17beta2"), Some(("17beta2".into(), 17)));
        assert_eq!(of("bash: postgres: not found"), None);
    }

    #[test]
    fn without_a_server_the_error_says_what_to_type() {
        let error = Binaries::newest([PathBuf::from("/nonexistent")]).expect_err("there is no server there");
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
    fn the_newest_version_is_taken() -> std::io::Result<()> {
        let root = std::env::temp_dir().join(format!("heimdall-binaries-{}", std::process::id()));
        for major in [13, 16, 15] {
            let folder = root.join(major.to_string());
            std::fs::create_dir_all(&folder)?;
            for name in ["initdb", "postgres", "pg_ctl"] {
                let path = folder.join(name);
                std::fs::write(&path, format!("#!/bin/sh\necho 'postgres (PostgreSQL) {major}.1'\n"))?;
                std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
            }
        }
        let pattern = format!("{}/*", root.display());
        let newest = Binaries::newest(expand(&pattern)).map(|binaries| binaries.version);
        let oldest = Binaries::newest([root.join("13")]).map(|binaries| binaries.version);
        let chosen = Binaries::chosen(root.join("15")).map(|binaries| binaries.version);
        let too_old = Binaries::chosen(root.join("13")).map(|binaries| binaries.version);
        std::fs::remove_dir_all(&root)?;
        assert_eq!(newest.expect("16 is there"), "16.1");
        assert_eq!(chosen.expect("15 is there too"), "15.1");
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
