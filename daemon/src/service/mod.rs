//! `heimdalld run`: starts the tasks, supervises them, and stops them in order.

use std::sync::Arc;

use futures_util::future::join;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::info;

use self::error::RunError;
use self::shutdown::shut_down;
use self::systemd::Systemd;
use self::tasks::{Shared, Tasks};
use crate::backoff::Backoff;
use crate::config::settings::{ListenerUrl, Settings};
use crate::extraction::Pipeline;
use crate::extraction::session_log::SessionLog;
use crate::extraction::stream::ReadBudget;
use crate::extraction::threads::ExtractorThreads;
use crate::http;
use crate::http::page::state::{Page, PageError};
use crate::http::readiness::Status;
use crate::listener::listen;
use crate::maintenance::expander::Expander;
use crate::maintenance::heartbeat::Heartbeat;
use crate::maintenance::registration::{Identity, register};
use crate::maintenance::sweeper::Sweeper;
use crate::maintenance::{coverage_keeper, scheduler, summary};
use crate::metrics::metrics;
use crate::object_store::breaker::CircuitBreakers;
use crate::object_store::client::ObjectStore;
use crate::postgres::Database;
use crate::postgres::error::DbError;
use crate::queue::{self, Queue};
use crate::worker::Worker;
use crate::worker::claimer::Claimer;
use crate::worker::jobs::Jobs;
use crate::writer::Writer;

pub mod error;
mod shutdown;
pub mod signals;
mod systemd;
mod tasks;

/// Runs until `stop`. Then claims no more rows, finishes those in flight within the grace time, and
/// releases the rest.
///
/// # Errors
/// When the settings are wrong, or a task ends before `stop`.
pub async fn run(settings: Settings, stop: CancellationToken) -> Result<(), RunError> {
    let http = http::bind(settings.http).await?;
    let database = Database::new(&settings.database_url)?;
    let queue = Queue::new(&database)?;
    let listener = listener_database(&settings, &database)?;
    let service = Service::new(settings, queue, stop)?;
    service.shared.listener_status.set_polling_only(listener.is_none());
    // The server answers probes also while the daemon waits for its database.
    let _http = match http {
        Some(listener) => Some(AbortOnDropHandle::new(tokio::spawn(
            service.serve(listener, &database)?,
        ))),
        None => None,
    };
    let _systemd = AbortOnDropHandle::new(tokio::spawn(service.systemd().report()));
    let queue = service.queue.with_timeout(service.answer_timeouts.base);
    let store = service.pipeline.breakers.probe_at_start(&service.pipeline.store);
    let store = service.stop.run_until_cancelled(store);
    let (Some(id), _) = join(register(&service.identity, &queue, &service.stop), store).await else {
        return Ok(());
    };
    service.shared.worker_id.send_replace(id);
    let mut tasks = service.start(listener);
    supervise(&mut tasks, &service.stop).await?;
    systemd::say_stopping().await;
    shut_down(tasks, &service.shared, &service.queue, service.settings.shutdown_grace).await;
    Ok(())
}

/// Waits for `stop`. A task that ends earlier is a bug: the daemon then ends, to be started again,
/// instead of holding leases that it does not process.
async fn supervise(tasks: &mut Tasks, stop: &CancellationToken) -> Result<(), RunError> {
    tokio::select! {
        // `stop` is polled first, because it also ends tasks.
        biased;
        () = stop.cancelled() => Ok(()),
        // Possibly it was cancelled between the two polls.
        task = tasks.ended() => {
            if stop.is_cancelled() {
                Ok(())
            } else {
                Err(RunError::TaskEnded(task))
            }
        }
    }
}

/// The settings and the state that the tasks are made of.
struct Service {
    settings: Settings,
    queue: Queue,
    identity: Identity,
    pipeline: Arc<Pipeline>,
    shared: Arc<Shared>,
    /// How long to wait for the answer of the database.
    answer_timeouts: Backoff,
    stop: CancellationToken,
}

impl Service {
    fn new(settings: Settings, queue: Queue, stop: CancellationToken) -> Result<Self, RunError> {
        let pipeline = Pipeline {
            store: Arc::new(ObjectStore::new(&settings.store, settings.concurrency)?),
            breakers: Arc::new(CircuitBreakers::new(
                &settings.store.buckets,
                settings.store.probe_interval,
            )),
            threads: ExtractorThreads::start(settings.extract_threads).map_err(RunError::Threads)?,
            budget: ReadBudget::new(settings.max_object_bytes, settings.max_bytes_in_flight),
            session_log: SessionLog::default(),
        };
        let identity = Identity {
            host: gethostname::gethostname().to_string_lossy().into_owned(),
            pid: i32::try_from(std::process::id()).unwrap_or(0),
            concurrency: i32::try_from(settings.concurrency).unwrap_or(i32::MAX),
            lease: settings.lease,
        };
        info!(
            version = env!("CARGO_PKG_VERSION"),
            host = identity.host,
            concurrency = settings.concurrency,
            extract_threads = settings.extract_threads,
            store = %settings.store.endpoint,
            buckets = settings.store.buckets.join(","),
            credentials = %settings.store.credentials,
            "heimdalld starts"
        );
        if let Some(proxy) = settings.store.proxies.shown(&settings.store.endpoint) {
            info!(
                proxy,
                "requests to the object store go through a proxy, from the environment"
            );
        }
        metrics().concurrency.set(i64::from(identity.concurrency));
        Ok(Self {
            answer_timeouts: queue::answer_timeout_policy(settings.lease),
            settings,
            queue,
            identity,
            pipeline: Arc::new(pipeline),
            shared: Arc::default(),
            stop,
        })
    }

    fn serve(&self, listener: TcpListener, database: &Database) -> Result<impl Future<Output = ()> + use<>, PageError> {
        let page = Page::new(&self.settings.page, database, &self.pipeline.store)?;
        let status = Status::new(
            self.queue.clone(),
            Arc::clone(&self.shared.listener_status),
            Arc::clone(&self.pipeline.store),
            Arc::clone(&self.pipeline.breakers),
            Arc::clone(&self.shared.held),
            Arc::clone(&self.shared.stalls),
        );
        Ok(http::serve(listener, Arc::new(status), Arc::new(page)))
    }

    fn systemd(&self) -> Systemd {
        Systemd {
            shared: Arc::clone(&self.shared),
            pipeline: Arc::clone(&self.pipeline),
            stop: self.stop.clone(),
        }
    }

    /// Starts all tasks.
    fn start(&self, listener: Option<Database>) -> Tasks {
        let (jobs, inbox) = mpsc::channel(self.settings.concurrency);
        let shared = &self.shared;
        let writer = Writer::new(
            self.queue.clone(),
            self.answer_timeouts,
            Arc::clone(&shared.deferred),
            Arc::clone(&shared.stalls),
            Arc::clone(&shared.in_work),
        );
        let worker = Worker {
            claimer: Claimer::new(
                self.queue.clone(),
                shared.worker_id.subscribe(),
                Arc::clone(&shared.held),
                Arc::clone(&shared.more_notes),
                Arc::clone(&shared.stalls),
                self.answer_timeouts,
            ),
            jobs: Jobs::new(
                Arc::clone(&self.pipeline),
                Arc::clone(&shared.held),
                Arc::clone(&shared.in_work),
                jobs,
                self.settings.concurrency,
            ),
            wake: Arc::clone(&shared.wake),
            listener_status: Arc::clone(&shared.listener_status),
            compatibility: Arc::clone(&shared.compatibility),
            poll_interval: self.settings.poll_interval,
        };
        Tasks {
            writer: tokio::spawn(writer.run(inbox)),
            background: self.background(listener),
            worker: tokio::spawn(worker.run(self.stop.clone())),
        }
    }

    fn background(&self, listener: Option<Database>) -> JoinSet<()> {
        let (shared, stop) = (&self.shared, &self.stop);
        let mut tasks = JoinSet::new();
        if let Some(database) = listener {
            let (wake, status) = (Arc::clone(&shared.wake), Arc::clone(&shared.listener_status));
            tasks.spawn(listen(database, wake, status, stop.clone()));
        }
        let heartbeat = Heartbeat {
            queue: self.queue.clone(),
            identity: self.identity.clone(),
            worker_id: shared.worker_id.clone(),
            held: Arc::clone(&shared.held),
            compatibility: Arc::clone(&shared.compatibility),
            wake: Arc::clone(&shared.wake),
            stalls: Arc::clone(&shared.stalls),
            minutes: Arc::clone(&shared.minutes),
        };
        // It continues after `stop`, so that the lease stays valid while recordings are in flight.
        tasks.spawn(heartbeat.run());
        let expander = Expander {
            queue: self.queue.clone(),
            more: Arc::clone(&shared.more_notes),
            compatibility: Arc::clone(&shared.compatibility),
            wake: Arc::clone(&shared.wake),
            stalls: Arc::clone(&shared.stalls),
        };
        tasks.spawn(expander.run(stop.clone()));
        tasks.spawn(scheduler::promote_due_loop(
            self.queue.clone(),
            Arc::clone(&shared.deferred),
            Arc::clone(&shared.compatibility),
            Arc::clone(&shared.wake),
            stop.clone(),
        ));
        let sweeper = Sweeper {
            queue: self.queue.clone(),
            settings: self.settings.sweep,
            compatibility: Arc::clone(&shared.compatibility),
            stalls: Arc::clone(&shared.stalls),
        };
        tasks.spawn(sweeper.run(stop.clone()));
        tasks.spawn(summary::log_summaries());
        tasks.spawn(coverage_keeper::keep_coverage_loop(
            self.queue.clone(),
            Arc::clone(&shared.compatibility),
            stop.clone(),
        ));
        let (pipeline, wake) = (Arc::clone(&self.pipeline), Arc::clone(&shared.wake));
        tasks.spawn(async move { pipeline.breakers.watch(&pipeline.store, &wake).await });
        tasks
    }
}

/// The database of the listener; `None` when it is disabled.
fn listener_database(settings: &Settings, database: &Database) -> Result<Option<Database>, DbError> {
    Ok(match &settings.listener {
        ListenerUrl::SameAsDatabase => Some(database.clone()),
        ListenerUrl::Separate(url) => Some(Database::new(url)?),
        ListenerUrl::Disabled => {
            info!("only polling, every second, because HEIMDALL_LISTENER_DATABASE_URL is 'off'");
            None
        }
    })
}
