//! `heimdalld run`: starts the parts, and ends them in order.

use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::{debug, info, warn};
use uuid::Uuid;

use crate::config::settings::{Listening, Settings};
use crate::extraction::Pipeline;
use crate::extraction::session_log::Announced;
use crate::extraction::stream::ReadBudget;
use crate::extraction::threads::Compute;
use crate::http;
use crate::http::HttpError;
use crate::http::readiness::Status;
use crate::listener::listen;
use crate::maintenance::registration::{FAREWELL_TIMEOUT, Identity, register};
use crate::maintenance::{heartbeat, scheduler, sweeper};
use crate::metrics::metrics;
use crate::object_store::breaker::Gates;
use crate::object_store::client::Store;
use crate::object_store::error::StoreError;
use crate::postgres::Database;
use crate::postgres::error::DbError;
use crate::postgres::schema::Fit;
use crate::queue::held_leases::Held;
use crate::queue::{self, Queue};
use crate::wake::Ears;
use crate::worker::Worker;
use crate::worker::claimer::Claims;
use crate::writer;

/// Why the daemon cannot start. Nothing that happens to it later ends it, only a bug of its own.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The database settings cannot be used.
    #[error(transparent)]
    Database(#[from] DbError),
    /// The store's settings cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
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
    let patience = queue::patience(settings.lease);
    let pipeline = Arc::new(Pipeline {
        store: Arc::new(Store::new(&settings.store, settings.concurrency)?),
        breakers: Arc::new(Gates::new(&settings.store.buckets, settings.store.probe_interval)),
        threads: Compute::start(settings.extract_threads).map_err(RunError::Threads)?,
        budget: ReadBudget::new(settings.max_object_bytes, settings.max_bytes_in_flight),
        session_log: Announced::default(),
    });
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
    let parts = Parts::default();
    parts.ears.note_only_polls(listener.is_none());
    metrics().concurrency.set(i64::from(identity.concurrency));
    // From here on, since whoever asks must get an answer while the database is still away.
    let _http = http.map(|listener| AbortOnDropHandle::new(tokio::spawn(serve(listener, &parts, &queue, &pipeline))));
    let Some(id) = register(&identity, &queue.within(patience.base), &stop).await else {
        return Ok(());
    };
    parts.worker_id.send_replace(id);

    let (finished, inbox) = mpsc::channel(settings.concurrency);
    let mut writer = tokio::spawn(writer::write(
        queue.clone(),
        patience,
        inbox,
        Arc::clone(&parts.postponed),
    ));
    let mut background = background(&settings, listener, &queue, &identity, &parts, &pipeline, &stop);
    let worker = Worker {
        claims: Claims::new(
            queue.clone(),
            parts.worker_id.subscribe(),
            Arc::clone(&parts.held),
            patience,
        ),
        ears: Arc::clone(&parts.ears),
        pipeline,
        fit: Arc::clone(&parts.fit),
        held: Arc::clone(&parts.held),
        finished,
        concurrency: settings.concurrency,
        poll_interval: settings.poll_interval,
    };
    let mut working = tokio::spawn(worker.run(stop.clone()));

    tokio::select! {
        // First, since what stops ends.
        biased;
        () = stop.cancelled() => {}
        part = ended(&mut working, &mut writer, &mut background) => return Err(RunError::PartEnded(part)),
    }
    info!(in_flight = parts.held.count(), grace = ?settings.shutdown_grace, "stopping");
    let in_time = timeout(settings.shutdown_grace, &mut working).await.is_ok();
    working.abort();
    // The tasks end with the worker, and with them the writer's inbox.
    if timeout(FAREWELL_TIMEOUT, &mut writer).await.is_err() {
        debug!("the writer still waits for the database");
        writer.abort();
    }
    background.abort_all();
    while background.join_next().await.is_some() {}
    let left = parts.held.take_all();
    let worker_id = *parts.worker_id.borrow();
    let queue = queue.within(FAREWELL_TIMEOUT);
    let farewell = async {
        queue.give_back(&left).await?;
        // Also what a claim took that was broken off.
        let strays = queue.take_strays(worker_id, &[]).await?;
        queue.deregister(worker_id).await?;
        Ok::<_, DbError>(left.len() + strays)
    };
    match timeout(FAREWELL_TIMEOUT, farewell).await {
        Ok(Ok(given_back)) => info!(given_back, in_time, "stopped"),
        failed => {
            let error = failed
                .ok()
                .and_then(Result::err)
                .unwrap_or(DbError::Timeout(FAREWELL_TIMEOUT));
            warn!(%error, held = left.len(), "stopped without the database; the lease will run out");
        }
    }
    Ok(())
}

/// The name of the part that ends although nobody said so: a bug of ours. Better that the daemon ends, and is started
/// anew, than that it keeps its leases and does nothing with them.
async fn ended(
    working: &mut JoinHandle<()>,
    writer: &mut JoinHandle<()>,
    background: &mut JoinSet<()>,
) -> &'static str {
    tokio::select! {
        _ = working => "worker",
        _ = writer => "writer",
        _ = background.join_next() => "upkeep",
    }
}

/// What the parts share.
#[derive(Default)]
struct Parts {
    worker_id: watch::Sender<Uuid>,
    ears: Arc<Ears>,
    fit: Arc<Fit>,
    held: Arc<Held>,
    postponed: Arc<Notify>,
}

fn serve(
    listener: TcpListener,
    parts: &Parts,
    queue: &Queue,
    pipeline: &Arc<Pipeline>,
) -> impl Future<Output = ()> + use<> {
    let status = Status::new(
        queue.clone(),
        Arc::clone(&parts.ears),
        Arc::clone(&pipeline.store),
        Arc::clone(&pipeline.breakers),
        Arc::clone(&parts.held),
    );
    http::serve(listener, Arc::new(status))
}

/// Where to listen, if anywhere.
fn way_to_listen(settings: &Settings, database: &Database) -> Result<Option<Database>, DbError> {
    Ok(match &settings.listening {
        Listening::Same => Some(database.clone()),
        Listening::At(url) => Some(Database::new(url)?),
        Listening::Off => {
            info!("only polling, every second, as HEIMDALL_LISTENER_DATABASE_URL says");
            None
        }
    })
}

fn background(
    settings: &Settings,
    listener: Option<Database>,
    queue: &Queue,
    identity: &Identity,
    parts: &Parts,
    pipeline: &Arc<Pipeline>,
    stop: &CancellationToken,
) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    if let Some(database) = listener {
        tasks.spawn(listen(database, Arc::clone(&parts.ears), stop.clone()));
    }
    tasks.spawn(heartbeat::beat(
        queue.clone(),
        identity.clone(),
        parts.worker_id.clone(),
        Arc::clone(&parts.held),
        Arc::clone(&parts.fit),
        Arc::clone(&parts.ears),
        // It beats on while what is in flight is finished, so that nobody takes over meanwhile.
        CancellationToken::new(),
    ));
    tasks.spawn(scheduler::promote(
        queue.clone(),
        Arc::clone(&parts.postponed),
        Arc::clone(&parts.fit),
        Arc::clone(&parts.ears),
        stop.clone(),
    ));
    tasks.spawn(sweeper::sweep(
        queue.clone(),
        settings.sweep_recordings,
        settings.sweep_interval,
        Arc::clone(&parts.fit),
        stop.clone(),
    ));
    let (watched, ears) = (Arc::clone(pipeline), Arc::clone(&parts.ears));
    tasks.spawn(async move { watched.breakers.watch(&watched.store, &ears).await });
    tasks
}
