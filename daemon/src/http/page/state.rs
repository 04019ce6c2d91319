//! What all requests to the page share.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use super::access::Access;
use super::database::{acting, reading};
#[cfg(feature = "plot")]
use super::pictures::Pictures;
use crate::config::settings::PageSettings;
use crate::object_store::client::ObjectStore;
use crate::postgres::Database;
use crate::postgres::error::DbError;
use crate::queue::Queue;
use crate::status::StatusReader;
use crate::status::error::StatusError;
use crate::status::overview::Overview;

/// All who look at the overview share an answer of this age.
const OVERVIEW_AGE: Duration = Duration::from_secs(2);

/// Why the page cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// The settings of a database are wrong.
    #[error(transparent)]
    Database(#[from] DbError),
    /// The system refuses to start a thread.
    #[error("cannot start the thread that draws: {0}")]
    Thread(std::io::Error),
}

/// The operator's page.
pub struct Page {
    pub(super) access: Access,
    pub(super) queue: Queue,
    /// `None`: the page only reads.
    pub(super) admin: Option<Queue>,
    pub(super) status: StatusReader,
    #[cfg(feature = "plot")]
    pub(super) pictures: Pictures,
    overview: Mutex<Option<(Instant, Shared)>>,
}

/// An answer for all who asked at that time, or why there is none.
type Shared = Result<Arc<Overview>, Arc<StatusError>>;

impl Page {
    /// A page for this database and this store. Connects to nothing yet.
    ///
    /// # Errors
    /// When the settings are wrong.
    pub fn new(settings: &PageSettings, database: &Database, store: &Arc<ObjectStore>) -> Result<Self, PageError> {
        let queue = reading(database)?;
        #[cfg(not(feature = "plot"))]
        let _ = store;
        Ok(Self {
            access: Access::new(settings.clone()),
            admin: settings.admin.as_ref().map(acting).transpose()?,
            status: StatusReader::new(queue.clone()),
            queue,
            #[cfg(feature = "plot")]
            pictures: Pictures::new(Arc::clone(store)).map_err(PageError::Thread)?,
            overview: Mutex::default(),
        })
    }

    /// The last overview, or a new one. While one request asks, the others wait for its answer, and
    /// share a failure too: each of them would wait for as long otherwise, one after the other.
    pub(super) async fn overview(&self) -> Shared {
        let mut last = self.overview.lock().await;
        if let Some((at, shared)) = &*last
            && at.elapsed() < OVERVIEW_AGE
        {
            return shared.clone();
        }
        let shared = self.status.overview().await.map(Arc::new).map_err(Arc::new);
        *last = Some((Instant::now(), shared.clone()));
        shared
    }

    /// Reads the overview anew next time: somebody has just changed something.
    pub(super) async fn forget_overview(&self) {
        *self.overview.lock().await = None;
    }
}
