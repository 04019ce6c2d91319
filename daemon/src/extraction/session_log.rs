//! Logs once per session that it is completed.

use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, PoisonError};

use tracing::info;
use uuid::Uuid;

use crate::job::claim::Claim;

/// Sessions remembered as logged. The recordings of a deferred backlog come back in any order, so
/// consecutive ones may belong to thousands of sessions.
const REMEMBERED_SESSIONS: usize = 4_096;

/// The sessions that were logged last.
#[derive(Debug, Default)]
pub struct SessionLog(Mutex<Sessions>);

#[derive(Debug, Default)]
struct Sessions {
    known: HashSet<Uuid>,
    in_order: VecDeque<Uuid>,
}

impl SessionLog {
    /// Logs the session of a recording that is being started, if it is live and not logged yet.
    /// Deferred recordings are not logged, to avoid a line per attempt.
    pub fn log_start(&self, claim: &Claim) {
        let session = claim.recording_session_id;
        if claim.source == "live" && self.0.lock().unwrap_or_else(PoisonError::into_inner).add(session) {
            info!(%session, "recording session completed");
        }
    }
}

impl Sessions {
    /// Returns whether the session is new. Forgets the oldest one if there are too many.
    fn add(&mut self, session: Uuid) -> bool {
        if !self.known.insert(session) {
            return false;
        }
        if self.in_order.len() == REMEMBERED_SESSIONS
            && let Some(oldest) = self.in_order.pop_front()
        {
            self.known.remove(&oldest);
        }
        self.in_order.push_back(session);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_session_is_new_once_and_the_oldest_are_forgotten() {
        let mut sessions = Sessions::default();
        let ids: Vec<Uuid> = (0..=REMEMBERED_SESSIONS as u128).map(Uuid::from_u128).collect();
        assert!(ids[..REMEMBERED_SESSIONS].iter().all(|id| sessions.add(*id)));
        assert!(!ids[..REMEMBERED_SESSIONS].iter().any(|id| sessions.add(*id)));
        assert!(sessions.add(ids[REMEMBERED_SESSIONS]));
        assert!(!sessions.add(ids[1]), "the second oldest is still known");
        assert!(sessions.add(ids[0]), "the oldest is forgotten");
        assert_eq!(
            (sessions.known.len(), sessions.in_order.len()),
            (REMEMBERED_SESSIONS, REMEMBERED_SESSIONS)
        );
    }
}
