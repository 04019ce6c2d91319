//! What this daemon has done since its start, in numbers that can be subtracted: for the rows of
//! `feature_minutes` and for the summary in the log.

use std::array;

use super::labels::RecordingOutcome;

/// Number of buckets of [`Latencies`].
const BUCKETS: usize = 100;
/// Upper end of the first bucket, seconds.
const FIRST_S: f64 = 0.002;
/// Each bucket ends at 2^(1/4) times the end of the one before: percentiles are exact to a few per
/// cent, and a backlog of half a day still has buckets.
const BUCKETS_PER_OCTAVE: f64 = 4.0;
/// Number of outcomes.
const OUTCOMES: usize = RecordingOutcome::ALL.len();

/// Recordings by the time that they took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Latencies([u64; BUCKETS]);

impl Default for Latencies {
    fn default() -> Self {
        Self([0; BUCKETS])
    }
}

impl Latencies {
    /// Counts a recording that took so many seconds.
    pub fn observe(&mut self, seconds: f64) {
        let octaves = (seconds.max(FIRST_S) / FIRST_S).log2();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is at least 0, and what is too large becomes the largest number"
        )]
        let bucket = (octaves * BUCKETS_PER_OCTAVE).ceil() as usize;
        self.0[bucket.min(BUCKETS - 1)] += 1;
    }

    /// Adds recordings to a bucket, counted from 1 as in `feature_minutes.latency`.
    pub fn add(&mut self, bucket: usize, recordings: u64) {
        if let Some(count) = bucket.checked_sub(1).and_then(|index| self.0.get_mut(index)) {
            *count += recordings;
        }
    }

    /// Adds those of another one.
    pub fn merge(&mut self, other: &Self) {
        for (count, more) in self.0.iter_mut().zip(other.0) {
            *count += more;
        }
    }

    /// Number of recordings.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.iter().sum()
    }

    /// The time within which this share (0 to 1) of the recordings was done, seconds. `None`
    /// without recordings.
    #[must_use]
    pub fn quantile(&self, share: f64) -> Option<f64> {
        let wanted = share * self.count() as f64;
        let mut before = 0.0;
        for (index, count) in self.0.iter().enumerate().filter(|(_, count)| **count > 0) {
            let count = *count as f64;
            if before + count >= wanted {
                let within = ((wanted - before) / count).clamp(0.0, 1.0);
                return Some(FIRST_S * ((index as f64 - 1.0 + within) / BUCKETS_PER_OCTAVE).exp2());
            }
            before += count;
        }
        None
    }

    /// The counts without the zeros at the end, as `feature_minutes.latency`.
    #[must_use]
    pub fn counts(&self) -> Vec<i32> {
        let used = BUCKETS - self.0.iter().rev().take_while(|count| **count == 0).count();
        let counts = self.0[..used].iter();
        counts.map(|count| i32::try_from(*count).unwrap_or(i32::MAX)).collect()
    }

    fn since(&self, before: &Self) -> Self {
        Self(array::from_fn(|index| self.0[index].saturating_sub(before.0[index])))
    }
}

/// What this daemon has done.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Totals {
    /// Attempts by outcome, in the order of [`RecordingOutcome::ALL`].
    pub outcomes: [u64; OUTCOMES],
    /// Bytes of objects read.
    pub read_bytes: u64,
    /// Waiting for the store, all recordings with features, seconds.
    pub fetch_s: f64,
    /// Work of the extractor, all recordings with features, seconds.
    pub extract_s: f64,
    /// Live recordings by the time from the completion of the session to the row.
    pub latency: Latencies,
}

impl Totals {
    /// What has been done after `before`.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        Self {
            outcomes: array::from_fn(|index| self.outcomes[index].saturating_sub(before.outcomes[index])),
            read_bytes: self.read_bytes.saturating_sub(before.read_bytes),
            fetch_s: self.fetch_s - before.fetch_s,
            extract_s: self.extract_s - before.extract_s,
            latency: self.latency.since(&before.latency),
        }
    }

    /// Number of attempts with this outcome.
    #[must_use]
    pub fn of(&self, outcome: RecordingOutcome) -> u64 {
        self.outcomes[outcome as usize]
    }

    /// Whether no attempt has ended and nothing was read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.read_bytes == 0 && self.outcomes.iter().all(|count| *count == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_exact_to_a_bucket() {
        let mut latencies = Latencies::default();
        assert_eq!(latencies.quantile(0.5), None);
        for ms in 1..=1_000 {
            latencies.observe(f64::from(ms) / 1_000.0);
        }
        for share in [0.1, 0.5, 0.95, 0.99] {
            let found = latencies.quantile(share).unwrap();
            assert!((found / share - 1.0).abs() < 0.05, "{share}: {found}");
        }
    }

    #[test]
    fn every_time_has_a_bucket_and_the_array_has_no_zeros_at_its_end() {
        let mut latencies = Latencies::default();
        for seconds in [-1.0, 0.0, f64::NAN, 0.002, 1e9, f64::INFINITY] {
            latencies.observe(seconds);
        }
        let counts = latencies.counts();
        assert_eq!((counts.len(), counts[0], counts[99]), (BUCKETS, 4, 2), "{counts:?}");
        let mut one = Latencies::default();
        one.observe(0.0021);
        assert_eq!(one.counts(), [0, 1]);
        let mut read = Latencies::default();
        read.add(2, 1);
        read.add(0, 7);
        read.add(101, 7);
        assert_eq!(read, one);
        assert_eq!(latencies.since(&latencies).counts(), [] as [i32; 0]);
    }

    #[test]
    fn what_was_done_is_the_difference_of_two_totals() {
        let mut before = Totals::default();
        before.outcomes[RecordingOutcome::Failed as usize] = 2;
        let mut now = before.clone();
        assert!(now.since(&before).is_empty());
        now.outcomes[RecordingOutcome::Extracted as usize] = 3;
        now.read_bytes = 10;
        let done = now.since(&before);
        assert_eq!(
            (
                done.of(RecordingOutcome::Extracted),
                done.of(RecordingOutcome::Failed),
                done.read_bytes
            ),
            (3, 0, 10)
        );
    }
}
