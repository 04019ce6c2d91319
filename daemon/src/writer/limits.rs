//! How many results a transaction has, and how long it may take.

use std::time::Duration;

/// A larger batch would not make the commit cheaper per row, and would delay its first row.
pub const MAX_BATCH: usize = 32;

/// Less than `deadlock_timeout` (1 s by default), so that a deadlock with a transaction of the
/// application ends ours.
const USUAL_LOCK: Duration = Duration::from_millis(900);
/// Of transactions whose rows have waited before: many of them may be locked.
const REPEATED_LOCK: Duration = Duration::from_millis(100);
/// Of a result that was set aside. Only others like it wait for it.
const ALONE_LOCK: Duration = Duration::from_millis(300);
/// A statement that stores a result takes a millisecond.
const USUAL_STATEMENT: Duration = Duration::from_secs(2);
/// Of a result that is written alone, for instance where a trigger is slow.
const ALONE_STATEMENT: Duration = Duration::from_mins(1);
/// For each segment of a long recording. The server joins its parts in one statement.
const PER_SEGMENT: Duration = Duration::from_millis(20);

/// Limits of one transaction.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// `lock_timeout`.
    pub lock: Duration,
    /// `statement_timeout`.
    pub statement: Duration,
    /// How long the daemon waits for the whole transaction.
    pub answer: Duration,
}

impl Limits {
    /// Of a batch. `answer` limits it as a whole.
    #[must_use]
    pub fn usual(answer: Duration) -> Self {
        Self {
            lock: USUAL_LOCK,
            statement: USUAL_STATEMENT,
            answer,
        }
    }

    /// Of a part of a batch that has failed.
    #[must_use]
    pub(super) fn repeated(self) -> Self {
        Self {
            lock: REPEATED_LOCK,
            ..self
        }
    }

    /// The same for a batch of which a statement was slow. Where the whole server is slow, one row
    /// after the other would be blamed.
    #[must_use]
    pub(super) fn slower(self) -> Self {
        Self {
            statement: (self.statement * 2).min(ALONE_STATEMENT),
            ..self
        }
    }

    /// Of a result of this many segments that is written alone.
    #[must_use]
    pub(super) fn alone(segments: usize) -> Self {
        let statement = ALONE_STATEMENT + PER_SEGMENT * u32::try_from(segments).unwrap_or(u32::MAX);
        Self {
            lock: ALONE_LOCK,
            statement,
            answer: statement * 2,
        }
    }
}
