//! The claim cursor: the position in the queue above which a claim searches.
//!
//! Claimed rows leave dead entries at the start of the queue's index. Usually the next claim
//! removes them. But while a session holds an older snapshot (a dump, a report, an idle
//! transaction), nobody can remove them, and every claim would read all of them. So a claim starts
//! above the rows of the last one.
//!
//! Rows also become ready below the cursor: they are released, due, rescued, moved to the front, or
//! committed late. A claim without a cursor, a full scan, finds them. The cheaper a full scan is,
//! the more often it runs.

use std::time::{Duration, Instant};

use crate::job::claim::{Claim, CursorIds, PRIORITIES};

/// Full scans take at most one part in this many of the time. Without dead entries a full scan
/// takes a millisecond or two, so a row below the cursor waits for a few hundredths of a second.
const SHARE: u32 = 20;
/// The longest wait of a row below the cursor, however long a full scan takes.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// The highest claimed ids, and the last full scan.
#[derive(Debug, Default)]
pub struct ClaimCursor {
    ids: CursorIds,
    /// End and duration of the last full scan.
    last_full_scan: Option<(Instant, Duration)>,
}

impl ClaimCursor {
    /// The ids above which the next claim searches; `None` for a full scan.
    #[must_use]
    pub fn start_ids(&self, now: Instant) -> Option<CursorIds> {
        (!self.until_full_scan(now).is_zero()).then_some(self.ids)
    }

    /// Time until the next full scan.
    #[must_use]
    pub fn until_full_scan(&self, now: Instant) -> Duration {
        self.last_full_scan.map_or(Duration::ZERO, |(ended, took)| {
            let due = ended + (took * (SHARE - 1)).min(LONGEST_WAIT);
            due.saturating_duration_since(now)
        })
    }

    /// Records a claim that searched above the ids of [`ClaimCursor::start_ids`].
    pub fn record(
        &mut self,
        above: Option<CursorIds>,
        begun: Instant,
        ended: Instant,
        claims: &[Claim],
        note: Option<i64>,
    ) {
        // After a full scan without notes the cursor may also move down, as below.
        self.ids.note = note.unwrap_or(if above.is_none() { 0 } else { self.ids.note });
        let mut highest = [None; PRIORITIES];
        for claim in claims {
            if let Some(highest) = usize::try_from(claim.priority).ok().and_then(|p| highest.get_mut(p)) {
                *highest = (*highest).max(Some(claim.id));
            }
        }
        for (cursor, highest) in self.ids.queue.iter_mut().zip(highest) {
            // After a full scan the cursor may also move down: after a fail-over, ids can be lower.
            *cursor = highest.unwrap_or(*cursor);
        }
        if above.is_none() {
            self.last_full_scan = Some((ended, ended.saturating_duration_since(begun)));
        }
    }

    /// Forgets everything, after a failed claim: another server may answer the next one.
    pub fn reset(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(priority: i16, id: i64) -> Claim {
        Claim {
            priority,
            id,
            ..Claim::default()
        }
    }

    fn ids(queue: [i64; PRIORITIES], note: i64) -> CursorIds {
        CursorIds { queue, note }
    }

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn the_first_claim_is_a_full_scan_and_the_next_starts_above_its_rows() {
        let (mut cursor, t) = (ClaimCursor::default(), Instant::now());
        assert_eq!(cursor.start_ids(t), None);
        cursor.record(None, t, t + 10 * MS, &[claim(0, 7), claim(0, 9), claim(2, 3)], Some(7));
        assert_eq!(cursor.start_ids(t + 11 * MS), Some(ids([9, 0, 3], 7)));
        cursor.record(Some(ids([9, 0, 3], 7)), t, t + 12 * MS, &[claim(1, 20)], None);
        assert_eq!(cursor.start_ids(t + 13 * MS), Some(ids([9, 20, 3], 7)));
    }

    #[test]
    fn full_scans_take_a_twentieth_of_the_time_and_come_within_half_a_minute() {
        let (mut cursor, t) = (ClaimCursor::default(), Instant::now());
        cursor.record(None, t, t + 10 * MS, &[], None);
        assert_eq!(cursor.until_full_scan(t + 10 * MS), 190 * MS);
        assert!(cursor.start_ids(t + 199 * MS).is_some());
        assert_eq!(cursor.start_ids(t + 200 * MS), None);
        cursor.record(None, t, t + 60_000 * MS, &[], None);
        assert_eq!(cursor.until_full_scan(t + 60_000 * MS), LONGEST_WAIT);
    }

    #[test]
    fn the_cursor_moves_down_when_a_full_scan_finds_lower_ids() {
        let (mut cursor, t) = (ClaimCursor::default(), Instant::now());
        cursor.record(None, t, t + MS, &[claim(0, 1_000)], Some(500));
        cursor.record(None, t, t + MS, &[claim(0, 40)], Some(30));
        assert_eq!(cursor.start_ids(t + MS), Some(ids([40, 0, 0], 30)));
        cursor.reset();
        assert_eq!(cursor.start_ids(t + MS), None);
    }
}
