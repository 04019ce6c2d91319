//! Everything under `sql/`, compiled in: the statements that the daemon sends
//! and the files that `migrate` applies.

use include_dir::{Dir, include_dir};

/// The folder `sql/` as it was when this binary was built.
pub static FILES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../sql");

macro_rules! queries {
    ($($(#[$doc:meta])* $name:ident = $file:literal;)*) => {
        $($(#[$doc])* pub const $name: &str = include_str!(concat!("../../sql/queries/", $file));)*
    };
}

queries! {
    /// Which daemons the database can work with.
    SCHEMA_VERSION = "schema_version.sql";
    /// Makes this daemon known.
    REGISTER_WORKER = "register_worker.sql";
    /// Says that it lives, and what it has in hand.
    HEARTBEAT = "heartbeat.sql";
    /// Takes it off the list.
    DEREGISTER_WORKER = "deregister_worker.sql";
    /// Takes rows to work on.
    CLAIM = "claim.sql";
    /// Returns rows whose claim this daemon has never heard of.
    RELEASE_ORPHANS = "release_orphans.sql";
    /// Orders the daemons that finish recordings of one session.
    LOCK_SESSIONS = "lock_sessions.sql";
    /// Puts a part of many segments where the next statement finds it.
    STORE_PART = "store_part.sql";
    /// Writes features, drops the queue row.
    STORE_FEATURES = "store_features.sql";
    /// Writes an error row, drops or postpones the queue row.
    STORE_FAILURE = "store_failure.sql";
    /// Postpones a queue row without a result.
    RETRY_LATER = "retry_later.sql";
    /// Postpones a queue row, attempt not counted.
    SNOOZE = "snooze.sql";
    /// Returns rows, attempt not counted.
    RELEASE = "release.sql";
    /// Drops the queue row of a measurement that is gone.
    DISCARD = "discard.sql";
    /// Tells of sessions that have nothing outstanding.
    SETTLE_SESSIONS = "settle_sessions.sql";
    /// Counts what a backfill has done.
    PROGRESS_BACKFILLS = "progress_backfills.sql";
    /// Makes rows ready whose time has come.
    PROMOTE_DUE = "promote_due.sql";
    /// Takes over from daemons that are gone.
    RELEASE_EXPIRED = "release_expired.sql";
    /// Queues what was missed, if no other daemon just did.
    SWEEP = "sweep.sql";
    /// What readiness and metrics need to know.
    OBSERVE = "observe.sql";
    /// What is wrong in the database, and what to type.
    DOCTOR = "doctor.sql";
    /// The database's clock.
    CLOCK = "clock.sql";
    /// A notification for the doctor.
    NOTIFY_DOCTOR = "notify_doctor.sql";
    /// What a session of the pool is set to, for one transaction.
    SESSION_SETTINGS = "session_settings.sql";
    /// Whether a connection is a session.
    SHOW_SESSION = "show_session.sql";
    /// The depth of the queue.
    COUNT_QUEUE = "count_queue.sql";
    /// Whether this session really listens.
    PROBE_LISTENER = "probe_listener.sql";
}

/// A build of `sql/` is never without it.
const INSTALL: &str = "install.sql";

/// A file of `install.sql`, in its order.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// Its path under `sql/`.
    pub path: &'static str,
    /// What it holds.
    pub text: &'static str,
    /// Number of a schema file.
    pub version: Option<i32>,
}

/// The files in order.
#[must_use]
pub fn steps() -> Vec<Step> {
    let read = |path: &str| FILES.get_file(path).and_then(include_dir::File::contents_utf8);
    let install = read(INSTALL).unwrap_or_default();
    install
        .lines()
        .filter_map(|line| line.trim().strip_prefix("\\ir "))
        .filter_map(|path| {
            let path = path.trim();
            let text = read(path)?;
            let version = path
                .strip_prefix("schema/")
                .and_then(|name| name.get(..4))
                .and_then(|digits| digits.parse().ok());
            Some(Step { path, text, version })
        })
        .collect()
}

/// The newest schema version of this build.
#[must_use]
pub fn schema_version() -> i32 {
    steps().iter().filter_map(|step| step.version).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_file_that_has_to_be_installed_is_installed_once() {
        let listed: Vec<&str> = steps().iter().map(|step| step.path).collect();
        let unique: HashSet<&str> = listed.iter().copied().collect();
        assert_eq!(unique.len(), listed.len(), "a file is listed twice in install.sql");
        let mut present = HashSet::new();
        let mut folders = vec![&FILES];
        while let Some(folder) = folders.pop() {
            folders.extend(folder.dirs().filter(|dir| !dir.path().ends_with("queries")));
            present.extend(
                folder
                    .files()
                    .filter_map(|file| file.path().to_str())
                    .filter(|path| *path != INSTALL && !path.ends_with(".md")),
            );
        }
        assert_eq!(unique, present, "install.sql and the files under sql/ differ");
    }

    #[test]
    fn schema_files_are_numbered_without_gaps() {
        let versions: Vec<i32> = steps().iter().filter_map(|step| step.version).collect();
        let expected: Vec<i32> = (1..=schema_version()).collect();
        assert_eq!(versions, expected);
        assert!(!versions.is_empty());
    }
}
