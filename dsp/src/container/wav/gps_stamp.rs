//! One GPS time stamp, and samples over time between stamps.

use super::bytes::u32_at;

/// Size of a stamp.
pub(super) const STAMP_BYTES: usize = 10;

pub(super) const NS_PER_S: i64 = 1_000_000_000;
pub(super) const WEEK_NS: i64 = 7 * 86_400 * NS_PER_S;

/// A stamp with a valid time.
#[derive(Debug, Clone, Copy)]
pub(super) struct GpsStamp {
    /// Samples of the object before it.
    pub(super) at_sample: u64,
    /// Time in the GPS week.
    pub(super) time_ns: i64,
    /// Seconds since the last GPS position, as the file has it.
    pub(super) solution_age_s: u8,
}

impl GpsStamp {
    /// Reads the body of a `kiwi` chunk. `None` if the time is not within a week.
    pub(super) fn parse(body: &[u8], at_sample: u64) -> Option<Self> {
        let (second, nanosecond) = (i64::from(u32_at(body, 2)), i64::from(u32_at(body, 6)));
        let time_ns = second * NS_PER_S + nanosecond;
        (nanosecond < NS_PER_S && time_ns < WEEK_NS).then_some(Self {
            at_sample,
            time_ns,
            solution_age_s: body[0],
        })
    }

    /// Samples and nanoseconds since another stamp. The week may have ended between them.
    pub(super) fn since(self, other: Self) -> (u64, i64) {
        let time_ns = self.time_ns - other.time_ns;
        let time_ns = if time_ns < -WEEK_NS / 2 {
            time_ns + WEEK_NS
        } else {
            time_ns
        };
        (self.at_sample - other.at_sample, time_ns)
    }
}

/// Samples over time.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Intervals {
    pub(super) count: u64,
    samples: u64,
    time_ns: i64,
}

impl Intervals {
    pub(super) fn add(&mut self, samples: u64, time_ns: i64) {
        self.count += 1;
        self.samples += samples;
        self.time_ns += time_ns;
    }

    pub(super) fn rate_hz(self) -> Option<f64> {
        (self.time_ns > 0).then(|| self.samples as f64 * NS_PER_S as f64 / self.time_ns as f64)
    }
}
