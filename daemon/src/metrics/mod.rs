//! What the daemon counts, for `/metrics`.
//!
//! One set for the process, as the log is one for the process: a place that
//! counts says so in one line and is handed nothing. What the queue holds is not
//! counted here but in the database; [`queue_depth`] shows it.

use std::sync::LazyLock;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use prometheus_client::encoding::prometheus_text;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use self::labels::{
    Connection, ConnectionLabel, OutcomeLabels, RecordingOutcome, Server, ServerLabel, Source, SourceLabel, Step,
    StepLabel, Takeover, TakeoverLabel, Wakeup, WakeupLabel,
};
use self::queue_depth::QueueCollector;
use crate::job::error::KINDS;

pub mod labels;
mod process;
pub mod queue_depth;
mod registry;

/// One recording: from half a millisecond, where a step is free, to a minute, where it hangs.
const STEP_BUCKETS_S: [f64; 16] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0,
];
/// Waiting: from what an idle daemon needs to what a backfill of a million takes.
const WAIT_BUCKETS_S: [f64; 15] = [
    0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 15.0, 60.0, 300.0, 1_800.0, 7_200.0, 86_400.0,
];

/// How long one recording took, by the database's clock.
#[derive(Clone, Copy, Debug)]
pub struct JobTimings {
    /// What queued it.
    pub source: Option<Source>,
    /// Later ones have waited for their time as well.
    pub first_attempt: bool,
    /// An error row stood already.
    pub recheck: bool,
    /// From being queued to the claim, seconds.
    pub queued_s: f64,
    /// From the claim to the row, seconds.
    pub worked_s: f64,
}

type Float = Gauge<f64, AtomicU64>;
type Histograms<S> = Family<S, Histogram, fn() -> Histogram>;

/// Everything that is counted.
pub struct Metrics {
    registry: Registry,
    /// Measurements claimed.
    pub claims: Family<SourceLabel, Counter>,
    /// Recordings by what became of them.
    pub recordings: Family<OutcomeLabels, Counter>,
    /// Seconds per step.
    pub steps: Histograms<StepLabel>,
    /// Seconds from the queue row to its claim.
    pub queue_wait: Histograms<SourceLabel>,
    /// Seconds from a session's completion to the row.
    pub completion_to_row: Histogram,
    /// Bytes of objects.
    pub read_bytes: Counter,
    /// Results that came too late.
    pub leases_lost: Counter,
    /// Times that this daemon was taken for dead.
    pub declared_dead: Counter,
    /// Rows taken over from dead daemons.
    pub takeovers: Family<TakeoverLabel, Counter>,
    /// Connections made.
    pub connects: Family<ConnectionLabel, Counter>,
    /// Connections that could not be made.
    pub connect_failures: Family<ConnectionLabel, Counter>,
    /// Looks for work.
    pub wakeups: Family<WakeupLabel, Counter>,
    /// Notifications are heard.
    pub listening: Gauge,
    /// A server is away.
    pub outage: Family<ServerLabel, Gauge>,
    /// Times that one went away.
    pub outages: Family<ServerLabel, Counter>,
    /// Extraction is paused.
    pub paused: Gauge,
    /// Sweeps by this daemon.
    pub sweeps: Counter,
    /// Sessions with something missing.
    pub sweep_recordings: Counter,
    /// Measurements queued by them.
    pub sweep_measurements: Counter,
    /// When the last one ended.
    pub last_sweep: Float,
    /// Leases in hand.
    pub in_flight: Gauge,
    /// At most.
    pub concurrency: Gauge,
    /// What the queue holds.
    pub queue: std::sync::Arc<QueueCollector>,
}

/// The process's metrics.
#[must_use]
pub fn metrics() -> &'static Metrics {
    static METRICS: LazyLock<Metrics> = LazyLock::new(Metrics::new);
    &METRICS
}

fn step_histogram() -> Histogram {
    Histogram::new(STEP_BUCKETS_S)
}

fn wait_histogram() -> Histogram {
    Histogram::new(WAIT_BUCKETS_S)
}

impl Metrics {
    fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::default(),
            claims: Family::default(),
            recordings: Family::default(),
            steps: Family::new_with_constructor(step_histogram),
            queue_wait: Family::new_with_constructor(wait_histogram),
            completion_to_row: wait_histogram(),
            read_bytes: Counter::default(),
            leases_lost: Counter::default(),
            declared_dead: Counter::default(),
            takeovers: Family::default(),
            connects: Family::default(),
            connect_failures: Family::default(),
            wakeups: Family::default(),
            listening: Gauge::default(),
            outage: Family::default(),
            outages: Family::default(),
            paused: Gauge::default(),
            sweeps: Counter::default(),
            sweep_recordings: Counter::default(),
            sweep_measurements: Counter::default(),
            last_sweep: Float::default(),
            in_flight: Gauge::default(),
            concurrency: Gauge::default(),
            queue: std::sync::Arc::default(),
        };
        metrics.touch_all();
        metrics.register();
        metrics
    }

    /// A series that is zero is there from the start: a rule on it works before it first moves.
    fn touch_all(&self) {
        for source in Source::ALL.iter().copied() {
            drop(self.claims.get_or_create(&SourceLabel { source }));
            drop(self.queue_wait.get_or_create(&SourceLabel { source }));
        }
        for outcome in RecordingOutcome::ALL.iter().copied() {
            let kinds: &[&'static str] = if outcome == RecordingOutcome::Failed {
                KINDS
            } else {
                &[""]
            };
            for error_kind in kinds.iter().copied() {
                drop(self.recordings.get_or_create(&OutcomeLabels { outcome, error_kind }));
            }
        }
        for step in Step::ALL.iter().copied() {
            drop(self.steps.get_or_create(&StepLabel { step }));
        }
        for outcome in Takeover::ALL.iter().copied() {
            drop(self.takeovers.get_or_create(&TakeoverLabel { outcome }));
        }
        for connection in Connection::ALL.iter().copied() {
            drop(self.connects.get_or_create(&ConnectionLabel { connection }));
            drop(self.connect_failures.get_or_create(&ConnectionLabel { connection }));
        }
        for source in Wakeup::ALL.iter().copied() {
            drop(self.wakeups.get_or_create(&WakeupLabel { source }));
        }
        for server in Server::ALL.iter().copied() {
            drop(self.outage.get_or_create(&ServerLabel { server }));
            drop(self.outages.get_or_create(&ServerLabel { server }));
        }
    }

    /// A step took so long.
    pub fn step(&self, step: Step, took: Duration) {
        self.steps
            .get_or_create(&StepLabel { step })
            .observe(took.as_secs_f64());
    }

    /// A recording has come to its end, or to the end of this try.
    pub fn recording(&self, outcome: RecordingOutcome, error_kind: &'static str) {
        self.recordings
            .get_or_create(&OutcomeLabels { outcome, error_kind })
            .inc();
    }

    /// The worker looks for work.
    pub fn wakeup(&self, source: Wakeup) {
        self.wakeups.get_or_create(&WakeupLabel { source }).inc();
    }

    /// A server is away, or is there.
    pub fn set_outage(&self, server: Server, away: bool) {
        let label = ServerLabel { server };
        let before = self.outage.get_or_create(&label).set(i64::from(away));
        if away && before == 0 {
            self.outages.get_or_create(&label).inc();
        }
    }

    /// A measurement was claimed.
    pub fn claimed(&self, source: &str) {
        if let Some(source) = Source::named(source) {
            self.claims.get_or_create(&SourceLabel { source }).inc();
        }
    }

    /// A row of a dead daemon was taken over.
    pub fn took_over(&self, outcome: &str) {
        if let Some(outcome) = Takeover::ALL.iter().copied().find(|known| known.word() == outcome) {
            self.takeovers.get_or_create(&TakeoverLabel { outcome }).inc();
        }
    }

    /// Features or an error row were written.
    pub fn written(&self, times: &JobTimings) {
        self.steps
            .get_or_create(&StepLabel { step: Step::Total })
            .observe(times.worked_s);
        let Some(source) = times.source else { return };
        if times.first_attempt {
            self.queue_wait
                .get_or_create(&SourceLabel { source })
                .observe(times.queued_s);
        }
        // A second look for an object replaces a row that stood in time.
        if source == Source::Live && !times.recheck {
            self.completion_to_row.observe(times.queued_s + times.worked_s);
        }
    }

    /// A connection was made, or was not.
    pub fn connected(&self, connection: Connection, made: bool) {
        let counters = if made { &self.connects } else { &self.connect_failures };
        counters.get_or_create(&ConnectionLabel { connection }).inc();
    }

    /// A sweep has ended.
    pub fn swept(&self, recordings_found: i64, measurements_queued: i64) {
        self.sweeps.inc();
        self.sweep_recordings.inc_by(recordings_found.unsigned_abs());
        self.sweep_measurements.inc_by(measurements_queued.unsigned_abs());
        self.last_sweep.set(unix_time_s());
    }

    /// All of it, in Prometheus' text format.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = prometheus_text::encode(&mut text, &self.registry);
        text
    }
}

/// Now.
fn unix_time_s() -> f64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0.0, |since| since.as_secs_f64())
}
