//! What each step means: the model's side of it, said as plainly as possible.

mod administrator;
mod application;
mod daemons;

use super::state::{MEASUREMENTS, SESSIONS, Worker, World};
use super::transition::Transition;

impl World {
    pub(super) fn happen(&mut self, transition: &Transition) {
        match transition {
            Transition::Complete(sessions) => self.complete(sessions),
            Transition::CompleteUnseen(s) => self.sessions[*s].completed = true,
            Transition::Reopen(s) => self.sessions[*s].completed = false,
            Transition::DeleteSession(s) => (self.sessions[*s].exists, self.sessions[*s].completed) = (false, false),
            Transition::InsertSession(s, completed) => {
                self.sessions[*s].exists = true;
                if *completed {
                    self.complete(&[*s]);
                }
            }
            Transition::InsertMeasurement(m, object) => {
                (self.measurements[*m].exists, self.measurements[*m].object) = (true, *object);
                self.measurements[*m].session = *m % SESSIONS;
                self.arrive(*m, false);
            }
            Transition::DeleteMeasurement(m) => self.measurements[*m].exists = false,
            Transition::PutObject(m) => {
                self.measurements[*m].object = true;
                self.arrive(*m, true);
            }
            Transition::RemoveObject(m) => self.measurements[*m].object = false,
            Transition::MoveMeasurement(m, s) => {
                if self.measurements[*m].session != *s {
                    self.measurements[*m].session = *s;
                    self.arrive(*m, false);
                }
            }
            Transition::TruncateMeasurements => (0..MEASUREMENTS).for_each(|m| self.measurements[m].exists = false),
            Transition::Register => self.register(),
            Transition::Beat(worker) => self.workers[*worker].expired = false,
            Transition::Claim { worker, limit, above } => self.claim(*worker, *limit, *above, false),
            Transition::LoseClaim { worker, limit } => self.claim(*worker, *limit, [None; 3], true),
            Transition::TakeStrays(worker) => self.release_orphans(*worker),
            Transition::ClaimTogether { .. } => {}
            Transition::Finish(verdicts) => self.finish(verdicts),
            Transition::FinishTogether(one, other) => {
                self.finish(&[*one]);
                let mut settled = std::mem::take(&mut self.settled);
                self.finish(&[*other]);
                settled.append(&mut self.settled);
                self.settled = settled;
            }
            Transition::Expire(worker) => self.workers[*worker].expired = true,
            Transition::Leave(worker) => {
                (self.workers[*worker].registered, self.workers[*worker].expired) = (false, false);
            }
            Transition::Release => self.release(),
            Transition::CrashLoop { times, limit } => {
                for _ in 0..*times {
                    self.register();
                    let worker = self.workers.len() - 1;
                    self.claim(worker, *limit, [None; 3], false);
                    self.workers[worker].expired = true;
                    self.release();
                    self.time_passes();
                    self.promote();
                }
            }
            Transition::TimePasses => self.time_passes(),
            Transition::Promote => self.promote(),
            Transition::Sweep(sessions) => drop(self.enqueue_missing("sweep", *sessions, false, None)),
            Transition::Backfill { sessions, failed_too } => drop(self.request_backfill(*sessions, *failed_too)),
            Transition::Cancel(b) => self.cancel_backfill(*b),
            Transition::Retry(kind) => self.retry_failed(*kind),
            Transition::Pause => self.paused = true,
            Transition::Resume => self.paused = false,
        }
    }

    fn register(&mut self) {
        self.workers.push(Worker {
            registered: true,
            ..Worker::default()
        });
    }
}
