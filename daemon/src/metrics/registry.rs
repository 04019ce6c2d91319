//! The table of metrics: name, help text, type and labels of each.
//!
//! Names follow the conventions of Prometheus: the base unit is the last word, and the encoder
//! adds `_total` to counters.

use std::hash::Hash;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};

use prometheus_client::encoding::prometheus_text;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use uuid::Uuid;

use super::labels::{Connection, OutcomeLabels, RecordingOutcome, Server, Source, Step, Takeover, Wakeup, Work};
use super::log_pace::LogPace;
use super::process::ProcessCollector;
use super::queue_depth::QueueCollector;
use super::totals::Totals;
use crate::job::error::KINDS;

/// Covers a step of one recording: from half a millisecond, when it is fast, to a minute, when it
/// hangs.
const STEP_BUCKETS_S: [f64; 16] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0,
];
/// Covers waiting times: from those of an idle daemon to those in a backfill of a million
/// recordings.
const WAIT_BUCKETS_S: [f64; 15] = [
    0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 15.0, 60.0, 300.0, 1_800.0, 7_200.0, 86_400.0,
];

type FloatGauge = Gauge<f64, AtomicU64>;

/// Makes [`Metrics`] from a table. The name of a field is the name of the metric (after
/// `heimdalld_`), and its documentation is the help text.
macro_rules! metrics {
    ($($(#[doc = $help:literal])+ $name:ident: $kind:ty = $create:expr;)+) => {
        /// All metrics of the process.
        pub struct Metrics {
            registry: Registry,
            /// The queue as the database last counted it.
            pub queue: Arc<QueueCollector>,
            pub(super) totals: Mutex<Totals>,
            pub(super) worker: Mutex<Option<Uuid>>,
            /// Whether each recording has a log line of its own.
            pub log_pace: LogPace,
            $($(#[doc = $help])+ pub $name: $kind,)+
        }

        impl Metrics {
            pub(super) fn new() -> Self {
                let mut registry = Registry::default();
                registry.register_collector(Box::new(ProcessCollector::start()));
                let ours = registry.sub_registry_with_prefix("heimdalld");
                ours.register("build_info", "Always 1; the labels describe this build", build_info());
                let queue = Arc::<QueueCollector>::default();
                ours.register_collector(Box::new(Arc::clone(&queue)));
                $(
                    let $name: $kind = $create;
                    ours.register(stringify!($name), concat!($($help),+).trim_start(), $name.clone());
                )+
                Self { registry, queue, totals: Mutex::default(), worker: Mutex::default(), log_pace: LogPace::default(), $($name,)+ }
            }
        }
    };
}

metrics! {
    /// Measurements claimed by this daemon, by what queued them
    claims: Family<Source, Counter> = family(Source::ALL, Counter::default);
    /// Claimed recordings by outcome, failures also by the kind of error
    recordings: Family<OutcomeLabels, Counter> = family(&all_outcomes(), Counter::default);
    /// Time per step of one recording; fetch and extract of successful ones, write per transaction,
    /// total from claim to row
    step_duration_seconds: Family<Step, Histogram> = family(Step::ALL, || Histogram::new(STEP_BUCKETS_S));
    /// Time from being queued to the first claim, by what queued it, database clock
    queue_wait_seconds: Family<Source, Histogram> = family(Source::ALL, || Histogram::new(WAIT_BUCKETS_S));
    /// Time from being queued by the completion of a session to the row, database clock
    completion_to_row_seconds: Histogram = Histogram::new(WAIT_BUCKETS_S);
    /// Bytes of objects read from the store
    read_bytes: Counter = Counter::default();
    /// Results dropped because another daemon had taken over the lease
    leases_lost: Counter = Counter::default();
    /// Times that this daemon's lease expired and it continued under a new id
    declared_dead: Counter = Counter::default();
    /// Measurements taken over from daemons whose lease had expired, by outcome
    takeovers: Family<Takeover, Counter> = family(Takeover::ALL, Counter::default);
    /// Connections to Postgres made; those after the first (after the fourth for the pool) are
    /// reconnects
    database_connects: Family<Connection, Counter> = family(Connection::ALL, Counter::default);
    /// Connections to Postgres that could not be made
    database_connect_failures: Family<Connection, Counter> = family(Connection::ALL, Counter::default);
    /// Looks for work, by cause
    wakeups: Family<Wakeup, Counter> = family(Wakeup::ALL, Counter::default);
    /// 1 while notifications work, 0 while the daemon polls instead
    listening: Gauge = Gauge::default();
    /// 1 while the server is unavailable
    outage: Family<Server, Gauge> = family(Server::ALL, Gauge::default);
    /// Times that the server became unavailable
    outages: Family<Server, Counter> = family(Server::ALL, Counter::default);
    /// 1 while work of this kind has not succeeded for a minute although there was some
    stalled: Family<Work, Gauge> = family(Work::ALL, Gauge::default);
    /// Results that cannot be written now, because a row is locked or a statement is slow, and that
    /// wait in this daemon
    results_set_aside: Gauge = Gauge::default();
    /// Times that a result could not be written and was set aside
    result_writes_deferred: Counter = Counter::default();
    /// Measurements that got neither a result nor an error row, because both are refused; they wait
    /// until somebody acts
    measurements_parked: Counter = Counter::default();
    /// Log lines that could not be written and were dropped
    log_lines_dropped: Counter = Counter::default();
    /// 1 while `/readyz` answers 200, asked at each scrape
    ready: Gauge = Gauge::default();
    /// 1 while the extraction is paused, as of the last heartbeat
    paused: Gauge = Gauge::default();
    /// Notes of the application's changes that this daemon expanded into rows of the queue
    notes_expanded: Counter = Counter::default();
    /// Notes that could not be expanded, and were set aside
    notes_set_aside: Counter = Counter::default();
    /// Sweeps made by this daemon; one daemon at a time makes them
    sweeps: Counter = Counter::default();
    /// Sessions with something missing, found by sweeps of this daemon
    sweep_recordings_found: Counter = Counter::default();
    /// Measurements queued by sweeps of this daemon
    sweep_measurements_queued: Counter = Counter::default();
    /// Unix time at which the last sweep of this daemon ended; 0 if it made none
    last_sweep_timestamp_seconds: FloatGauge = FloatGauge::default();
    /// Recordings in flight
    in_flight: Gauge = Gauge::default();
    /// Recordings in flight at most
    concurrency: Gauge = Gauge::default();
}

impl Metrics {
    /// All metrics in the text format of Prometheus.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = prometheus_text::encode(&mut text, &self.registry);
        text
    }
}

/// A family in which every series exists from the start: an alert rule then works before the first
/// event.
fn family<L: Clone + Eq + Hash, M>(labels: &[L], create: fn() -> M) -> Family<L, M> {
    let family = Family::new_with_constructor(create);
    for label in labels {
        drop(family.get_or_create(label));
    }
    family
}

fn all_outcomes() -> Vec<OutcomeLabels> {
    let all = RecordingOutcome::ALL.iter().flat_map(|&outcome| {
        let kinds = if outcome == RecordingOutcome::Failed {
            KINDS
        } else {
            &[""]
        };
        kinds
            .iter()
            .map(move |&error_kind| OutcomeLabels { outcome, error_kind })
    });
    all.collect()
}

/// Versions of heimdalld, of the extractor (as in `extraction_metadata`), and of the newest file in
/// `sql/schema`.
fn build_info() -> Family<[(&'static str, String); 3], Gauge> {
    let build = Family::<_, Gauge>::default();
    let labels = [
        ("version", env!("CARGO_PKG_VERSION").to_owned()),
        ("extractor_version", heimdall_dsp::VERSION.to_owned()),
        ("schema_version", crate::sql::schema_version().to_string()),
    ];
    build.get_or_create(&labels).set(1);
    build
}
