//! Whether the daemon can work, and if not, why. Asked of the servers
//! themselves, but seldom: many who ask share one answer.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::listener::ListenerStatus;
use crate::metrics::metrics;
use crate::metrics::queue_depth::Sample;
use crate::object_store::breaker::CircuitBreakers;
use crate::object_store::client::ObjectStore;
use crate::postgres::error::DbError;
use crate::postgres::schema::Schema;
use crate::queue::Queue;
use crate::queue::held_leases::HeldLeases;
use crate::queue::rows::QueueStatus;
use crate::sanitize::sanitize;

/// A probe of Kubernetes waits for one second, Prometheus for ten; nothing here takes longer than both servers' limits together.
const DATABASE_TIMEOUT: Duration = Duration::from_secs(2);
const STORE_TIMEOUT: Duration = Duration::from_secs(3);
/// Answers are shared for so long.
const DATABASE_AGE: Duration = Duration::from_secs(1);
const STORE_AGE: Duration = Duration::from_secs(5);
/// The count behind it is older: the database decides when to count anew.
const QUEUE_AGE: Duration = Duration::from_secs(1);

/// What is looked at.
pub struct Status {
    /// The database.
    pub queue: Queue,
    /// The listener.
    pub listener: Arc<ListenerStatus>,
    /// The store, to be asked.
    pub store: Arc<ObjectStore>,
    /// Its breakers, as the work finds them.
    pub breakers: Arc<CircuitBreakers>,
    /// Leases in hand.
    pub held: Arc<HeldLeases>,
    answers: Answers,
}

#[derive(Default)]
struct Answers {
    database: Shared<Result<(Schema, QueueStatus), String>>,
    store: Shared<Result<(), String>>,
    queue: Shared<()>,
}

/// An answer that is asked for anew once it is too old, by one at a time.
struct Shared<T>(Mutex<Option<(Instant, T)>>);

impl<T> Default for Shared<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone> Shared<T> {
    async fn get(&self, max_age: Duration, ask: impl Future<Output = T>) -> T {
        let mut answer = self.0.lock().await;
        if let Some((_, fresh)) = answer.as_ref().filter(|(at, _)| at.elapsed() < max_age) {
            return fresh.clone();
        }
        let new = ask.await;
        *answer = Some((Instant::now(), new.clone()));
        new
    }
}

/// `/readyz`.
#[derive(Debug, Serialize)]
pub struct Report {
    /// All checks are.
    pub ready: bool,
    /// By what was looked at.
    pub checks: BTreeMap<&'static str, Check>,
}

/// One of them.
#[derive(Debug, Serialize)]
pub struct Check {
    /// It works.
    pub ok: bool,
    /// How it stands.
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
    /// Looks at these.
    #[must_use]
    pub fn new(
        queue: Queue,
        listener: Arc<ListenerStatus>,
        store: Arc<ObjectStore>,
        breakers: Arc<CircuitBreakers>,
        held: Arc<HeldLeases>,
    ) -> Self {
        Self {
            queue,
            listener,
            store,
            breakers,
            held,
            answers: Answers::default(),
        }
    }

    /// Can it work, and if not, why?
    pub async fn ready(&self) -> Report {
        let (database, store) = futures_util::join!(self.database(), self.store());
        let checks = BTreeMap::from([
            ("database", database_check(&database)),
            ("schema", schema_check(&database)),
            ("listener", self.listener_check()),
            ("store", store),
        ]);
        Report {
            ready: checks.values().all(|check| check.ok),
            checks,
        }
    }

    /// `/metrics`, with a look at the queue if the last one is old.
    pub async fn metrics(&self) -> String {
        let look = async {
            if let Ok(Ok(sample)) = timeout(DATABASE_TIMEOUT, self.look()).await {
                metrics().queue.set(sample);
            }
        };
        self.answers.queue.get(QUEUE_AGE, look).await;
        metrics()
            .in_flight
            .set(i64::try_from(self.held.count()).unwrap_or(i64::MAX));
        metrics().text()
    }

    async fn look(&self) -> Result<Sample, DbError> {
        let observation = self.queue.observe().await?;
        let (depths, counted_s_ago) = self.queue.depths().await?;
        Ok(Sample {
            depths,
            workers: observation.workers,
            notification_queue_usage: observation.notification_queue_usage,
            counted_s_ago,
            at: Instant::now(),
        })
    }

    async fn database(&self) -> Result<(Schema, QueueStatus), String> {
        let ask = async {
            let both = async { Ok::<_, DbError>((self.queue.schema().await?, self.queue.observe().await?)) };
            match timeout(DATABASE_TIMEOUT, both).await {
                Ok(answer) => answer.map_err(|error| sanitize(&error.to_string())),
                Err(_) => Err(format!("no answer within {DATABASE_TIMEOUT:?}")),
            }
        };
        self.answers.database.get(DATABASE_AGE, ask).await
    }

    async fn store(&self) -> Check {
        let ask = async {
            let probes = async {
                for bucket in self.store.bucket_names() {
                    let probed = self.store.probe(bucket).await;
                    probed.map_err(|refusal| format!("bucket {bucket}: {}", sanitize(refusal.what())))?;
                }
                Ok(())
            };
            let late = |_| Err(format!("no answer within {STORE_TIMEOUT:?}"));
            timeout(STORE_TIMEOUT, probes).await.unwrap_or_else(late)
        };
        let answered = self.answers.store.get(STORE_AGE, ask).await;
        let (outages, all) = self.breakers.outages();
        match (answered, outages.first()) {
            (Err(error), _) => Check::wrong(error),
            (Ok(()), None) => Check::ok("answers for every bucket"),
            (Ok(()), Some((bucket, outage))) => Check::wrong(format!(
                "answers, but {} since {} s: {}",
                if all {
                    "nothing is claimed".to_owned()
                } else {
                    format!("recordings in bucket {bucket} wait")
                },
                outage.since.elapsed().as_secs(),
                outage.what
            )),
        }
    }

    fn listener_check(&self) -> Check {
        if self.listener.is_listening() {
            Check::ok("listening")
        } else if self.listener.is_polling_only() {
            Check::ok("only polling, every second: there is no direct way to the database")
        } else {
            Check::wrong("no connection that listens, polling every second meanwhile")
        }
    }
}

fn database_check(observed: &Result<(Schema, QueueStatus), String>) -> Check {
    match observed {
        Ok((_, observation)) if observation.paused => Check::ok("answers; the extraction is paused"),
        Ok(_) => Check::ok("answers"),
        Err(error) => Check::wrong(error.clone()),
    }
}

fn schema_check(observed: &Result<(Schema, QueueStatus), String>) -> Check {
    match observed {
        Ok((schema, _)) => match schema.check() {
            Ok(()) => Check::ok(format!("version {}", schema.installed)),
            Err(mismatch) => Check::wrong(format!("{mismatch}; {}", mismatch.hint())),
        },
        Err(_) => Check::wrong("not known while the database does not answer"),
    }
}
