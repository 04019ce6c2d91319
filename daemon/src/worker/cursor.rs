//! From where a claim looks: above what has been claimed already, and now and then from the bottom.
//!
//! Rows that were claimed leave dead entries at the head of the queue's index. As
//! a rule the next claim removes them; while anybody holds an older snapshot (a
//! dump, a report, an idle transaction) nobody may, and every claim reads through
//! all of them. So a claim begins above the last one's rows. But rows also become
//! ready below: given back, due again, taken from a dead daemon, moved ahead,
//! committed late. A look from the bottom finds them. What such a look takes
//! decides how often there is one: the cheaper, the oftener.

use std::time::{Duration, Instant};

use crate::job::claim::{Claim, CursorIds, PRIORITIES};

/// Looks from the bottom take at most one part in so many of the time. With nothing in the way one takes a millisecond
/// or two, and so what is ready below waits for a few hundredths of a second.
const SHARE: u32 = 20;
/// However long they take, nothing waits longer than this below the cursor.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// What has been claimed, and when there was a look from the bottom.
#[derive(Debug, Default)]
pub struct ClaimCursor {
    ids: CursorIds,
    /// End of the last look from the bottom, and its duration.
    last_full_scan: Option<(Instant, Duration)>,
}

impl ClaimCursor {
    /// Where to look now; `None`: from the bottom.
    #[must_use]
    pub fn start_ids(&self, now: Instant) -> Option<CursorIds> {
        (!self.until_full_scan(now).is_zero()).then_some(self.ids)
    }

    /// Time until the next look from the bottom.
    #[must_use]
    pub fn until_full_scan(&self, now: Instant) -> Duration {
        self.last_full_scan.map_or(Duration::ZERO, |(ended, took)| {
            let due = ended + (took * (SHARE - 1)).min(LONGEST_WAIT);
            due.saturating_duration_since(now)
        })
    }

    /// Takes note of a claim that looked where [`ClaimCursor::start_ids`] said.
    pub fn record(&mut self, above: Option<CursorIds>, begun: Instant, ended: Instant, claims: &[Claim]) {
        let mut highest = [None; PRIORITIES];
        for claim in claims {
            if let Some(highest) = usize::try_from(claim.priority).ok().and_then(|p| highest.get_mut(p)) {
                *highest = (*highest).max(Some(claim.id));
            }
        }
        for (cursor, highest) in self.ids.iter_mut().zip(highest) {
            // From the bottom up the cursor may also fall: after a fail-over the numbers can begin lower again.
            *cursor = highest.unwrap_or(*cursor);
        }
        if above.is_none() {
            self.last_full_scan = Some((ended, ended.saturating_duration_since(begun)));
        }
    }

    /// After a failed claim: another server may answer next.
    pub fn reset(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::claim::Lease;
    use uuid::Uuid;

    fn claim(priority: i16, id: i64) -> Claim {
        Claim {
            lease: Lease {
                measurement_id: Uuid::nil(),
                claim_id: id,
            },
            attempt: 1,
            source: "live".to_owned(),
            priority,
            id,
            recording_session_id: Uuid::nil(),
            rx_id: String::new(),
            rx_lat: None,
            rx_lon: None,
            iq_data_location: None,
            iq_data_format: None,
            iq_sample_rate: None,
            iq_samples_count: None,
            duration_seconds: None,
            recheck: false,
        }
    }

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn the_first_look_is_from_the_bottom_and_the_next_above_what_it_found() {
        let (mut cursor, t) = (ClaimCursor::default(), Instant::now());
        assert_eq!(cursor.start_ids(t), None);
        cursor.record(None, t, t + 10 * MS, &[claim(0, 7), claim(0, 9), claim(2, 3)]);
        assert_eq!(cursor.start_ids(t + 11 * MS), Some([9, 0, 3]));
        cursor.record(Some([9, 0, 3]), t, t + 12 * MS, &[claim(1, 20)]);
        assert_eq!(cursor.start_ids(t + 13 * MS), Some([9, 20, 3]));
    }

    #[test]
    fn looks_from_the_bottom_take_a_twentieth_of_the_time_and_come_within_half_a_minute() {
        let (mut cursor, t) = (ClaimCursor::default(), Instant::now());
        cursor.record(None, t, t + 10 * MS, &[]);
        assert_eq!(cursor.until_full_scan(t + 10 * MS), 190 * MS);
        assert!(cursor.start_ids(t + 199 * MS).is_some());
        assert_eq!(cursor.start_ids(t + 200 * MS), None);
        cursor.record(None, t, t + 60_000 * MS, &[]);
        assert_eq!(cursor.until_full_scan(t + 60_000 * MS), LONGEST_WAIT);
    }

    #[test]
    fn numbers_that_begin_lower_again_are_followed_down() {
        let (mut cursor, t) = (ClaimCursor::default(), Instant::now());
        cursor.record(None, t, t + MS, &[claim(0, 1_000)]);
        cursor.record(None, t, t + MS, &[claim(0, 40)]);
        assert_eq!(cursor.start_ids(t + MS), Some([40, 0, 0]));
        cursor.reset();
        assert_eq!(cursor.start_ids(t + MS), None);
    }
}
