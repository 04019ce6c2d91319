//! The files of `sql/`, compiled in: the statements that the daemon sends, and the files that
//! `migrate` applies.

use include_dir::{Dir, include_dir};

/// The folder `sql/` of this build.
pub static FILES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../sql");

macro_rules! queries {
    ($($name:ident = $file:literal;)*) => {
        $(
            #[doc = concat!("The statement of `sql/queries/", $file, "`, whose header describes it.")]
            pub const $name: &str = include_str!(concat!("../../sql/queries/", $file));
        )*
    };
}

queries! {
    SCHEMA_VERSION = "schema_version.sql";
    REGISTER_WORKER = "register_worker.sql";
    HEARTBEAT = "heartbeat.sql";
    DEREGISTER_WORKER = "deregister_worker.sql";
    EXPAND_NOTES = "expand_notes.sql";
    CLAIM = "claim.sql";
    RELEASE_ORPHANS = "release_orphans.sql";
    LOCK_SESSIONS = "lock_sessions.sql";
    WRITE_LIMITS = "write_limits.sql";
    STORE_PART = "store_part.sql";
    STORE_FEATURES = "store_features.sql";
    KEEP_FEATURES = "keep_features.sql";
    STORE_FAILURE = "store_failure.sql";
    RETRY_LATER = "retry_later.sql";
    SNOOZE = "snooze.sql";
    PARK = "park.sql";
    RELEASE = "release.sql";
    DISCARD = "discard.sql";
    SETTLE_SESSIONS = "settle_sessions.sql";
    PROGRESS_BACKFILLS = "progress_backfills.sql";
    PROMOTE_DUE = "promote_due.sql";
    RELEASE_EXPIRED = "release_expired.sql";
    SWEEP = "sweep.sql";
    OBSERVE = "observe.sql";
    OVERDUE = "overdue.sql";
    SWEEP_HOLDERS = "sweep_holders.sql";
    BLOCKERS = "blockers.sql";
    REPORT_STALLS = "report_stalls.sql";
    DOCTOR = "doctor.sql";
    EXAMINE_RIGHTS = "examine_rights.sql";
    CLOCK = "clock.sql";
    NOTIFY_DOCTOR = "notify_doctor.sql";
    SESSION_SETTINGS = "session_settings.sql";
    SHOW_SESSION = "show_session.sql";
    COUNT_QUEUE = "count_queue.sql";
    KEEP_BACKFILLS = "keep_backfills.sql";
    KEEP_COVERAGE = "keep_coverage.sql";
    PROBE_LISTENER = "probe_listener.sql";
    RECORD_MINUTE = "record_minute.sql";
    STATUS_OVERVIEW = "status_overview.sql";
    STATUS_QUEUE = "status_queue.sql";
    STATUS_THROUGHPUT = "status_throughput.sql";
    STATUS_FAILURES = "status_failures.sql";
    STATUS_WORKERS = "status_workers.sql";
    STATUS_BACKFILLS = "status_backfills.sql";
    STATUS_SESSION = "status_session.sql";
    STATUS_MEASUREMENT = "status_measurement.sql";
    STATUS_DICTIONARY = "status_dictionary.sql";
    PAGE_SESSIONS = "page_sessions.sql";
    PAGE_FIND = "page_find.sql";
    PAGE_SEARCH = "page_search.sql";
    PAGE_FAILURES = "page_failures.sql";
    PAGE_SECONDS = "page_seconds.sql";
    PAGE_RECORDING = "page_recording.sql";
    PAGE_ACTIONS = "page_actions.sql";
    PLAN_SESSION = "plan_session.sql";
    PLAN_BACKFILL = "plan_backfill.sql";
    PLAN_PAUSE = "plan_pause.sql";
    ACT_CANCEL_MEASUREMENT = "act_cancel_measurement.sql";
    ACT_EXTRACT_AGAIN = "act_extract_again.sql";
    ACT_PRIORITISE = "act_prioritise.sql";
    ACT_PAUSE = "act_pause.sql";
    ACT_RESUME = "act_resume.sql";
    RECORD_ACTION = "record_action.sql";
    REQUEST_BACKFILL = "request_backfill.sql";
    CANCEL_BACKFILL = "cancel_backfill.sql";
    COUNT_FAILED = "count_failed.sql";
    COUNT_SESSION_RETRIES = "count_session_retries.sql";
    RETRY_FAILED = "retry_failed.sql";
    RETRY_SESSION = "retry_session.sql";
    RETRY_MEASUREMENT = "retry_measurement.sql";
    EXPORT_SETTINGS = "export_settings.sql";
    EXPORT_SPAN = "export_span.sql";
    EXPORT_DAYS = "export_days.sql";
    EXPORT_RECEIVERS = "export_receivers.sql";
    EXPORT_COLUMNS = "export_columns.sql";
    EXPORT_SAMPLES = "export_samples.sql";
}

/// The file that lists the others in the order of installation.
const INSTALL: &str = "install.sql";

/// A file that `install.sql` lists.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// Path under `sql/`.
    pub path: &'static str,
    /// The SQL text.
    pub text: &'static str,
    /// Number of a schema file; `None` for all other files.
    pub version: Option<i32>,
}

/// The files in the order of `install.sql`.
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

/// The version of the newest schema file of this build.
#[must_use]
pub fn schema_version() -> i32 {
    steps().iter().filter_map(|step| step.version).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn install_sql_lists_every_file_once() {
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
                    .map(include_dir::File::path)
                    .filter(|path| path.extension().is_none_or(|extension| extension != "md"))
                    .filter_map(|path| path.to_str())
                    .filter(|path| *path != INSTALL),
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
