//! Transitions by daemons, with the calls and the transaction of the real daemon.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join;
use heimdall_daemon::job::claim::{CursorIds, Lease};
use heimdall_daemon::queue::ANSWER_TIMEOUT;
use heimdall_daemon::queue::held_leases::HeldLeases;
use heimdall_daemon::writer::completed_job::CompletedJob;
use heimdall_daemon::writer::limits::Limits;
use heimdall_daemon::writer::transaction::{BatchResult, transact};
use heimdall_daemon::writer::write_result::WriteResult;
use uuid::Uuid;

use super::features::features;
use super::{DELAY, System, measurement_id, measurement_of, session_of};
use crate::stress::model::state::{World, Written as Expected};
use crate::stress::model::transition::{Outcome, StartAfter, Transition};

impl System {
    pub(super) async fn run_transition(&mut self, world: &World, transition: &Transition) {
        match transition {
            Transition::Expand => assert_eq!(self.expand().await, world.settled, "sessions with nothing to extract"),
            Transition::Register => self.register().await,
            Transition::Heartbeat(worker) => {
                let response = self
                    .queue
                    .heartbeat(self.workers[*worker], 0)
                    .await
                    .expect("a response");
                assert_eq!(response.is_some(), world.workers[*worker].registered);
                assert!(response.is_none_or(|response| response.paused == world.paused));
            }
            Transition::Claim {
                worker,
                limit,
                start_after,
            } => self.claim(world, *worker, *limit, *start_after).await,
            Transition::ClaimAndLoseResponse { worker, limit } => {
                let lost = self
                    .queue
                    .claim(self.workers[*worker], *limit, None)
                    .await
                    .expect("a response");
                self.claims.extend(lost.iter().map(|_| None));
            }
            Transition::ReleaseOrphans(worker) => {
                let known: Vec<Lease> = self.claims.iter().flatten().map(|claim| claim.lease).collect();
                self.queue
                    .release_orphans(self.workers[*worker], &known)
                    .await
                    .expect("a response");
            }
            Transition::ClaimTogether { workers, limit } => self.claim_together(world, *workers, *limit).await,
            Transition::Finish(outcomes) => self.finish(world, outcomes).await,
            Transition::FinishTogether(one, other) => Box::pin(self.finish_together(world, *one, *other)).await,
            Transition::Expire(worker) => self.expire(self.workers[*worker]).await,
            Transition::Deregister(worker) => self.queue.deregister(self.workers[*worker]).await.expect("a response"),
            Transition::ReleaseExpired => assert_eq!(self.release_expired().await, world.released),
            Transition::CrashLoop { times, limit } => self.crash_loop(*times, *limit).await,
            Transition::TimePasses => self.time_passes().await,
            Transition::Promote => drop(self.queue.promote_due().await.expect("a response")),
            Transition::Sweep(sessions) => {
                let sessions = i32::try_from(*sessions).expect("a handful");
                let swept = self
                    .queue
                    .sweep(sessions, Duration::ZERO, true)
                    .await
                    .expect("a response");
                assert!(swept.is_some(), "another sweep runs");
            }
            _ => self.user_transition(transition).await,
        }
    }

    async fn crash_loop(&mut self, times: usize, limit: usize) {
        for _ in 0..times {
            self.register().await;
            let worker = *self.workers.last().expect("the new one");
            let claims = self.queue.claim(worker, limit, None).await.expect("a response");
            self.claims.extend(claims.into_iter().map(Some));
            self.expire(worker).await;
            self.release_expired().await;
            self.time_passes().await;
            self.queue.promote_due().await.expect("a response");
        }
    }

    /// Expands all notes. Returns the announced sessions.
    pub(super) async fn expand(&self) -> Vec<(usize, i64, i64)> {
        let mut settled = Vec::new();
        loop {
            let expansion = self.queue.expand_notes().await.expect("a response");
            assert_eq!(expansion.set_aside, 0, "a note cannot be expanded");
            let sessions = expansion.settled.into_iter().flat_map(|sessions| sessions.0);
            settled.extend(sessions.map(|s| (session_of(s.recording_session_id), s.succeeded, s.failed)));
            if !expansion.more {
                settled.sort_unstable();
                return settled;
            }
        }
    }

    async fn claim(&mut self, world: &World, worker: usize, limit: usize, start_after: StartAfter) {
        let mut start_ids = [0; 3];
        for (start_ids, m) in start_ids.iter_mut().zip(start_after) {
            let place = "SELECT coalesce(max(id), 0) FROM heimdall.feature_queue WHERE measurement_id = $1";
            if let Some(m) = m {
                let row = self
                    .sql
                    .query_one(place, &[&measurement_id(m)])
                    .await
                    .expect("the query works");
                *start_ids = row.get(0);
            }
        }
        let start_after = (start_after != [None; 3]).then_some(CursorIds {
            queue: start_ids,
            note: 0,
        });
        let claims = self
            .queue
            .claim(self.workers[worker], limit, start_after)
            .await
            .expect("a response");
        for claim in claims {
            let lease = world
                .leases
                .get(self.claims.len())
                .expect("no more claims than the model's");
            assert_eq!(
                measurement_of(claim.lease.measurement_id),
                lease.measurement,
                "the order of claims"
            );
            assert_eq!((claim.attempt, claim.recheck), (lease.attempt, lease.recheck));
            assert_eq!(
                claim.iq_data_location.is_some(),
                lease.location.is_some(),
                "the location"
            );
            self.claims.push(Some(claim));
        }
    }

    /// Together they claim the first measurements, and none twice.
    async fn claim_together(&self, world: &World, (one, other): (usize, usize), limit: usize) {
        let (one, other) = join(
            self.queue.claim(self.workers[one], limit, None),
            self.queue.claim(self.workers[other], limit, None),
        )
        .await;
        let claims = [one.expect("a response"), other.expect("a response")].concat();
        let mut taken: Vec<usize> = claims
            .iter()
            .map(|claim| measurement_of(claim.lease.measurement_id))
            .collect();
        let mut expected = if world.paused {
            Vec::new()
        } else {
            world.next(2 * limit, [0; 3])
        };
        taken.sort_unstable();
        expected.sort_unstable();
        assert_eq!(taken, expected);
        let leases: Vec<Lease> = claims.iter().map(|claim| claim.lease).collect();
        self.queue.release(&leases).await.expect("a response");
    }

    pub(super) async fn transact(&self, outcomes: &[(usize, Outcome)]) -> BatchResult {
        let mut batch = Vec::new();
        for &(lease, outcome) in outcomes {
            batch.push(CompletedJob {
                claim: self.claims[lease].clone().expect("the response arrived"),
                outcome: daemon_outcome(outcome),
                total_ms: 0,
                permit: Arc::clone(&self.permits).try_acquire_owned().ok(),
                held: Arc::new(HeldLeases::default()),
            });
        }
        // A daemon tries again after its limits. Here, a slow commit of the other transaction must not end this one.
        let limits = Limits {
            lock: ANSWER_TIMEOUT,
            statement: ANSWER_TIMEOUT,
            answer: ANSWER_TIMEOUT,
        };
        let committed = transact(&self.queue, &batch, &limits)
            .await
            .expect("the transaction commits");
        self.queue.keep_backfills().await.expect("a response");
        committed
    }

    async fn finish(&self, world: &World, outcomes: &[(usize, Outcome)]) {
        let committed = self.transact(outcomes).await;
        let written: Vec<Expected> = committed.written.iter().map(|written| self.read(*written)).collect();
        assert_eq!(written, world.written);
        assert_eq!(announced(&[committed]), world.settled);
    }

    async fn finish_together(&self, world: &World, one: (usize, Outcome), other: (usize, Outcome)) {
        let (one, other) = ([one], [other]);
        let (one, other) = join(Box::pin(self.transact(&one)), Box::pin(self.transact(&other))).await;
        assert!(!one.written.contains(&WriteResult::LeaseLost) && !other.written.contains(&WriteResult::LeaseLost));
        let mut expected = world.settled.clone();
        expected.sort_unstable();
        assert_eq!(
            announced(&[one, other]),
            expected,
            "announced once, by the last transaction"
        );
    }

    fn read(&self, written: WriteResult) -> Expected {
        match written {
            WriteResult::LeaseLost => Expected::LeaseLost,
            WriteResult::Done(id) => Expected::Done(id.map(|id| {
                self.backfills
                    .iter()
                    .position(|known| *known == id)
                    .expect("a backfill of this test")
            })),
        }
    }

    async fn expire(&self, worker: Uuid) {
        let set_back =
            "UPDATE heimdall.worker_heartbeats SET beat_at = beat_at - interval '2 hours' WHERE worker_id = $1";
        assert_eq!(self.execute(set_back, &[&worker]).await, 1);
    }

    pub(super) async fn release_expired(&self) -> (usize, usize) {
        let released = self.queue.release_expired().await.expect("a response");
        // The random delays of suspects must not end in the middle of a step.
        let defer = "UPDATE heimdall.feature_queue SET due_at = due_at + interval '14 minutes'
                     WHERE due_at BETWEEN now() - interval '5 minutes' AND now() + interval '5 minutes'";
        self.execute(defer, &[]).await;
        let crashed = released.iter().filter(|row| row.outcome == "crashed").count();
        (released.len() - crashed, crashed)
    }

    pub(super) async fn time_passes(&self) {
        let pass = "UPDATE heimdall.feature_queue SET due_at = due_at - interval '10 hours' WHERE state = 'waiting'";
        self.execute(pass, &[]).await;
    }
}

fn announced(committed: &[BatchResult]) -> Vec<(usize, i64, i64)> {
    let settled = committed.iter().flat_map(|committed| &committed.settled);
    let mut settled: Vec<_> = settled
        .map(|session| {
            (
                session_of(session.recording_session_id),
                session.succeeded,
                session.failed,
            )
        })
        .collect();
    settled.sort_unstable();
    settled
}

fn daemon_outcome(outcome: Outcome) -> heimdall_daemon::job::outcome::Outcome {
    use heimdall_daemon::job::outcome::Outcome as Daemons;
    let failed = |kind: &'static str, recheck| Daemons::Failed {
        error_kind: kind,
        error_message: format!("{kind} in the model test"),
        extraction_metadata: serde_json::json!({}),
        recheck,
    };
    match outcome {
        Outcome::Completed => Daemons::Completed(Box::new(features())),
        Outcome::Failed(kind) => failed(kind, None),
        Outcome::NotFound => failed("not_found", Some(DELAY)),
        Outcome::Retry => Daemons::Retry(DELAY),
        Outcome::Release => Daemons::Release,
        Outcome::Discard => Daemons::Discard,
    }
}
