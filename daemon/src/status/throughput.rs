//! What all daemons have done, by time.

use serde::{Deserialize, Serialize};

use crate::metrics::totals::Latencies;

/// What was done in one step of time.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(from = "StoredStep")]
pub struct Step {
    /// When it began.
    pub at: String,
    /// The sums.
    #[serde(flatten)]
    pub done: Done,
    /// Time from the completion of a session to the row, of live recordings.
    pub latency: Percentiles,
    #[serde(skip)]
    latencies: Latencies,
}

/// Sums of the columns of `feature_minutes`.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Done {
    /// Recordings whose features were written.
    pub extracted: u64,
    /// Recordings that got an error row.
    pub failed: u64,
    /// Tries after which a retry was scheduled.
    pub postponed: u64,
    /// Claims that were released without counting the try.
    pub given_back: u64,
    /// Claims of measurements that no longer exist.
    pub forgotten: u64,
    /// Rechecks that did not find the object either.
    pub missing: u64,
    /// Objects that were asked for again and had not changed.
    pub unchanged: u64,
    /// Bytes read from the store.
    pub read_bytes: u64,
    /// Waiting for the store, seconds.
    pub fetch_s: f64,
    /// Work of the extractor, seconds.
    pub extract_s: f64,
}

impl Done {
    fn add(&mut self, more: &Self) {
        self.extracted += more.extracted;
        self.failed += more.failed;
        self.postponed += more.postponed;
        self.given_back += more.given_back;
        self.forgotten += more.forgotten;
        self.missing += more.missing;
        self.unchanged += more.unchanged;
        self.read_bytes += more.read_bytes;
        self.fetch_s += more.fetch_s;
        self.extract_s += more.extract_s;
    }
}

/// Times within which a share of the recordings was done, seconds; `None` without recordings.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Percentiles {
    /// Number of recordings.
    pub recordings: u64,
    /// Half of them.
    pub p50_s: Option<f64>,
    /// 95 %.
    pub p95_s: Option<f64>,
    /// 99 %.
    pub p99_s: Option<f64>,
}

impl From<&Latencies> for Percentiles {
    fn from(latencies: &Latencies) -> Self {
        Self {
            recordings: latencies.count(),
            p50_s: latencies.quantile(0.5),
            p95_s: latencies.quantile(0.95),
            p99_s: latencies.quantile(0.99),
        }
    }
}

/// A step as the database returns it.
#[derive(Deserialize)]
struct StoredStep {
    at: String,
    #[serde(flatten)]
    done: Done,
    /// Pairs of a bucket and its recordings.
    latency: Vec<(usize, u64)>,
}

impl From<StoredStep> for Step {
    fn from(StoredStep { at, done, latency }: StoredStep) -> Self {
        let mut latencies = Latencies::default();
        for (bucket, recordings) in latency {
            latencies.add(bucket, recordings);
        }
        Self {
            at,
            done,
            latency: Percentiles::from(&latencies),
            latencies,
        }
    }
}

/// What was done in a length of time.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Window {
    /// Its length, seconds.
    pub seconds: i32,
    /// Recordings that got a row, per second.
    pub per_second: f64,
    /// The sums.
    #[serde(flatten)]
    pub done: Done,
    /// Time from the completion of a session to the row, of live recordings.
    pub latency: Percentiles,
}

/// The sum of steps.
pub(super) fn window(steps: &[Step], seconds: i32) -> Window {
    let (mut done, mut latencies) = (Done::default(), Latencies::default());
    for step in steps {
        done.add(&step.done);
        latencies.merge(&step.latencies);
    }
    Window {
        seconds,
        per_second: (done.extracted + done.failed) as f64 / f64::from(seconds),
        done,
        latency: Percentiles::from(&latencies),
    }
}
