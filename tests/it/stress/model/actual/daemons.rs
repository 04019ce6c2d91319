//! What daemons do, by the calls and the transaction of the real one.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::future::join;
use heimdall_daemon::job::claim::{Lease, Receiver};
use heimdall_daemon::job::features::FeatureRow;
use heimdall_daemon::job::features::ReceiverFeatures;
use heimdall_daemon::job::segment_spool::SegmentSpool;
use heimdall_daemon::queue::held_leases::HeldLeases;
use heimdall_daemon::writer::completed_job::CompletedJob;
use heimdall_daemon::writer::transaction::{BatchResult, transact};
use heimdall_daemon::writer::write_result::WriteResult;
use heimdall_dsp::{Hints, Recording, SegmentFeatures, Workspace};
use uuid::Uuid;

use super::{Actual, DELAY, measurement_id, measurement_of, session_of};
use crate::stress::model::state::{World, Written as Expected};
use crate::stress::model::transition::{Above, Transition, Verdict};
use crate::support::recordings;

impl Actual {
    pub(super) async fn happen(&mut self, world: &World, transition: &Transition) {
        match transition {
            Transition::Register => self.register().await,
            Transition::Beat(worker) => {
                let pulse = self.queue.heartbeat(self.workers[*worker], 0).await.expect("an answer");
                assert_eq!(pulse.is_some(), world.workers[*worker].registered);
                assert!(pulse.is_none_or(|pulse| pulse.paused == world.paused));
            }
            Transition::Claim { worker, limit, above } => self.claim(world, *worker, *limit, *above).await,
            Transition::LoseClaim { worker, limit } => {
                let lost = self
                    .queue
                    .claim(self.workers[*worker], *limit, None)
                    .await
                    .expect("an answer");
                self.claims.extend(lost.iter().map(|_| None));
            }
            Transition::TakeStrays(worker) => {
                let known: Vec<Lease> = self.claims.iter().flatten().map(|claim| claim.lease).collect();
                self.queue
                    .release_orphans(self.workers[*worker], &known)
                    .await
                    .expect("an answer");
            }
            Transition::ClaimTogether { workers, limit } => self.claim_together(world, *workers, *limit).await,
            Transition::Finish(verdicts) => self.finish(world, verdicts).await,
            Transition::FinishTogether(one, other) => self.finish_together(world, *one, *other).await,
            Transition::Expire(worker) => self.expire(self.workers[*worker]).await,
            Transition::Leave(worker) => self.queue.deregister(self.workers[*worker]).await.expect("an answer"),
            Transition::Release => assert_eq!(self.release().await, world.released),
            Transition::CrashLoop { times, limit } => {
                for _ in 0..*times {
                    self.register().await;
                    let worker = *self.workers.last().expect("the new one");
                    let claims = self.queue.claim(worker, *limit, None).await.expect("an answer");
                    self.claims.extend(claims.into_iter().map(Some));
                    self.expire(worker).await;
                    self.release().await;
                    self.time_passes().await;
                    self.queue.promote_due().await.expect("an answer");
                }
            }
            Transition::TimePasses => self.time_passes().await,
            Transition::Promote => drop(self.queue.promote_due().await.expect("an answer")),
            Transition::Sweep(sessions) => {
                let sessions = i32::try_from(*sessions).expect("a handful");
                let swept = self.queue.sweep(sessions, Duration::ZERO).await.expect("an answer");
                assert!(swept.is_some(), "nobody else sweeps");
            }
            _ => self.people(transition).await,
        }
    }

    async fn claim(&mut self, world: &World, worker: usize, limit: usize, above: Above) {
        let mut floor = [0; 3];
        for (floor, m) in floor.iter_mut().zip(above) {
            let place = "SELECT coalesce(max(id), 0) FROM heimdall.feature_queue WHERE measurement_id = $1";
            if let Some(m) = m {
                let row = self
                    .sql
                    .query_one(place, &[&measurement_id(m)])
                    .await
                    .expect("it answers");
                *floor = row.get(0);
            }
        }
        let above = (above != [None; 3]).then_some(floor);
        let claims = self
            .queue
            .claim(self.workers[worker], limit, above)
            .await
            .expect("an answer");
        for claim in claims {
            let lease = world
                .leases
                .get(self.claims.len())
                .expect("no more claims than the model's");
            assert_eq!(
                measurement_of(claim.lease.measurement_id),
                lease.measurement,
                "the order of work"
            );
            assert_eq!((claim.attempt, claim.recheck), (lease.attempt, lease.recheck));
            assert_eq!(claim.iq_data_location.is_some(), lease.located, "does it still exist?");
            self.claims.push(Some(claim));
        }
    }

    /// Together they take what is first, and nothing twice.
    async fn claim_together(&self, world: &World, (one, other): (usize, usize), limit: usize) {
        let (one, other) = join(
            self.queue.claim(self.workers[one], limit, None),
            self.queue.claim(self.workers[other], limit, None),
        )
        .await;
        let claims = [one.expect("an answer"), other.expect("an answer")].concat();
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
        self.queue.release(&leases).await.expect("an answer");
    }

    pub(super) async fn transact(&self, verdicts: &[(usize, Verdict)]) -> BatchResult {
        let mut batch = Vec::new();
        for &(lease, verdict) in verdicts {
            batch.push(CompletedJob {
                claim: self.claims[lease].clone().expect("its answer came"),
                outcome: as_the_daemon_says(verdict),
                total_ms: 0,
                permit: Arc::clone(&self.places)
                    .try_acquire_owned()
                    .expect("a thousand are enough"),
                held: Arc::new(HeldLeases::default()),
            });
        }
        transact(&self.queue, &batch).await.expect("the transaction commits")
    }

    async fn finish(&self, world: &World, verdicts: &[(usize, Verdict)]) {
        let committed = self.transact(verdicts).await;
        let written: Vec<Expected> = committed.written.iter().map(|written| self.read(*written)).collect();
        assert_eq!(written, world.written);
        assert_eq!(announced(&[committed]), world.settled);
    }

    async fn finish_together(&self, world: &World, one: (usize, Verdict), other: (usize, Verdict)) {
        let (one, other) = ([one], [other]);
        let (one, other) = join(self.transact(&one), self.transact(&other)).await;
        assert!(!one.written.contains(&WriteResult::LeaseLost) && !other.written.contains(&WriteResult::LeaseLost));
        let mut expected = world.settled.clone();
        expected.sort_unstable();
        assert_eq!(
            announced(&[one, other]),
            expected,
            "announced once, by the last of them"
        );
    }

    fn read(&self, written: WriteResult) -> Expected {
        match written {
            WriteResult::LeaseLost => Expected::LeaseLost,
            WriteResult::Done(id) => Expected::Done(id.map(|id| {
                self.backfills
                    .iter()
                    .position(|known| *known == id)
                    .expect("one of ours")
            })),
        }
    }

    async fn expire(&self, worker: Uuid) {
        let set_back =
            "UPDATE heimdall.worker_heartbeats SET beat_at = beat_at - interval '2 hours' WHERE worker_id = $1";
        assert_eq!(self.execute(set_back, &[&worker]).await, 1);
    }

    pub(super) async fn release(&self) -> (usize, usize) {
        let released = self.queue.release_expired().await.expect("an answer");
        // What is scattered over the next seconds must not become due in the middle of a step.
        let defer = "UPDATE heimdall.feature_queue SET due_at = due_at + interval '1 hour'
                     WHERE due_at BETWEEN now() - interval '10 minutes' AND now() + interval '10 minutes'";
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

fn as_the_daemon_says(verdict: Verdict) -> heimdall_daemon::job::outcome::Outcome {
    use heimdall_daemon::job::outcome::Outcome as Daemons;
    let failed = |kind: &'static str, recheck| Daemons::Failed {
        error_kind: kind,
        error_message: format!("{kind}, says the model"),
        extraction_metadata: serde_json::json!({}),
        recheck,
    };
    match verdict {
        Verdict::Features => Daemons::Completed(Box::new(features())),
        Verdict::Failed(kind) => failed(kind, None),
        Verdict::LookAgain => failed("not_found", Some(DELAY)),
        Verdict::Later => Daemons::Retry(DELAY),
        Verdict::GiveBack => Daemons::Release,
        Verdict::Forget => Daemons::Discard,
    }
}

/// Those of a real recording, extracted once.
fn features() -> FeatureRow {
    static SEGMENT: OnceLock<SegmentFeatures> = OnceLock::new();
    let segment = SEGMENT.get_or_init(|| {
        let mut workspace = Workspace::default();
        let mut recording = Recording::new(Hints::default().with_sample_rate_hz(recordings::SAMPLE_RATE_HZ, "test"));
        recording.push(&recordings::tone(), &mut workspace).expect("samples");
        recording.finish(&mut workspace).expect("features").segments.remove(0)
    });
    let mut segments = SegmentSpool::new(usize::MAX);
    let receiver = Receiver {
        rx_id: "model".to_owned(),
        ..Receiver::default()
    };
    let features = ReceiverFeatures {
        receiver: &receiver,
        segment,
    };
    segments.push(&features, &[]).expect("memory");
    FeatureRow {
        segments,
        trailing_warnings: Vec::new(),
        extraction_metadata: serde_json::json!({}),
        overall_confidence: 0.5,
        mean_snr_db: 20.0,
        num_receivers_detected: 1,
    }
}
