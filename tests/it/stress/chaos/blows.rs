//! The blows, and what mends them.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use fastrand::Rng;
use heimdall_daemon::config::secret::Secret;
use heimdall_daemon::postgres::migrate;
use tokio::task::JoinSet;

use super::LEASE;
use super::fleet::{Fleet, State};
use super::objects::ARCHIVE;
use crate::support::store_proxy::Fault;
use crate::support::tcp_proxy::Mode;
use crate::support::{BUCKET, Bench};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Blow {
    DaemonKilled,
    DaemonFrozen,
    DaemonTerminated,
    DaemonTerminatedTwice,
    BackendsTerminated,
    ServerCrashed,
    WireCut,
    WireRefuses,
    WireStalls,
    WireSwallows,
    WireSwallowsAnswers,
    AllWiresSwallow,
    StoreRefuses,
    StoreSwallows,
    StoreFails500,
    StoreSlowDown503,
    StoreCredentialsRefused403,
    StoreBodiesBreakOff,
    StoreHangs,
    StoreSlow,
    BucketRemoved,
    ExtractionPaused,
    Migrated,
    SessionDeleted,
    MeasurementDeleted,
    BackfillRequested,
}

/// Each with its share.
const BLOWS: [(Blow, u32); 26] = [
    (Blow::DaemonKilled, 12),
    (Blow::DaemonFrozen, 6),
    (Blow::DaemonTerminated, 5),
    (Blow::DaemonTerminatedTwice, 2),
    (Blow::BackendsTerminated, 6),
    (Blow::ServerCrashed, 2),
    (Blow::WireCut, 6),
    (Blow::WireRefuses, 3),
    (Blow::WireStalls, 4),
    (Blow::WireSwallows, 4),
    (Blow::WireSwallowsAnswers, 6),
    (Blow::AllWiresSwallow, 1),
    (Blow::StoreRefuses, 3),
    (Blow::StoreSwallows, 2),
    (Blow::StoreFails500, 3),
    (Blow::StoreSlowDown503, 3),
    (Blow::StoreCredentialsRefused403, 2),
    (Blow::StoreBodiesBreakOff, 3),
    (Blow::StoreHangs, 2),
    (Blow::StoreSlow, 4),
    (Blow::BucketRemoved, 3),
    (Blow::ExtractionPaused, 2),
    (Blow::Migrated, 2),
    (Blow::SessionDeleted, 4),
    (Blow::MeasurementDeleted, 4),
    (Blow::BackfillRequested, 4),
];

#[derive(Debug, Clone, Copy)]
enum Mend {
    Start(usize),
    Continue(usize),
    OpenWire(usize),
    OpenStoreWire,
    HealStore,
    StartServer,
    Resume,
}

pub(super) struct Arena {
    pub(super) bench: Bench,
    pub(super) fleet: Fleet,
    pub(super) rng: Rng,
    pub(super) counts: BTreeMap<Blow, u32>,
    due: Vec<(Instant, Mend)>,
    url: String,
    server_runs: bool,
    migrations: JoinSet<()>,
}

impl Arena {
    pub(super) async fn new(bench: Bench, fleet: Fleet, rng: Rng) -> Self {
        Self {
            url: bench.url().await,
            bench,
            fleet,
            rng,
            counts: BTreeMap::new(),
            due: Vec::new(),
            server_runs: true,
            migrations: JoinSet::new(),
        }
    }

    /// One blow that is possible as things stand.
    pub(super) async fn strike(&mut self) {
        let shares: u32 = BLOWS.iter().map(|(_, share)| share).sum();
        let mut drawn = self.rng.u32(..shares);
        let (blow, _) = *BLOWS
            .iter()
            .find(|(_, share)| {
                let found = drawn < *share;
                drawn = drawn.saturating_sub(*share);
                found
            })
            .expect("one of them");
        if self.deal(blow).await {
            *self.counts.entry(blow).or_default() += 1;
        }
    }

    /// Whether it could be dealt.
    async fn deal(&mut self, blow: Blow) -> bool {
        let running = self.fleet.running();
        let victim = if running.is_empty() {
            None
        } else {
            Some(running[self.rng.usize(..running.len())])
        };
        match blow {
            Blow::DaemonKilled | Blow::DaemonFrozen | Blow::DaemonTerminated | Blow::DaemonTerminatedTwice => {
                let Some(victim) = victim else { return false };
                self.hit_daemon(blow, victim);
                true
            }
            Blow::ServerCrashed => {
                if !self.server_runs {
                    return false;
                }
                self.server_runs = false;
                tokio::task::block_in_place(|| self.bench.own_cluster().stop_immediate()).expect("it stops");
                self.later(0..4_000, Mend::StartServer);
                true
            }
            Blow::WireCut | Blow::WireRefuses | Blow::WireStalls | Blow::WireSwallows | Blow::WireSwallowsAnswers => {
                let index = self.rng.usize(..self.fleet.members.len());
                let database_proxy = &self.fleet.members[index].database_proxy;
                let way = match blow {
                    Blow::WireCut => {
                        database_proxy.cut();
                        return true;
                    }
                    Blow::WireRefuses => {
                        database_proxy.cut();
                        Mode::Refuse
                    }
                    Blow::WireStalls => Mode::Stall,
                    Blow::WireSwallows => Mode::DropAll,
                    _ => Mode::DropReplies,
                };
                database_proxy.set(way);
                self.later(50..3_000, Mend::OpenWire(index));
                true
            }
            Blow::AllWiresSwallow => {
                for index in 0..self.fleet.members.len() {
                    self.fleet.members[index].database_proxy.set(Mode::DropAll);
                    self.later(500..3_000, Mend::OpenWire(index));
                }
                true
            }
            Blow::StoreRefuses | Blow::StoreSwallows => {
                self.fleet.store_wire.cut();
                let way = if blow == Blow::StoreRefuses {
                    Mode::Refuse
                } else {
                    Mode::DropAll
                };
                self.fleet.store_wire.set(way);
                self.later(100..2_500, Mend::OpenStoreWire);
                true
            }
            Blow::StoreFails500
            | Blow::StoreSlowDown503
            | Blow::StoreCredentialsRefused403
            | Blow::StoreBodiesBreakOff
            | Blow::StoreHangs
            | Blow::StoreSlow
            | Blow::BucketRemoved => {
                self.hit_store(blow);
                true
            }
            _ => self.hit_tables(blow).await,
        }
    }

    fn hit_daemon(&mut self, blow: Blow, victim: usize) {
        let now = Instant::now();
        match blow {
            Blow::DaemonKilled => {
                self.fleet.kill(victim);
                self.later(0..2_000, Mend::Start(victim));
            }
            Blow::DaemonFrozen => {
                self.fleet.signal(victim, "STOP");
                self.fleet.members[victim].state = State::Frozen;
                let lease_ms = u64::try_from(LEASE.as_millis()).expect("seconds");
                self.later(lease_ms / 4..lease_ms * 5 / 2, Mend::Continue(victim));
            }
            _ => {
                let twice = blow == Blow::DaemonTerminatedTwice;
                self.fleet.signal(victim, "TERM");
                if twice {
                    self.fleet.signal(victim, "TERM");
                }
                self.fleet.members[victim].state = State::Leaving(now, twice);
                self.later(100..3_000, Mend::Start(victim));
            }
        }
    }

    fn hit_store(&mut self, blow: Blow) {
        let fault = match blow {
            Blow::StoreFails500 => Fault::Status(500, "InternalError"),
            Blow::StoreSlowDown503 => Fault::Status(503, "SlowDown"),
            Blow::StoreCredentialsRefused403 => Fault::Status(403, "InvalidAccessKeyId"),
            Blow::StoreBodiesBreakOff => Fault::Cut(self.rng.usize(..90_000)),
            Blow::StoreHangs => Fault::Hang,
            Blow::BucketRemoved => Fault::Status(404, "NoSuchBucket"),
            _ => Fault::Delay(Duration::from_millis(self.rng.u64(10..600))),
        };
        // A bucket as a whole; or all objects, or one while the others work.
        let part = match blow {
            Blow::BucketRemoved => [ARCHIVE, BUCKET][self.rng.usize(..2)],
            _ if self.rng.bool() => "",
            _ => "good-1",
        };
        self.fleet.store_proxy.set(part, fault);
        self.later(100..2_500, Mend::HealStore);
    }

    async fn hit_tables(&mut self, blow: Blow) -> bool {
        if !self.server_runs {
            return false;
        }
        let statement = match blow {
            Blow::Migrated => {
                if !self.migrations.is_empty() {
                    return false;
                }
                let url = Secret::new(self.url.clone());
                // Another blow may break it off; the last one, in quiet, may not fail.
                self.migrations.spawn(async move { drop(migrate::migrate(&url).await) });
                return true;
            }
            Blow::ExtractionPaused => {
                self.later(100..2_000, Mend::Resume);
                "SELECT heimdall.pause_extraction('chaos')"
            }
            Blow::BackendsTerminated => {
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
            }
            Blow::SessionDeleted => {
                "DELETE FROM heimdall.recording_sessions WHERE id = (SELECT id FROM heimdall.recording_sessions ORDER BY created_at DESC OFFSET floor(random() * 20)::int LIMIT 1)"
            }
            Blow::MeasurementDeleted => {
                "DELETE FROM heimdall.measurements WHERE id = (SELECT id FROM heimdall.measurements ORDER BY created_at DESC OFFSET floor(random() * 50)::int LIMIT 1)"
            }
            _ => {
                "SELECT heimdall.request_backfill(include_failed => random() < 0.5, since => now() - interval '2 minutes')"
            }
        };
        self.bench.sql.batch_execute(statement).await.is_ok() || self.reconnect_and_run(statement).await
    }

    /// The connection may have been met by an earlier blow.
    async fn reconnect_and_run(&mut self, statement: &str) -> bool {
        self.bench.reconnect().await;
        self.bench.sql.batch_execute(statement).await.is_ok()
    }

    fn later(&mut self, milliseconds: std::ops::Range<u64>, mend: Mend) {
        let delay = Duration::from_millis(self.rng.u64(milliseconds));
        self.due.push((Instant::now() + delay, mend));
    }

    /// Lets time pass, and mends what is due.
    pub(super) async fn mend_for(&mut self, time: Duration) {
        let until = Instant::now() + time;
        loop {
            let now = Instant::now();
            let (due, later): (Vec<_>, Vec<_>) = self.due.drain(..).partition(|(at, _)| *at <= now);
            self.due = later;
            for (_, mend) in due {
                self.mend(mend).await;
            }
            self.fleet.look_for_ends();
            while self.migrations.try_join_next().is_some() {}
            if now >= until {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn mend(&mut self, mend: Mend) {
        match mend {
            Mend::Start(index) => {
                if self.fleet.members[index].state == State::Dead {
                    self.fleet.start_again(&self.bench, index).await;
                } else {
                    // Still on its way out; its time is limited.
                    self.later(50..100, mend);
                }
            }
            Mend::Continue(index) => {
                self.fleet.signal(index, "CONT");
                self.fleet.members[index].state = State::Running;
            }
            Mend::OpenWire(index) => self.fleet.members[index].database_proxy.set(Mode::Forward),
            Mend::OpenStoreWire => self.fleet.store_wire.set(Mode::Forward),
            Mend::HealStore => self.fleet.store_proxy.clear_faults(),
            Mend::StartServer => {
                tokio::task::block_in_place(|| self.bench.own_cluster().start_again()).expect("it starts");
                self.bench.reconnect().await;
                self.server_runs = true;
            }
            Mend::Resume if self.server_runs => {
                let resume = "SELECT heimdall.resume_extraction()";
                if self.bench.sql.batch_execute(resume).await.is_err() {
                    self.reconnect_and_run(resume).await;
                }
            }
            Mend::Resume => self.later(50..100, mend),
        }
    }

    /// Everything that is due ever, now; and all that a blow may have left.
    pub(super) async fn mend_everything(mut self) -> Self {
        while !self.due.is_empty() {
            self.mend_for(Duration::from_millis(50)).await;
        }
        while self.migrations.join_next().await.is_some() {}
        self.bench.reconnect().await;
        migrate::migrate(&Secret::new(self.url.clone()))
            .await
            .expect("sql/ installs again");
        self.bench.execute("SELECT heimdall.resume_extraction()").await;
        for index in 0..self.fleet.members.len() {
            if self.fleet.members[index].state == State::Dead {
                self.fleet.start_again(&self.bench, index).await;
            }
        }
        self
    }
}
