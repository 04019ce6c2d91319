//! Delays between attempts.

use std::time::Duration;

/// Exponential back-off with jitter.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    /// The longest delay after the first failure.
    pub base: Duration,
    /// The longest delay after any failure.
    pub max: Duration,
}

impl Backoff {
    /// Delay after the failure of `attempt` (1 for the first); `random` is uniform in 0..1.
    ///
    /// Half of the delay is fixed and half is random ("equal jitter"): many waiters do not return
    /// at the same time, and none returns immediately.
    #[must_use]
    pub fn delay(&self, attempt: u32, random: f64) -> Duration {
        let doubled = self
            .base
            .saturating_mul(2_u32.saturating_pow(attempt.saturating_sub(1)));
        let share = 0.5 + 0.5 * random.clamp(0.0, 1.0);
        doubled.min(self.max).mul_f64(share).min(self.max)
    }

    /// [`Backoff::delay`] with a new random number.
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
        let delays: Vec<u128> = (1..=8).map(|attempt| BACKOFF.delay(attempt, 1.0).as_millis()).collect();
        assert_eq!(delays, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
        assert_eq!(BACKOFF.delay(1, 0.0).as_millis(), 250);
    }

    #[test]
    fn no_attempt_and_no_random_number_gives_a_delay_outside_the_limits() {
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
