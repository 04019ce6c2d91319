//! Connections to Postgres: the pool for statements, single ones for the
//! listener and for `migrate`.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use deadpool_postgres::{Hook, Manager, ManagerConfig, Pool, QueueMode, RecyclingMethod, Runtime, Timeouts};
use tokio::runtime::Handle;
use tokio_postgres::config::TargetSessionAttrs;
use tokio_postgres::{CancelToken, Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;
use tracing::{debug, info};

use self::session::Opener;
use crate::metrics::labels::Connection;
use crate::config::connection_url::Address;
use crate::metrics::metrics;
use crate::config::credentials::DatabaseUrl;
use crate::config::secret::Secret;

pub use self::error::DbError;

mod error;
mod session;

/// A server that is there answers within a second; a name that has moved should not hold us longer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// For the whole way to a session, login included: a second address may be tried after a first that is silent.
const SESSION_TIMEOUT: Duration = Duration::from_secs(10);
/// Longer than any statement of ours needs, shorter than an operator's patience with a hanging link.
const STATEMENT_TIMEOUT: Duration = Duration::from_mins(1);
/// A transaction of ours waits for nothing between two statements. One whose client is gone must not keep its locks:
/// they are what the next attempt waits for.
const IDLE_IN_TRANSACTION_TIMEOUT: Duration = Duration::from_secs(10);
/// Five tasks use one at a time each (claims, results, heartbeat, promotion, sweep); none may wait for another's silent
/// connection. Idle ones cost nothing: there are only as many as were needed at once.
const POOL_SIZE: usize = 8;
/// With a place for everybody nobody should wait at all.
const POOL_WAIT: Duration = Duration::from_secs(5);
/// Unacknowledged data for this long means that the peer is gone.
const TCP_USER_TIMEOUT: Duration = Duration::from_secs(15);

/// How to connect: the URL with time-outs and keepalive that notice a silent peer. Where the URL came from a file, that is read
/// again for every connection, so that a password can be changed without a restart.
#[derive(Clone)]
pub struct Database {
    source: DatabaseUrl,
    way: Arc<Mutex<Way>>,
    pooled: Arc<AtomicBool>,
}

/// What the URL said when it was last read.
#[derive(Clone)]
struct Way {
    url: Secret,
    config: Config,
    tls: Option<MakeRustlsConnect>,
}

impl Way {
    fn parse(url: Secret) -> Result<Self, DbError> {
        let Address { mut config, tls } = Address::parse(&url).map_err(DbError::Url)?;
        config
            .connect_timeout(CONNECT_TIMEOUT)
            .keepalives(true)
            .keepalives_idle(Duration::from_secs(10))
            .keepalives_interval(Duration::from_secs(5))
            .keepalives_retries(2)
            .tcp_user_timeout(TCP_USER_TIMEOUT)
            // Of several hosts the one that can be written to; and never a former primary that still answers.
            .target_session_attrs(TargetSessionAttrs::ReadWrite);
        let tls = match tls {
            Some(tls) => Some(MakeRustlsConnect::new(tls.client_config().map_err(DbError::Tls)?)),
            None => None,
        };
        Ok(Self { url, config, tls })
    }

    /// A connection of that name begins with the URL's own settings and these.
    fn named(&mut self, name: &str, settings: &str) {
        let options = self.config.get_options().unwrap_or_default().to_owned();
        self.config.application_name(name);
        if !settings.is_empty() {
            self.config.options(format!("{options} {settings}").trim());
        }
    }
}

impl Database {
    /// Reads the URL: plain, or TLS with a certificate that is checked in full ([`Address`]).
    ///
    /// # Errors
    /// When the URL is wrong or the files with certificates cannot be read.
    pub fn new(url: impl Into<DatabaseUrl>) -> Result<Self, DbError> {
        let source = url.into();
        Ok(Self {
            way: Arc::new(Mutex::new(Way::parse(source.url.clone())?)),
            source,
            pooled: Arc::default(),
        })
    }

    /// The way as it is now. While the file is being replaced, or holds nothing of use, the last one that was understood.
    fn way(&self) -> Way {
        let mut known = self.way.lock().unwrap_or_else(PoisonError::into_inner);
        match self.source.read_again() {
            Ok(Some(url)) if url != known.url => match Way::parse(url) {
                Ok(way) => {
                    info!("the database URL has changed in its file, the new one is used from now on");
                    *known = way;
                }
                Err(error) => debug!(%error, "the file of the database URL holds another that cannot be used"),
            },
            Ok(_) => {}
            Err(error) => debug!(error, "the file of the database URL cannot be read again"),
        }
        known.clone()
    }

    /// Whether a transaction pooler was met on the way, so that no connection of the pool is a session.
    #[must_use]
    pub fn is_pooled(&self) -> bool {
        self.pooled.load(Ordering::SeqCst)
    }

    /// A pool whose connections have prepared-statement caches.
    ///
    /// # Errors
    /// Never after construction succeeded, except for settings that deadpool refuses.
    pub fn pool(&self) -> Result<Pool, DbError> {
        let recycling = ManagerConfig {
            recycling_method: RecyclingMethod::Fast,
        };
        let opener = Opener { database: self.clone() };
        // The opener asks for the way at each connection; this one is not used.
        let manager = Manager::from_connect(self.way().config, opener, recycling);
        Pool::builder(manager)
            .max_size(POOL_SIZE)
            // The one used last has its statements prepared.
            .queue_mode(QueueMode::Lifo)
            .runtime(Runtime::Tokio1)
            .post_create(Hook::sync_fn(|_, _| {
                metrics().connected(Connection::Pool, true);
                Ok(())
            }))
            .timeouts(Timeouts {
                wait: Some(POOL_WAIT),
                create: Some(SESSION_TIMEOUT),
                recycle: Some(CONNECT_TIMEOUT),
            })
            .build()
            .map_err(|error| DbError::PoolSettings(error.to_string()))
    }

    /// A session of its own, and the future that drives it and yields what
    /// the server sends unasked.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses; [`DbError::Pooler`] when what is reached gives no sessions.
    pub async fn connect(&self, name: &str) -> Result<(tokio_postgres::Client, Driver), DbError> {
        let mut way = self.way();
        way.named(name, session::MARK);
        let connecting = async {
            let connected = if let Some(tls) = way.tls {
                let connected = way.config.connect(tls).await;
                connected.map(|(client, connection)| (client, Box::new(connection) as Driver))
            } else {
                let connected = way.config.connect(NoTls).await;
                connected.map(|(client, connection)| (client, Box::new(connection) as Driver))
            };
            let (client, mut driver) = match connected {
                Err(error) if session::is_refused_setting(&error) => return Err(DbError::Pooler),
                connected => connected?,
            };
            let own = tokio::select! {
                own = session::is_own(&client) => own?,
                ended = drive(&mut driver) => return Err(ended),
            };
            if own {
                Ok((client, driver))
            } else {
                Err(DbError::Pooler)
            }
        };
        // The driver's own time-out ends with the TCP handshake.
        tokio::time::timeout(SESSION_TIMEOUT, connecting)
            .await
            .unwrap_or(Err(DbError::Timeout(SESSION_TIMEOUT)))
    }

    /// Asks the server to give up what the token's session is doing, over a connection of its own. Nobody waits for it,
    /// and nothing depends on it: it only ends early what the server's time-outs would end. Not while the runtime itself ends, when
    /// futures are dropped too.
    pub fn cancel(&self, token: CancelToken) {
        let tls = self.way.lock().unwrap_or_else(PoisonError::into_inner).tls.clone();
        let Ok(runtime) = Handle::try_current() else { return };
        runtime.spawn(tokio::time::timeout(SESSION_TIMEOUT, async move {
            match tls {
                Some(tls) => token.cancel_query(tls).await,
                None => token.cancel_query(NoTls).await,
            }
        }));
    }
}

/// Moves a connection on; returns when it has ended.
async fn drive(driver: &mut Driver) -> DbError {
    loop {
        match std::future::poll_fn(|context| driver.poll_message(context)).await {
            Some(Ok(_)) => {}
            Some(Err(error)) => return error.into(),
            None => return DbError::Closed,
        }
    }
}

/// A connection's messages, polled through [`Drive::poll_message`].
pub type Driver = Box<dyn Drive>;

/// The two kinds of connection, plain and TLS, as one.
pub trait Drive: Send + Unpin {
    /// The next notice or notification; `None` when the connection has ended.
    fn poll_message(
        &mut self,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<tokio_postgres::AsyncMessage, tokio_postgres::Error>>>;
}

impl<S, T> Drive for tokio_postgres::Connection<S, T>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send,
    T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send,
{
    fn poll_message(
        &mut self,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<tokio_postgres::AsyncMessage, tokio_postgres::Error>>> {
        Self::poll_message(self, context)
    }
}
