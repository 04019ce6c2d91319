//! What each transition does to the state of the model.

mod administrator;
mod application;
mod daemons;

use super::state::{Worker, World};
use super::transition::Transition;

impl World {
    pub(super) fn apply_transition(&mut self, transition: &Transition) {
        match transition {
            Transition::Complete(sessions) => self.complete(sessions),
            Transition::CompleteWithoutTriggers(s) => self.sessions[*s].completed = true,
            Transition::Reopen(s) => self.sessions[*s].completed = false,
            Transition::DeleteSession(s) => self.delete_session(*s),
            Transition::InsertSession(s, completed) => {
                self.sessions[*s].exists = true;
                if *completed {
                    self.complete(&[*s]);
                }
            }
            Transition::InsertMeasurement(m, object) => self.insert_measurement(*m, *object),
            Transition::DeleteMeasurement(m) => self.delete_measurement(*m),
            Transition::PutObject(m) => self.relocate(*m, true),
            Transition::RemoveObject(m) => self.relocate(*m, false),
            Transition::MoveMeasurement(m, s) => self.move_measurement(*m, *s),
            // No trigger fires.
            Transition::TruncateMeasurements => {
                for measurement in &mut self.measurements {
                    (measurement.exists, measurement.location) = (false, None);
                }
            }
            Transition::Backfill { sessions, failed_too } => drop(self.request_backfill(*sessions, *failed_too)),
            Transition::Cancel(b) => self.cancel_backfill(*b),
            Transition::Retry(kind) => self.retry_failed(*kind),
            Transition::Pause => self.paused = true,
            Transition::Resume => self.paused = false,
            by_daemons => self.apply_daemons_transition(by_daemons),
        }
    }

    fn apply_daemons_transition(&mut self, transition: &Transition) {
        match transition {
            Transition::Expand => self.expand(),
            Transition::Register => self.register(),
            Transition::Heartbeat(worker) => self.workers[*worker].expired = false,
            Transition::Claim {
                worker,
                limit,
                start_after,
            } => self.claim(*worker, *limit, *start_after, false),
            Transition::ClaimAndLoseResponse { worker, limit } => self.claim(*worker, *limit, [None; 3], true),
            Transition::ReleaseOrphans(worker) => self.release_orphans(*worker),
            Transition::ClaimTogether { .. } => {}
            Transition::Finish(outcomes) => self.finish(outcomes),
            Transition::FinishTogether(one, other) => {
                self.finish(&[*one]);
                let mut settled = std::mem::take(&mut self.settled);
                self.finish(&[*other]);
                settled.append(&mut self.settled);
                self.settled = settled;
            }
            Transition::Expire(worker) => self.workers[*worker].expired = true,
            Transition::Deregister(worker) => {
                (self.workers[*worker].registered, self.workers[*worker].expired) = (false, false);
            }
            Transition::ReleaseExpired => self.release_expired(),
            Transition::CrashLoop { times, limit } => {
                for _ in 0..*times {
                    self.register();
                    let worker = self.workers.len() - 1;
                    self.claim(worker, *limit, [None; 3], false);
                    self.workers[worker].expired = true;
                    self.release_expired();
                    self.time_passes();
                    self.promote();
                }
            }
            Transition::TimePasses => self.time_passes(),
            Transition::Promote => self.promote(),
            Transition::Sweep(sessions) => self.sweep(*sessions),
            other => unreachable!("{other:?} is not a transition by daemons"),
        }
    }

    fn register(&mut self) {
        self.workers.push(Worker {
            registered: true,
            ..Worker::default()
        });
    }
}
