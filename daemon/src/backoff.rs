//! Delays between attempts: a pure function, apart from the clock that uses it.

use std::time::Duration;

/// Doubling delays with jitter, between `base` and `max`.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    /// Delay before the second attempt, without jitter.
    pub base: Duration,
    /// No delay is longer, jitter included.
    pub max: Duration,
}

impl Backoff {
    /// Delay after `attempt` failures in a row (1 for the first), where
    /// `random` is uniform in 0..1: half fixed, half random ("equal jitter"),
    /// so that many waiters neither come back together nor at once.
    #[must_use]
    pub fn delay(&self, attempt: u32, random: f64) -> Duration {
        let doubled = self
            .base
            .saturating_mul(2_u32.saturating_pow(attempt.saturating_sub(1)));
        let whole = doubled.min(self.max);
        whole.mul_f64(0.5 + 0.5 * random.clamp(0.0, 1.0)).min(self.max)
    }

    /// [`Backoff::delay`] with a random number of its own.
    #[must_use]
    pub fn jittered(&self, attempt: u32) -> Duration {
        self.delay(attempt, fastrand::f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BACKOFF: Backoff = Backoff {
        base: Duration::from_millis(500),
        max: Duration::from_secs(30),
    };

    #[test]
    fn delays_double_up_to_the_limit() {
        let whole: Vec<u128> = (1..=8).map(|attempt| BACKOFF.delay(attempt, 1.0).as_millis()).collect();
        assert_eq!(whole, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
        assert_eq!(BACKOFF.delay(1, 0.0).as_millis(), 250);
    }

    #[test]
    fn any_attempt_and_any_random_number_stay_within_the_limits() {
        for attempt in [0, 1, 31, 32, 33, u32::MAX] {
            for random in [0.0, 0.5, 1.0, 7.0, -1.0] {
                let delay = BACKOFF.delay(attempt, random);
                assert!(
                    delay >= Duration::from_millis(250) && delay <= BACKOFF.max,
                    "{attempt} {random} {delay:?}"
                );
            }
        }
    }
}
