//! Says once for each session that it has completed.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use tracing::info;
use uuid::Uuid;

use crate::queue::Claim;

/// Sessions whose completion has been logged already; older ones are long through.
const REMEMBERED_SESSIONS: usize = 256;

/// The sessions that have been announced of late.
#[derive(Debug, Default)]
pub struct Announced(Mutex<VecDeque<Uuid>>);

impl Announced {
    /// Work on a recording begins; what is put off before it has begun is not announced, or it would be each time.
    pub fn begins(&self, claim: &Claim) {
        if claim.source != "live" {
            return;
        }
        let session = claim.recording_session_id;
        let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if sessions.contains(&session) {
            return;
        }
        if sessions.len() == REMEMBERED_SESSIONS {
            sessions.pop_front();
        }
        sessions.push_back(session);
        info!(%session, "recording session completed");
    }
}
