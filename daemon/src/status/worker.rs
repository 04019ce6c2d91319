//! A daemon, and what it has in hand.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// A daemon.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Worker {
    /// One run of one daemon.
    pub worker_id: Uuid,
    /// Host name; `None` of a lost daemon, as all that only a live one has.
    pub host: Option<String>,
    /// Process.
    pub pid: Option<i32>,
    /// Version of heimdalld.
    pub version: Option<String>,
    /// Recordings in flight at most.
    pub concurrency: Option<i32>,
    /// Recordings in flight at the last heartbeat.
    pub in_flight: Option<i32>,
    /// When it registered.
    pub started_at: Option<String>,
    /// How long ago, seconds.
    pub up_s: Option<f64>,
    /// Age of its last heartbeat, seconds.
    pub heartbeat_s_ago: Option<f64>,
    /// Whether its heartbeat is younger than its lease.
    pub is_alive: bool,
    /// Its claims in the queue.
    pub claimed: i64,
    /// Age of the oldest one, seconds.
    pub oldest_claim_s: Option<f64>,
    /// The five oldest ones.
    pub in_hand: Vec<InHand>,
    /// What it cannot do at present.
    pub stalled: Vec<Stall>,
}

/// A measurement that a daemon has in hand.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct InHand {
    /// The measurement.
    pub measurement_id: Uuid,
    /// Its session.
    pub session_id: Uuid,
    /// Name of its receiver; `None` if the measurement no longer exists.
    pub rx_id: Option<String>,
    /// What queued it.
    pub source: String,
    /// Number of the try.
    pub attempt: i32,
    /// Since the claim, seconds.
    pub age_s: f64,
}

/// What a daemon cannot do at present: an outage, a lock of somebody else, a result that is set
/// aside.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Stall {
    /// What does not succeed.
    #[serde(default)]
    pub step: String,
    /// The measurement, if it concerns one.
    #[serde(default)]
    pub measurement_id: Option<Uuid>,
    /// Since when.
    #[serde(default)]
    pub since: Value,
    /// Why.
    #[serde(default)]
    pub reason: String,
}
