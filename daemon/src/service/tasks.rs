//! The tasks of the daemon, and what they share.

use std::sync::Arc;

use tokio::sync::{Notify, watch};
use tokio::task::{JoinHandle, JoinSet};
use uuid::Uuid;

use crate::listener::ListenerStatus;
use crate::postgres::schema::SchemaCompatibility;
use crate::queue::held_leases::HeldLeases;
use crate::wake::WakeSignal;

/// What the tasks share.
#[derive(Default)]
pub(super) struct Shared {
    pub(super) worker_id: watch::Sender<Uuid>,
    pub(super) wake: Arc<WakeSignal>,
    pub(super) listener_status: Arc<ListenerStatus>,
    pub(super) compatibility: Arc<SchemaCompatibility>,
    pub(super) held: Arc<HeldLeases>,
    pub(super) postponed: Arc<Notify>,
}

/// The running tasks.
pub(super) struct Tasks {
    pub(super) worker: JoinHandle<()>,
    pub(super) writer: JoinHandle<()>,
    pub(super) background: JoinSet<()>,
}

impl Tasks {
    /// The name of the one that ends although nobody said so.
    pub(super) async fn ended(&mut self) -> &'static str {
        tokio::select! {
            _ = &mut self.worker => "worker",
            _ = &mut self.writer => "writer",
            _ = self.background.join_next() => "upkeep",
        }
    }
}
