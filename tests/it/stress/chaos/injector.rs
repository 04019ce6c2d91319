//! Injects faults, and schedules their repair.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use fastrand::Rng;
use heimdall_daemon::config::secret::Secret;
use heimdall_daemon::postgres::migrate;
use tokio::task::JoinSet;

use super::LEASE;
use super::changes;
use super::faults::FaultKind;
use super::fleet::{Fleet, State};
use super::holders;
use super::objects::ARCHIVE;
use super::repairs::{self, Repair};
use crate::support::store_proxy::Fault;
use crate::support::tcp_proxy::Mode;
use crate::support::{BUCKET, Bench};

/// Longer than any daemon waits for a lock.
const LONGEST_HELD_MS: u64 = 20_000;

pub(super) struct FaultInjector {
    pub(super) bench: Bench,
    pub(super) fleet: Fleet,
    pub(super) rng: Rng,
    /// Faults injected so far.
    pub(super) counts: BTreeMap<FaultKind, u32>,
    pub(super) due: Vec<(Instant, Repair)>,
    pub(super) url: String,
    pub(super) database_runs: bool,
    pub(super) migrations: JoinSet<()>,
    /// Others who hold locks.
    pub(super) holders: JoinSet<()>,
}

impl FaultInjector {
    pub(super) async fn new(bench: Bench, fleet: Fleet, rng: Rng) -> Self {
        Self {
            url: bench.url().await,
            bench,
            fleet,
            rng,
            counts: BTreeMap::new(),
            due: Vec::new(),
            database_runs: true,
            migrations: JoinSet::new(),
            holders: JoinSet::new(),
        }
    }

    /// Injects a random fault, if it is possible in the current state.
    pub(super) async fn inject(&mut self) {
        let kind = FaultKind::draw(&mut self.rng);
        if self.apply(kind).await {
            *self.counts.entry(kind).or_default() += 1;
        }
    }

    /// Whether the fault was possible.
    async fn apply(&mut self, kind: FaultKind) -> bool {
        match kind {
            FaultKind::DaemonKilled
            | FaultKind::DaemonFrozen
            | FaultKind::DaemonTerminated
            | FaultKind::DaemonTerminatedTwice => self.hit_daemon(kind),
            FaultKind::DatabaseCrashed => self.crash_database(),
            FaultKind::DatabaseConnectionsCut
            | FaultKind::DatabaseRefuses
            | FaultKind::DatabaseStalls
            | FaultKind::DatabaseSilent
            | FaultKind::DatabaseRepliesDropped
            | FaultKind::DatabaseSilentForAll => {
                self.hit_database_connections(kind);
                true
            }
            FaultKind::StoreRefuses
            | FaultKind::StoreSilent
            | FaultKind::StoreFails500
            | FaultKind::StoreSlowDown503
            | FaultKind::StoreCredentialsRefused403
            | FaultKind::StoreBodiesTruncated
            | FaultKind::StoreHangs
            | FaultKind::StoreSlow
            | FaultKind::StoreDrips
            | FaultKind::BucketRemoved => {
                self.hit_store(kind);
                true
            }
            FaultKind::QueueRowsLocked
            | FaultKind::ResultsLocked
            | FaultKind::SessionsLocked
            | FaultKind::ApplicationIdles => {
                let time = Duration::from_millis(self.rng.u64(200..LONGEST_HELD_MS));
                self.holders.spawn(holders::hold(self.url.clone(), kind, time));
                self.database_runs
            }
            FaultKind::BackendsTerminated
            | FaultKind::ExtractionPaused
            | FaultKind::Migrated
            | FaultKind::SessionDeleted
            | FaultKind::MeasurementDeleted
            | FaultKind::MeasurementMoved
            | FaultKind::TimeCorrected
            | FaultKind::LocationReplaced
            | FaultKind::SessionReopened
            | FaultKind::RowsHidden
            | FaultKind::ClockSetBack
            | FaultKind::BackfillRequested
            | FaultKind::SlowTrigger => self.run_sql(kind).await,
        }
    }

    fn hit_daemon(&mut self, kind: FaultKind) -> bool {
        let running = self.fleet.running();
        if running.is_empty() {
            return false;
        }
        let victim = running[self.rng.usize(..running.len())];
        match kind {
            FaultKind::DaemonKilled => {
                self.fleet.kill(victim);
                self.schedule(0..2_000, Repair::StartDaemon(victim));
            }
            FaultKind::DaemonFrozen => {
                self.fleet.signal(victim, "STOP");
                self.fleet.members[victim].state = State::Frozen;
                let lease_ms = u64::try_from(LEASE.as_millis()).expect("seconds");
                self.schedule(lease_ms / 4..lease_ms * 5 / 2, Repair::ContinueDaemon(victim));
            }
            _ => {
                let twice = kind == FaultKind::DaemonTerminatedTwice;
                self.fleet.signal(victim, "TERM");
                if twice {
                    self.fleet.signal(victim, "TERM");
                }
                self.fleet.members[victim].state = State::Stopping(Instant::now(), twice);
                self.schedule(100..3_000, Repair::StartDaemon(victim));
            }
        }
        true
    }

    fn crash_database(&mut self) -> bool {
        if !self.database_runs {
            return false;
        }
        self.database_runs = false;
        tokio::task::block_in_place(|| self.bench.own_cluster().stop_immediate()).expect("it stops");
        self.schedule(0..4_000, Repair::StartDatabase);
        true
    }

    /// The connections of one daemon, or of all.
    fn hit_database_connections(&mut self, kind: FaultKind) {
        if kind == FaultKind::DatabaseSilentForAll {
            for index in 0..self.fleet.members.len() {
                self.fleet.members[index].database_proxy.set(Mode::DropAll);
                self.schedule(500..3_000, Repair::DatabaseConnections(index));
            }
            return;
        }
        let index = self.rng.usize(..self.fleet.members.len());
        let proxy = &self.fleet.members[index].database_proxy;
        let mode = match kind {
            FaultKind::DatabaseConnectionsCut => return proxy.cut(),
            FaultKind::DatabaseRefuses => {
                proxy.cut();
                Mode::Refuse
            }
            FaultKind::DatabaseStalls => Mode::Stall,
            FaultKind::DatabaseSilent => Mode::DropAll,
            _ => Mode::DropReplies,
        };
        proxy.set(mode);
        self.schedule(50..3_000, Repair::DatabaseConnections(index));
    }

    fn hit_store(&mut self, kind: FaultKind) {
        let connection_mode = match kind {
            FaultKind::StoreRefuses => Some(Mode::Refuse),
            FaultKind::StoreSilent => Some(Mode::DropAll),
            _ => None,
        };
        if let Some(mode) = connection_mode {
            self.fleet.store_connections.cut();
            self.fleet.store_connections.set(mode);
            self.schedule(100..2_500, Repair::StoreConnections);
            return;
        }
        let fault = match kind {
            FaultKind::StoreFails500 => Fault::Status(500, "InternalError"),
            FaultKind::StoreSlowDown503 => Fault::Status(503, "SlowDown"),
            FaultKind::StoreCredentialsRefused403 => Fault::Status(403, "InvalidAccessKeyId"),
            FaultKind::StoreBodiesTruncated => Fault::Cut(self.rng.usize(..90_000)),
            FaultKind::StoreHangs => Fault::Hang,
            FaultKind::StoreDrips => Fault::Drip(Duration::from_millis(self.rng.u64(1..400))),
            FaultKind::BucketRemoved => Fault::Status(404, "NoSuchBucket"),
            _ => Fault::Delay(Duration::from_millis(self.rng.u64(10..600))),
        };
        // One of the buckets, or all objects, or one object while the others work.
        let part = match kind {
            FaultKind::BucketRemoved => [ARCHIVE, BUCKET][self.rng.usize(..2)],
            _ if self.rng.bool() => "",
            _ => "good-1",
        };
        self.fleet.store_proxy.set(part, fault);
        self.schedule(100..2_500, Repair::StoreReplies);
    }

    async fn run_sql(&mut self, kind: FaultKind) -> bool {
        if !self.database_runs {
            return false;
        }
        let statement = match kind {
            FaultKind::Migrated => {
                if !self.migrations.is_empty() {
                    return false;
                }
                let url = Secret::new(self.url.clone());
                // Another fault may interrupt it. The migration at the end must succeed.
                self.migrations.spawn(async move { drop(migrate::migrate(&url).await) });
                return true;
            }
            FaultKind::ExtractionPaused => {
                self.schedule(100..2_000, Repair::Resume);
                "SELECT heimdall.pause_extraction('chaos')"
            }
            FaultKind::SlowTrigger => {
                self.schedule(500..6_000, Repair::NoTrigger);
                holders::SLOW_TRIGGER
            }
            FaultKind::RowsHidden => {
                self.schedule(100..3_000, Repair::ShowRows);
                repairs::HIDE_ROWS
            }
            FaultKind::BackendsTerminated => {
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
            }
            by_application => changes::statement(by_application),
        };
        self.execute(statement).await
    }

    /// Whether the statement succeeded. An earlier fault may have ended the connection.
    pub(super) async fn execute(&mut self, statement: &str) -> bool {
        if self.bench.sql.batch_execute(statement).await.is_ok() {
            return true;
        }
        self.bench.reconnect().await;
        self.bench.sql.batch_execute(statement).await.is_ok()
    }
}
