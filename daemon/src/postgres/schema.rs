//! Compatibility of this daemon and the database schema.
//!
//! Daemons are replaced one by one, and `migrate` may run at any time, so a daemon can find an
//! older or a newer schema than its own. A newer schema states the oldest daemon that it serves,
//! and its claim function refuses older ones. The daemon checks before it registers and before each
//! heartbeat, so that it can log the reason.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::sql::schema_version;

/// The schema of the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schema {
    /// Number of the newest schema file that was applied; 0 when none was.
    pub installed: i32,
    /// The oldest daemon that it serves, by the newest schema file of that build.
    pub serves_from: i32,
}

/// Why the daemon and the schema are incompatible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SchemaMismatch {
    /// The schema must be migrated.
    #[error("the database has schema version {installed}, this heimdalld needs {needed}")]
    SchemaTooOld {
        /// Version in the database.
        installed: i32,
        /// Version of this build.
        needed: i32,
    },
    /// The schema was migrated and serves only newer daemons.
    #[error(
        "the database has schema version {installed}, for daemons built for {serves_from} or later; this one was built for {built_for}"
    )]
    DaemonTooOld {
        /// Version in the database.
        installed: i32,
        /// The oldest version that it serves.
        serves_from: i32,
        /// Version of this build.
        built_for: i32,
    },
}

impl SchemaMismatch {
    /// The command or action that fixes it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::SchemaTooOld { .. } => "type: heimdalld migrate",
            Self::DaemonTooOld { .. } => "replace this heimdalld by the newer one",
        }
    }
}

impl Schema {
    /// Checks that this daemon can work with the schema.
    ///
    /// # Errors
    /// When it cannot.
    pub fn check(self) -> Result<(), SchemaMismatch> {
        self.check_build(schema_version())
    }

    fn check_build(self, built_for: i32) -> Result<(), SchemaMismatch> {
        let Self { installed, serves_from } = self;
        if serves_from > built_for {
            Err(SchemaMismatch::DaemonTooOld {
                installed,
                serves_from,
                built_for,
            })
        } else if installed < built_for {
            Err(SchemaMismatch::SchemaTooOld {
                installed,
                needed: built_for,
            })
        } else {
            Ok(())
        }
    }
}

/// Result of the last check. Starts as compatible, because a daemon registers only then.
#[derive(Debug)]
pub struct SchemaCompatibility(AtomicBool);

impl Default for SchemaCompatibility {
    fn default() -> Self {
        Self(AtomicBool::new(true))
    }
}

impl SchemaCompatibility {
    /// Whether the daemon may claim.
    #[must_use]
    pub fn is_compatible(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    /// Stores the result of a check. Returns whether it has changed.
    pub fn set(&self, is_compatible: bool) -> bool {
        self.0.swap(is_compatible, Ordering::SeqCst) != is_compatible
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_schema_serves_the_daemons_from_its_stated_version_on() {
        let newer = |serves_from| Schema {
            installed: 9,
            serves_from,
        };
        assert_eq!(newer(0).check_build(8), Ok(()));
        assert_eq!(newer(8).check_build(8), Ok(()));
        let mismatch = newer(9).check_build(8).expect_err("too old");
        assert_eq!(
            mismatch.to_string(),
            "the database has schema version 9, for daemons built for 9 or later; this one was built for 8"
        );
    }

    #[test]
    fn an_older_schema_must_be_migrated_first() {
        let older = Schema {
            installed: 7,
            serves_from: 0,
        };
        let mismatch = older.check_build(8).expect_err("too old");
        assert_eq!(
            (mismatch.to_string().as_str(), mismatch.hint()),
            (
                "the database has schema version 7, this heimdalld needs 8",
                "type: heimdalld migrate"
            )
        );
    }
}
