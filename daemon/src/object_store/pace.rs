//! How fast a body arrives.

use std::time::Duration;

/// A body that arrives more slowly holds a place among the recordings in flight for an hour or
/// longer. Sixteen recordings at a time over a line of 1 Mbit/s get eight times as much each.
const LEAST_BYTES_PER_S: f64 = 1024.0;

/// Counts what arrives of a body while the store is waited for. The time that the extractor takes
/// does not count.
#[derive(Debug, Default)]
pub(super) struct Pace {
    waited: Duration,
    bytes: u64,
}

impl Pace {
    /// Counts a piece that was waited for. At the end of a window of waiting, returns what is wrong
    /// if the body arrived too slowly in it.
    pub(super) fn record(&mut self, waited: Duration, bytes: usize, window: Duration) -> Option<String> {
        self.waited += waited;
        self.bytes += bytes as u64;
        if self.waited < window {
            return None;
        }
        let Self { waited, bytes } = std::mem::take(self);
        let is_slow = (bytes as f64) < LEAST_BYTES_PER_S * waited.as_secs_f64();
        is_slow.then(|| {
            format!(
                "only {bytes} bytes of the body in {:.1} s of waiting",
                waited.as_secs_f64()
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_secs(20);
    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_body_that_drips_is_too_slow_at_the_end_of_a_window() {
        let mut pace = Pace::default();
        for _ in 0..19 {
            assert_eq!(pace.record(SECOND, 1, WINDOW), None);
        }
        let slow = pace.record(SECOND, 1, WINDOW);
        assert_eq!(slow.as_deref(), Some("only 20 bytes of the body in 20.0 s of waiting"));
        assert_eq!(pace.record(SECOND, 1, WINDOW), None, "a new window");
    }

    #[test]
    fn a_slow_line_and_a_burst_in_each_window_are_fast_enough() {
        let mut pace = Pace::default();
        for _ in 0..100 {
            assert_eq!(pace.record(SECOND, 1024, WINDOW), None);
        }
        for _ in 0..5 {
            assert_eq!(pace.record(19 * SECOND, 0, WINDOW), None);
            assert_eq!(pace.record(SECOND, 100_000, WINDOW), None);
        }
    }
}
