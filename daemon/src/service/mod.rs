//! `heimdalld run`: starts the tasks, watches over them, and ends them in order.

use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::info;

use self::shutdown::shut_down;
use self::tasks::{Shared, Tasks};
use crate::backoff::Backoff;
use crate::config::settings::{ListenerUrl, Settings};
use crate::extraction::Pipeline;
use crate::extraction::session_log::SessionLog;
use crate::extraction::stream::ReadBudget;
use crate::extraction::threads::ExtractorThreads;
use crate::http;
use crate::http::HttpError;
use crate::http::readiness::Status;
use crate::listener::listen;
use crate::maintenance::registration::{Identity, register};
use crate::maintenance::{heartbeat, scheduler, sweeper};
use crate::metrics::metrics;
use crate::object_store::breaker::CircuitBreakers;
use crate::object_store::client::ObjectStore;
use crate::object_store::error::StoreConfigError;
use crate::postgres::Database;
use crate::postgres::error::DbError;
use crate::queue::{self, Queue};
use crate::worker::Worker;
use crate::worker::claimer::Claimer;
use crate::writer;

mod shutdown;
pub mod signals;
mod tasks;

/// Why the daemon cannot start. Nothing that happens to it later ends it, only a bug of its own.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The database settings cannot be used.
    #[error(transparent)]
    Database(#[from] DbError),
    /// The store's settings cannot be used.
    #[error(transparent)]
    Store(#[from] StoreConfigError),
    /// The port that was asked for cannot be had.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The system refuses threads.
    #[error("cannot start the extractor's threads: {0}")]
    Threads(std::io::Error),
    /// A task ended that never should.
    #[error("internal error: the {0} has ended")]
    PartEnded(&'static str),
}

/// Runs until `stop`, then ends within the grace time: claims no more, finishes
/// what is in flight, gives the rest back.
///
/// # Errors
/// When the settings cannot be used at all.
pub async fn run(settings: Settings, stop: CancellationToken) -> Result<(), RunError> {
    let http = http::bind(settings.http).await?;
    let database = Database::new(&settings.database_url)?;
    let queue = Queue::new(&database)?;
    let listener = way_to_listen(&settings, &database)?;
    let service = Service::new(settings, queue, stop)?;
    service.shared.listener_status.set_polling_only(listener.is_none());
    // From here on, since whoever asks must get an answer while the database is still away.
    let _http = http.map(|listener| AbortOnDropHandle::new(tokio::spawn(service.serve(listener))));
    let queue = service.queue.with_timeout(service.answer_timeouts.base);
    let Some(id) = register(&service.identity, &queue, &service.stop).await else {
        return Ok(());
    };
    service.shared.worker_id.send_replace(id);
    let mut tasks = service.start(listener);
    supervise(&mut tasks, &service.stop).await?;
    shut_down(tasks, &service.shared, &service.queue, service.settings.shutdown_grace).await;
    Ok(())
}

/// Waits for `stop`. A part that ends before is a bug of ours: better that the daemon ends, and is started anew, than that
/// it keeps its leases and does nothing with them.
async fn supervise(tasks: &mut Tasks, stop: &CancellationToken) -> Result<(), RunError> {
    tokio::select! {
        // First, since what stops ends.
        biased;
        () = stop.cancelled() => Ok(()),
        part = tasks.ended() => Err(RunError::PartEnded(part)),
    }
}

/// What the tasks are made of.
struct Service {
    settings: Settings,
    queue: Queue,
    identity: Identity,
    pipeline: Arc<Pipeline>,
    shared: Shared,
    /// How long to wait for the database's answer.
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
            "heimdalld starts"
        );
        metrics().concurrency.set(i64::from(identity.concurrency));
        Ok(Self {
            answer_timeouts: queue::answer_timeout_policy(settings.lease),
            settings,
            queue,
            identity,
            pipeline: Arc::new(pipeline),
            shared: Shared::default(),
            stop,
        })
    }

    fn serve(&self, listener: TcpListener) -> impl Future<Output = ()> + use<> {
        let status = Status::new(
            self.queue.clone(),
            Arc::clone(&self.shared.listener_status),
            Arc::clone(&self.pipeline.store),
            Arc::clone(&self.pipeline.breakers),
            Arc::clone(&self.shared.held),
        );
        http::serve(listener, Arc::new(status))
    }

    /// Starts the worker, the writer and all that goes on beside them.
    fn start(&self, listener: Option<Database>) -> Tasks {
        let (finished, inbox) = mpsc::channel(self.settings.concurrency);
        let postponed = Arc::clone(&self.shared.postponed);
        let writer = tokio::spawn(writer::write(
            self.queue.clone(),
            self.answer_timeouts,
            inbox,
            postponed,
        ));
        let background = self.background(listener);
        let worker = Worker {
            claimer: Claimer::new(
                self.queue.clone(),
                self.shared.worker_id.subscribe(),
                Arc::clone(&self.shared.held),
                self.answer_timeouts,
            ),
            wake: Arc::clone(&self.shared.wake),
            listener_status: Arc::clone(&self.shared.listener_status),
            pipeline: Arc::clone(&self.pipeline),
            compatibility: Arc::clone(&self.shared.compatibility),
            held: Arc::clone(&self.shared.held),
            finished,
            concurrency: self.settings.concurrency,
            poll_interval: self.settings.poll_interval,
        };
        Tasks {
            worker: tokio::spawn(worker.run(self.stop.clone())),
            writer,
            background,
        }
    }

    fn background(&self, listener: Option<Database>) -> JoinSet<()> {
        let (shared, stop) = (&self.shared, &self.stop);
        let mut tasks = JoinSet::new();
        if let Some(database) = listener {
            let (wake, status) = (Arc::clone(&shared.wake), Arc::clone(&shared.listener_status));
            tasks.spawn(listen(database, wake, status, stop.clone()));
        }
        tasks.spawn(heartbeat::heartbeat_loop(
            self.queue.clone(),
            self.identity.clone(),
            shared.worker_id.clone(),
            Arc::clone(&shared.held),
            Arc::clone(&shared.compatibility),
            Arc::clone(&shared.wake),
            // It beats on while what is in flight is finished, so that nobody takes over meanwhile.
            CancellationToken::new(),
        ));
        tasks.spawn(scheduler::promote_due_loop(
            self.queue.clone(),
            Arc::clone(&shared.postponed),
            Arc::clone(&shared.compatibility),
            Arc::clone(&shared.wake),
            stop.clone(),
        ));
        tasks.spawn(sweeper::sweep_loop(
            self.queue.clone(),
            self.settings.sweep_recordings,
            self.settings.sweep_interval,
            Arc::clone(&shared.compatibility),
            stop.clone(),
        ));
        let (watched, wake) = (Arc::clone(&self.pipeline), Arc::clone(&shared.wake));
        tasks.spawn(async move { watched.breakers.watch(&watched.store, &wake).await });
        tasks
    }
}

/// Where to listen, if anywhere.
fn way_to_listen(settings: &Settings, database: &Database) -> Result<Option<Database>, DbError> {
    Ok(match &settings.listener {
        ListenerUrl::SameAsDatabase => Some(database.clone()),
        ListenerUrl::Separate(url) => Some(Database::new(url)?),
        ListenerUrl::Disabled => {
            info!("only polling, every second, as HEIMDALL_LISTENER_DATABASE_URL says");
            None
        }
    })
}
