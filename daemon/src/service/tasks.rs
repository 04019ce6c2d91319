//! The tasks of the daemon, and the state that they share.

use std::sync::Arc;

use tokio::sync::{Notify, watch};
use tokio::task::{JoinHandle, JoinSet};
use uuid::Uuid;

use crate::job::in_work::InWork;
use crate::listener::ListenerStatus;
use crate::maintenance::minutes::Minutes;
use crate::metrics::stall::Stalls;
use crate::postgres::schema::SchemaCompatibility;
use crate::queue::held_leases::HeldLeases;
use crate::queue::wake::WakeSignal;

/// The state that the tasks share. Each task gets the fields that it uses.
#[derive(Default)]
pub(super) struct Shared {
    pub(super) worker_id: watch::Sender<Uuid>,
    pub(super) wake: Arc<WakeSignal>,
    pub(super) listener_status: Arc<ListenerStatus>,
    pub(super) compatibility: Arc<SchemaCompatibility>,
    pub(super) held: Arc<HeldLeases>,
    /// The recordings that are being processed.
    pub(super) in_work: Arc<InWork>,
    /// What has not succeeded for long.
    pub(super) stalls: Arc<Stalls>,
    /// What was done, for the database.
    pub(super) minutes: Arc<Minutes>,
    /// The worker notifies the expander of notes that are left.
    pub(super) more_notes: Arc<Notify>,
    /// The writer notifies the scheduler of deferred rows.
    pub(super) deferred: Arc<Notify>,
}

/// The running tasks.
pub(super) struct Tasks {
    pub(super) worker: JoinHandle<()>,
    pub(super) writer: JoinHandle<()>,
    /// Listener, heartbeat, expander, scheduler, sweeper and circuit breakers.
    pub(super) background: JoinSet<()>,
}

impl Tasks {
    /// Waits until a task ends. Returns its name.
    pub(super) async fn ended(&mut self) -> &'static str {
        tokio::select! {
            _ = &mut self.worker => "worker",
            _ = &mut self.writer => "writer",
            _ = self.background.join_next() => "background task",
        }
    }
}
