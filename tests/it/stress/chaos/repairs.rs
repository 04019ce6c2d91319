//! Repairs of injected faults, after random delays.

use std::ops::Range;
use std::time::{Duration, Instant};

use heimdall_daemon::config::secret::Secret;
use heimdall_daemon::postgres::migrate;

use super::fleet::State;
use super::holders::NO_TRIGGER;
use super::injector::FaultInjector;
use crate::support::tcp_proxy::Mode;

/// What to repair. Numbers are indices of daemons.
#[derive(Debug, Clone, Copy)]
pub(super) enum Repair {
    StartDaemon(usize),
    ContinueDaemon(usize),
    DatabaseConnections(usize),
    StoreConnections,
    StoreReplies,
    StartDatabase,
    Resume,
    ShowRows,
    NoTrigger,
}

/// Hides all measurements from our functions, whose owner is the tables' owner.
pub(super) const HIDE_ROWS: &str =
    "SET lock_timeout = '5s'; ALTER TABLE heimdall.measurements ENABLE ROW LEVEL SECURITY;
    ALTER TABLE heimdall.measurements FORCE ROW LEVEL SECURITY; RESET lock_timeout";
const SHOW_ROWS: &str = "ALTER TABLE heimdall.measurements DISABLE ROW LEVEL SECURITY;
    ALTER TABLE heimdall.measurements NO FORCE ROW LEVEL SECURITY";

impl FaultInjector {
    pub(super) fn schedule(&mut self, milliseconds: Range<u64>, repair: Repair) {
        let delay = Duration::from_millis(self.rng.u64(milliseconds));
        self.due.push((Instant::now() + delay, repair));
    }

    /// Waits for this time, and repairs what is due meanwhile.
    pub(super) async fn repair_for(&mut self, time: Duration) {
        let until = Instant::now() + time;
        loop {
            let now = Instant::now();
            let (due, later): (Vec<_>, Vec<_>) = self.due.drain(..).partition(|(at, _)| *at <= now);
            self.due = later;
            for (_, repair) in due {
                self.repair(repair).await;
            }
            self.fleet.check_ended();
            while self.migrations.try_join_next().is_some() {}
            while self.holders.try_join_next().is_some() {}
            if now >= until {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn repair(&mut self, repair: Repair) {
        match repair {
            Repair::StartDaemon(index) => {
                if self.fleet.members[index].state == State::Dead {
                    self.fleet.start_again(&self.bench, index).await;
                } else {
                    // It is still stopping, for a limited time.
                    self.schedule(50..100, repair);
                }
            }
            Repair::ContinueDaemon(index) => {
                self.fleet.signal(index, "CONT");
                self.fleet.members[index].state = State::Running;
            }
            Repair::DatabaseConnections(index) => self.fleet.members[index].database_proxy.set(Mode::Forward),
            Repair::StoreConnections => self.fleet.store_connections.set(Mode::Forward),
            Repair::StoreReplies => self.fleet.store_proxy.clear_faults(),
            Repair::StartDatabase => {
                tokio::task::block_in_place(|| self.bench.own_cluster().start_again()).expect("it starts");
                self.bench.reconnect().await;
                self.database_runs = true;
            }
            Repair::Resume if self.database_runs => {
                self.execute("SELECT heimdall.resume_extraction()").await;
            }
            Repair::ShowRows if self.database_runs => {
                if !self.execute(SHOW_ROWS).await {
                    self.schedule(50..100, repair);
                }
            }
            Repair::NoTrigger if self.database_runs => {
                if !self.execute(NO_TRIGGER).await {
                    self.schedule(50..100, repair);
                }
            }
            Repair::Resume | Repair::ShowRows | Repair::NoTrigger => self.schedule(50..100, repair),
        }
    }

    /// Repairs everything, in the order in which it is due, and starts all daemons.
    pub(super) async fn repair_everything(mut self) -> Self {
        while !self.due.is_empty() {
            self.repair_for(Duration::from_millis(50)).await;
        }
        while self.migrations.join_next().await.is_some() {}
        while self.holders.join_next().await.is_some() {}
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
