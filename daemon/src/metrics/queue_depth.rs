//! The contents of the queue, as the database last counted them.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;

use super::labels::{Source, State};

/// Rows of one source in one state.
#[derive(Clone, Debug, PartialEq)]
pub struct QueueDepth {
    /// What queued them.
    pub source: Source,
    /// Their state.
    pub state: State,
    /// Number of rows.
    pub measurements: i64,
    /// Age of the oldest row when they were counted, seconds.
    pub oldest_s: f64,
}

/// Sessions and measurements that the application has changed, and that no daemon has looked at.
#[derive(Clone, Copy, Debug, Default)]
pub struct NotedChanges {
    /// Waiting to be expanded.
    pub ready: i64,
    /// Set aside, because their note cannot be expanded.
    pub failed: i64,
}

/// One count of the whole queue. All daemons of a database read the same count.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Non-empty combinations of source and state.
    pub depths: Vec<QueueDepth>,
    /// Changes that no daemon has looked at.
    pub noted: NotedChanges,
    /// Daemons that are alive.
    pub workers: i64,
    /// Share of the notification queue in use, 0 to 1.
    pub notification_queue_usage: f64,
    /// Age of the count when we received it, seconds.
    pub counted_s_ago: f64,
    /// When we received it.
    pub at: Instant,
}

/// Exports the last sample, and nothing before the first.
#[derive(Debug, Default)]
pub struct QueueCollector(Mutex<Option<Sample>>);

impl QueueCollector {
    /// Replaces the sample.
    pub fn set(&self, sample: Sample) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(sample);
    }
}

impl Collector for QueueCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> std::fmt::Result {
        let Some(sample) = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone() else {
            return Ok(());
        };
        let since_s = sample.at.elapsed().as_secs_f64();
        let of = |source, state| {
            let found = sample
                .depths
                .iter()
                .find(|depth| (depth.source, depth.state) == (source, state));
            found.map_or((0, 0.0), |depth| (depth.measurements, depth.oldest_s))
        };

        let help =
            "Measurements in the queue of the whole database, the same for all daemons; counted at most every second";
        let mut metric = encoder.encode_descriptor("queue_measurements", help, None, MetricType::Gauge)?;
        for source in Source::ALL.iter().copied() {
            for state in State::ALL.iter().copied() {
                ConstGauge::new(of(source, state).0).encode(metric.encode_family(&(source, state))?)?;
            }
        }
        let help = "Age of the oldest measurement that may be claimed, by what queued it; 0 if there is none";
        let mut metric = encoder.encode_descriptor("queue_oldest_ready_seconds", help, None, MetricType::Gauge)?;
        for source in Source::ALL.iter().copied() {
            let (measurements, oldest_s) = of(source, State::Ready);
            let age_s = if measurements > 0 { oldest_s + since_s } else { 0.0 };
            ConstGauge::new(age_s).encode(metric.encode_family(&source)?)?;
        }
        let values = [
            (
                "queue_count_age_seconds",
                "Age of the count of the queue",
                sample.counted_s_ago + since_s,
            ),
            (
                "noted_changes",
                "Sessions and measurements that the application has changed and no daemon has looked at yet",
                sample.noted.ready as f64,
            ),
            (
                "failed_noted_changes",
                "Of the noted changes, those whose note cannot be expanded and is set aside",
                sample.noted.failed as f64,
            ),
            (
                "workers",
                "Daemons of this database that are alive",
                sample.workers as f64,
            ),
            (
                "database_notification_queue_usage_ratio",
                "Share of Postgres' notification queue in use; above 0.9 daemons are not notified and poll instead",
                sample.notification_queue_usage,
            ),
        ];
        for (name, help, value) in values {
            let metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            ConstGauge::new(value).encode(metric)?;
        }
        Ok(())
    }
}
