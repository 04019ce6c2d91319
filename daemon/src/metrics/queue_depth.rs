//! What the queue holds, as the database last counted it.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;

use super::labels::{QueueLabels, Source, SourceLabel, State};

/// Rows of one source in one state.
#[derive(Clone, Debug, PartialEq)]
pub struct QueueDepth {
    /// What queued them.
    pub source: Source,
    /// Where they stand.
    pub state: State,
    /// How many.
    pub measurements: i64,
    /// Age of the oldest when they were counted, seconds.
    pub oldest_s: f64,
}

/// One look at the whole queue, the same for all daemons of a database.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Those that there are.
    pub depths: Vec<QueueDepth>,
    /// Daemons alive.
    pub workers: i64,
    /// Share of the notification queue in use, 0 to 1.
    pub notification_queue_usage: f64,
    /// Age of the count when it arrived here, seconds.
    pub counted_s_ago: f64,
    /// When it arrived here.
    pub at: Instant,
}

/// Shows the last sample; nothing before there was one.
#[derive(Debug, Default)]
pub struct QueueCollector(Mutex<Option<Sample>>);

impl QueueCollector {
    /// A new look.
    pub fn set(&self, sample: Sample) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(sample);
    }
}

impl Collector for QueueCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let Some(sample) = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone() else {
            return Ok(());
        };
        let here_s = sample.at.elapsed().as_secs_f64();
        let of = |source, state| {
            let found = sample
                .depths
                .iter()
                .find(|depth| (depth.source, depth.state) == (source, state));
            found.map_or((0, 0.0), |depth| (depth.measurements, depth.oldest_s))
        };

        let help =
            "Measurements in the queue of the whole database, every daemon shows the same; counted at most every 10 s";
        let mut metric = encoder.encode_descriptor("queue_measurements", help, None, MetricType::Gauge)?;
        for source in Source::ALL.iter().copied() {
            for state in State::ALL.iter().copied() {
                let labels = QueueLabels { source, state };
                ConstGauge::new(of(source, state).0).encode(metric.encode_family(&labels)?)?;
            }
        }
        let help = "Age of the oldest measurement that may be claimed, by what queued it; 0 if there is none";
        let mut metric = encoder.encode_descriptor("queue_oldest_ready_seconds", help, None, MetricType::Gauge)?;
        for source in Source::ALL.iter().copied() {
            let (measurements, oldest_s) = of(source, State::Ready);
            let age_s = if measurements > 0 { oldest_s + here_s } else { 0.0 };
            ConstGauge::new(age_s).encode(metric.encode_family(&SourceLabel { source })?)?;
        }
        let values = [
            (
                "queue_count_age_seconds",
                "Age of the count of the queue",
                sample.counted_s_ago + here_s,
            ),
            (
                "workers",
                "Daemons of this database that are alive",
                sample.workers as f64,
            ),
            (
                "database_notification_queue_usage_ratio",
                "Share of Postgres' notification queue in use; above 0.9 daemons are woken no more and poll",
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
