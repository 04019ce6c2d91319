//! What each metric is called, and what it says of itself.
//!
//! By Prometheus' conventions: base units as the last word, `_total` (added when
//! it is written) for what only grows, and a HELP that stands by itself.

use std::sync::Arc;

use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

use super::Metrics;
use super::labels::BuildLabels;
use super::process::ProcessCollector;

impl Metrics {
    pub(super) fn register(&mut self) {
        let mut root = Registry::default();
        root.register_collector(Box::new(ProcessCollector::start()));
        let r = root.sub_registry_with_prefix("heimdalld");
        let build = Family::<BuildLabels, Gauge>::default();
        build
            .get_or_create(&BuildLabels {
                version: env!("CARGO_PKG_VERSION"),
                extractor_version: heimdall_dsp::VERSION,
                schema_version: crate::sql::schema_version(),
            })
            .set(1);
        r.register("build_info", "Always 1; the labels say what was built", build);
        r.register_collector(Box::new(Arc::clone(&self.queue)));
        self.register_work(r);
        self.register_surroundings(r);
        self.registry = root;
    }

    /// What becomes of recordings.
    fn register_work(&self, r: &mut Registry) {
        r.register(
            "claims",
            "Measurements claimed by this daemon, by what queued them",
            self.claims.clone(),
        );
        r.register(
            "recordings",
            "Claimed recordings by what became of them; error_kind where it is a failure",
            self.recordings.clone(),
        );
        r.register_with_unit(
            "step_duration",
            "Time per step of one recording; fetch and extract of those with features, write of a transaction, total from claim to row",
            Unit::Seconds,
            self.steps.clone(),
        );
        r.register_with_unit(
            "queue_wait",
            "Time from being queued to the first claim, by what queued it, database clock",
            Unit::Seconds,
            self.queue_wait.clone(),
        );
        r.register_with_unit(
            "completion_to_row",
            "Time from being queued by the completion of a session to the row, database clock",
            Unit::Seconds,
            self.completion_to_row.clone(),
        );
        r.register_with_unit(
            "read",
            "Bytes of objects read from the store",
            Unit::Bytes,
            self.read_bytes.clone(),
        );
        r.register(
            "leases_lost",
            "Results dropped because the lease had gone to another daemon",
            self.leases_lost.clone(),
        );
        r.register(
            "declared_dead",
            "Times that this daemon outlived its lease without a heartbeat and went on under a new id",
            self.declared_dead.clone(),
        );
        r.register(
            "takeovers",
            "Measurements taken over from dead daemons, by what became of them",
            self.takeovers.clone(),
        );
    }

    /// The servers, the sweeps, the process.
    fn register_surroundings(&self, r: &mut Registry) {
        r.register(
            "database_connects",
            "Connections to Postgres made; those beyond the first, of the pool beyond the fourth, are reconnects",
            self.connects.clone(),
        );
        r.register(
            "database_connect_failures",
            "Connections to Postgres that could not be made",
            self.connect_failures.clone(),
        );
        r.register("wakeups", "Looks for work, by what caused them", self.wakeups.clone());
        r.register(
            "listening",
            "1 while notifications can be relied on, 0 while polling has to do",
            self.listening.clone(),
        );
        r.register("outage", "1 while the server is away", self.outage.clone());
        r.register("outages", "Times that the server went away", self.outages.clone());
        r.register(
            "paused",
            "1 while the extraction is paused, as of the last heartbeat",
            self.paused.clone(),
        );
        r.register(
            "sweeps",
            "Sweeps made by this daemon; one daemon at a time makes them",
            self.sweeps.clone(),
        );
        r.register(
            "sweep_recordings_found",
            "Sessions with something missing, found by its sweeps",
            self.sweep_recordings.clone(),
        );
        r.register(
            "sweep_measurements_queued",
            "Measurements queued by its sweeps",
            self.sweep_measurements.clone(),
        );
        r.register_with_unit(
            "last_sweep_timestamp",
            "When its last sweep ended, Unix time; 0 if it made none",
            Unit::Seconds,
            self.last_sweep.clone(),
        );
        r.register("in_flight", "Recordings in hand", self.in_flight.clone());
        r.register("concurrency", "Recordings in hand at most", self.concurrency.clone());
    }
}
