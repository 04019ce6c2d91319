//! Checks whether the daemon can work, and if not, why. The checks ask the servers, and requests
//! that come close together share one answer.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::listener::ListenerStatus;
use crate::metrics::metrics;
use crate::metrics::queue_depth::Sample;
use crate::metrics::stall::Stalls;
use crate::object_store::breaker::CircuitBreakers;
use crate::object_store::client::ObjectStore;
use crate::postgres::error::DbError;
use crate::postgres::schema::Schema;
use crate::queue::Queue;
use crate::queue::held_leases::HeldLeases;
use crate::queue::rows::QueueStatus;
use crate::sanitize::sanitize;

/// A Kubernetes probe waits for one second by default, Prometheus for ten. No request takes longer
/// than these two limits together.
const DATABASE_TIMEOUT: Duration = Duration::from_secs(2);
const STORE_TIMEOUT: Duration = Duration::from_secs(3);
/// Time for which requests share an answer.
const DATABASE_AGE: Duration = Duration::from_secs(1);
const STORE_AGE: Duration = Duration::from_secs(5);
/// The count itself may be older: the database decides when to count again.
const QUEUE_AGE: Duration = Duration::from_secs(1);

/// The parts of the daemon that `/readyz` and `/metrics` ask.
pub struct Status {
    queue: Queue,
    listener: Arc<ListenerStatus>,
    store: Arc<ObjectStore>,
    breakers: Arc<CircuitBreakers>,
    held: Arc<HeldLeases>,
    stalls: Arc<Stalls>,
    database_answer: Cached<DatabaseAnswer>,
    store_answer: Cached<Result<Option<String>, String>>,
    queue_sampled: Cached<()>,
}

type DatabaseAnswer = Result<(Schema, QueueStatus), String>;

/// The last answer and its time. While one request asks again, the others wait for its answer.
type Cached<T> = Mutex<Option<(Instant, T)>>;

async fn cached<T: Clone>(cache: &Cached<T>, max_age: Duration, ask: impl Future<Output = T>) -> T {
    let mut last = cache.lock().await;
    match last.as_ref() {
        Some((at, answer)) if at.elapsed() < max_age => answer.clone(),
        _ => last.insert((Instant::now(), ask.await)).1.clone(),
    }
}

/// The answer of `/readyz`.
#[derive(Debug, Serialize)]
pub struct Report {
    /// All checks are ok.
    pub ready: bool,
    /// By name.
    pub checks: BTreeMap<&'static str, Check>,
}

/// One check of `/readyz`.
#[derive(Debug, Serialize)]
pub struct Check {
    /// It works.
    pub ok: bool,
    /// Its state, or what is wrong.
    pub reason: String,
}

impl Check {
    fn ok(reason: impl Into<String>) -> Self {
        Self {
            ok: true,
            reason: reason.into(),
        }
    }

    fn wrong(reason: impl Into<String>) -> Self {
        Self {
            ok: false,
            reason: reason.into(),
        }
    }
}

impl Status {
    /// Uses these parts of the daemon.
    #[must_use]
    pub fn new(
        queue: Queue,
        listener: Arc<ListenerStatus>,
        store: Arc<ObjectStore>,
        breakers: Arc<CircuitBreakers>,
        held: Arc<HeldLeases>,
        stalls: Arc<Stalls>,
    ) -> Self {
        Self {
            queue,
            listener,
            store,
            breakers,
            held,
            stalls,
            database_answer: Cached::default(),
            store_answer: Cached::default(),
            queue_sampled: Cached::default(),
        }
    }

    /// Runs all checks.
    pub async fn ready(&self) -> Report {
        let (database, store) = futures_util::join!(self.database(), self.store());
        let checks = BTreeMap::from([
            ("database", database_check(&database)),
            ("schema", schema_check(&database)),
            ("listener", self.listener_check()),
            ("store", store),
            ("work", self.work_check()),
        ]);
        Report {
            ready: checks.values().all(|check| check.ok),
            checks,
        }
    }

    /// The answer of `/metrics`. Runs all checks, and samples the queue if the last sample is too
    /// old.
    pub async fn metrics(&self) -> String {
        let sample = async {
            if let Ok(Ok(sample)) = timeout(DATABASE_TIMEOUT, self.sample_queue()).await {
                metrics().queue.set(sample);
            }
        };
        let (report, ()) = futures_util::join!(Box::pin(self.ready()), cached(&self.queue_sampled, QUEUE_AGE, sample));
        metrics().ready.set(i64::from(report.ready));
        self.stalls.export();
        metrics()
            .in_flight
            .set(i64::try_from(self.held.count()).unwrap_or(i64::MAX));
        metrics().text()
    }

    async fn sample_queue(&self) -> Result<Sample, DbError> {
        let status = self.queue.observe().await?;
        let depths = self.queue.depths().await?;
        Ok(Sample {
            depths: depths.queued,
            noted: depths.noted,
            workers: status.workers,
            notification_queue_usage: status.notification_queue_usage,
            counted_s_ago: depths.counted_s_ago,
            at: Instant::now(),
        })
    }

    async fn database(&self) -> DatabaseAnswer {
        let ask = async {
            let both = async { Ok::<_, DbError>((self.queue.schema().await?, self.queue.observe().await?)) };
            match timeout(DATABASE_TIMEOUT, both).await {
                Ok(answer) => answer.map_err(|error| sanitize(&error.to_string())),
                Err(_) => Err(format!("no answer within {DATABASE_TIMEOUT:?}")),
            }
        };
        cached(&self.database_answer, DATABASE_AGE, ask).await
    }

    async fn store(&self) -> Check {
        let ask = async {
            let probes = self.breakers.probe_all(&self.store);
            let on_timeout = |_| Err(format!("no answer within {STORE_TIMEOUT:?}"));
            timeout(STORE_TIMEOUT, probes).await.unwrap_or_else(on_timeout)
        };
        let answer = cached(&self.store_answer, STORE_AGE, ask).await;
        let (outages, all) = self.breakers.outages();
        match (answer, outages.first()) {
            (Err(error), _) => Check::wrong(error),
            (Ok(None), None) => Check::ok("answers for every bucket"),
            (Ok(Some(note)), None) => Check::ok(format!("answers; {note}")),
            (Ok(_), Some((bucket, outage))) => Check::wrong(format!(
                "answers, but {} since {} s: {}",
                if all {
                    "nothing is claimed".to_owned()
                } else {
                    format!("recordings in bucket {bucket} wait")
                },
                outage.since.elapsed().as_secs(),
                outage.reason
            )),
        }
    }

    /// Whether claims, expansions, sweeps and writes succeed.
    fn work_check(&self) -> Check {
        let stalled = self.stalls.stalled();
        if !stalled.is_empty() {
            let reasons: Vec<String> = stalled
                .iter()
                .map(|(work, trouble)| {
                    let seconds = trouble.since.elapsed().as_secs();
                    format!("no {} has succeeded for {seconds} s: {}", work.word(), trouble.reason)
                })
                .collect();
            return Check::wrong(reasons.join("; "));
        }
        match self.stalls.oldest_set_aside() {
            (count, Some(oldest)) => Check::ok(format!(
                "succeeds, but {count} results are set aside, the oldest since {} s: {}",
                oldest.since.elapsed().as_secs(),
                oldest.reason
            )),
            (_, None) => Check::ok("claims, expansions, sweeps and writes succeed"),
        }
    }

    fn listener_check(&self) -> Check {
        if self.listener.is_listening() {
            Check::ok("listening")
        } else if self.listener.is_polling_only() {
            Check::ok("only polling, every second: notifications are off, or a transaction pooler is in between")
        } else {
            Check::wrong("no connection that listens; polling every second until there is one")
        }
    }
}

fn database_check(answer: &DatabaseAnswer) -> Check {
    match answer {
        Ok((_, status)) if status.paused => Check::ok("answers; the extraction is paused"),
        Ok(_) => Check::ok("answers"),
        Err(error) => Check::wrong(error.clone()),
    }
}

fn schema_check(answer: &DatabaseAnswer) -> Check {
    match answer {
        Ok((schema, _)) => match schema.check() {
            Ok(()) => Check::ok(format!("version {}", schema.installed)),
            Err(mismatch) => Check::wrong(format!("{mismatch}; {}", mismatch.hint())),
        },
        Err(_) => Check::wrong("unknown while the database does not answer"),
    }
}
