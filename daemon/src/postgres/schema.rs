//! Whether this daemon and the database's schema can work with each other.
//!
//! Daemons are replaced one by one while `migrate` runs when it likes, so each
//! meets schemas older and newer than its own. A newer one says from which daemons
//! on it serves; its claims refuse the others by themselves. The daemon asks before
//! it registers and before each heartbeat, so that it can say so too.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::sql::schema_version;

/// What the database says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schema {
    /// The newest schema file applied; 0: none.
    pub installed: i32,
    /// The oldest daemons it serves, by the schema they were built for.
    pub serves_from: i32,
}

/// Why the two cannot work with each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SchemaMismatch {
    /// Somebody has to migrate.
    #[error("the database has schema version {installed}, this heimdalld needs {needed}")]
    SchemaTooOld {
        /// In the database.
        installed: i32,
        /// In this build.
        needed: i32,
    },
    /// Somebody has migrated, for newer daemons.
    #[error(
        "the database has schema version {installed}, for daemons built for {serves_from} or later; this one was built for {built_for}"
    )]
    DaemonTooOld {
        /// In the database.
        installed: i32,
        /// What it asks for.
        serves_from: i32,
        /// This build's.
        built_for: i32,
    },
}

impl SchemaMismatch {
    /// What to type.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::SchemaTooOld { .. } => "type: heimdalld migrate",
            Self::DaemonTooOld { .. } => "replace this heimdalld by the newer one",
        }
    }
}

impl Schema {
    /// Whether this daemon can work with it.
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

/// Whether it was so at the last look; it begins as yes, since a daemon registers only then.
#[derive(Debug)]
pub struct SchemaCompatibility(AtomicBool);

impl Default for SchemaCompatibility {
    fn default() -> Self {
        Self(AtomicBool::new(true))
    }
}

impl SchemaCompatibility {
    /// Whether to go on claiming.
    #[must_use]
    pub fn is_compatible(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    /// Takes note of a look; whether that is a change.
    pub fn set(&self, is_compatible: bool) -> bool {
        self.0.swap(is_compatible, Ordering::SeqCst) != is_compatible
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_schema_serves_a_daemon_until_it_says_otherwise() {
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
    fn an_older_schema_has_to_be_migrated_first() {
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
