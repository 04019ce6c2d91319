//! Connections to Postgres: a pool for statements, and single sessions for the listener, `migrate`
//! and `doctor`.

use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::timeout;
use tokio_postgres::config::TargetSessionAttrs;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{AsyncMessage, CancelToken, Client, Config, Connection, Error, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;
use tracing::{debug, info};

use self::error::DbError;
use self::hosts::HostOrder;
use self::pooler::{SESSION_MARKER, is_dedicated_session, is_refused_setting};
use crate::config::connection_url::Address;
use crate::config::credentials::DatabaseUrl;
use crate::config::trust_roots::TrustRoots;

pub mod error;
mod hosts;
pub mod migrate;
pub mod obstacles;
pub mod pool;
mod pooler;
pub mod row;
pub mod schema;
pub mod statement;

/// Limit of one TCP connect. A running server accepts within a second. A longer limit would only
/// delay the next try, which may find that the host name has moved to another server.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Limit of connect and login together. It leaves time for a second address after a silent first
/// one.
const SESSION_TIMEOUT: Duration = Duration::from_secs(10);
/// The peer counts as gone when sent data stays unacknowledged for this long.
const TCP_USER_TIMEOUT: Duration = Duration::from_secs(15);

/// The socket side of a session. [`drive`] must run for the session to make progress.
pub type Driver = Connection<Socket, <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream>;

/// What a role or database may limit for short statements of an application. A migration builds
/// indexes for minutes, a backfill of everything looks at the whole history, and a listener waits.
const SESSION_LIMITS: &str = "-c default_transaction_isolation=read\\ committed -c statement_timeout=0 -c lock_timeout=0 -c idle_in_transaction_session_timeout=0";

/// How to connect to the database.
///
/// A URL that comes from a file is read again for every connection, so a password can change
/// without a restart.
#[derive(Clone)]
pub struct Database {
    source: DatabaseUrl,
    parameters: Arc<Mutex<ConnectionParams>>,
    pooled: Arc<AtomicBool>,
    hosts: HostOrder,
}

/// The parameters of the URL that was read last.
#[derive(Clone)]
struct ConnectionParams {
    url: DatabaseUrl,
    config: Config,
    tls: MakeRustlsConnect,
}

impl ConnectionParams {
    fn parse(url: DatabaseUrl) -> Result<Self, DbError> {
        let Address { mut config, tls, .. } = Address::parse(&url).map_err(DbError::Url)?;
        config
            .connect_timeout(CONNECT_TIMEOUT)
            .keepalives(true)
            .keepalives_idle(Duration::from_secs(10))
            .keepalives_interval(Duration::from_secs(5))
            .keepalives_retries(2)
            .tcp_user_timeout(TCP_USER_TIMEOUT)
            // Of several hosts, the one that accepts writes; never a former primary that still
            // answers.
            .target_session_attrs(TargetSessionAttrs::ReadWrite);
        // Without TLS, `ssl_mode` is `Disable` and the connector is not used.
        let tls = tls.unwrap_or_else(|| TrustRoots::Empty.into());
        let tls = MakeRustlsConnect::new(tls.client_config().map_err(DbError::Tls)?);
        Ok(Self { url, config, tls })
    }
}

impl Database {
    /// Reads the URL: plain, or TLS with a fully checked certificate ([`Address`]).
    ///
    /// # Errors
    /// When the URL is wrong or a certificate file cannot be read.
    pub fn new(url: impl Into<DatabaseUrl>) -> Result<Self, DbError> {
        let source = url.into();
        Ok(Self {
            parameters: Arc::new(Mutex::new(ConnectionParams::parse(source.clone())?)),
            source,
            pooled: Arc::default(),
            hosts: HostOrder::default(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, ConnectionParams> {
        self.parameters.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the current parameters. If the file is being replaced or its URL cannot be used,
    /// these are the last usable ones.
    fn parameters(&self) -> ConnectionParams {
        let mut known = self.lock();
        match self.source.reload() {
            Ok(url) if url != known.url => match ConnectionParams::parse(url) {
                Ok(parameters) => {
                    info!("the database URL has changed in its file, the new one is used from now on");
                    *known = parameters;
                }
                Err(error) => debug!(%error, "the file of the database URL has a new URL that cannot be used"),
            },
            Ok(_) => {}
            Err(error) => debug!(error, "the file of the database URL cannot be read again"),
        }
        known.clone()
    }

    /// Whether the connections go through a transaction pooler, so that none of them is a session.
    #[must_use]
    pub fn is_pooled(&self) -> bool {
        self.pooled.load(Ordering::SeqCst)
    }

    /// Opens a connection with this application name, with the URL's own settings and `settings`.
    async fn open(&self, name: &str, settings: &str) -> Result<(Client, Driver), Error> {
        let ConnectionParams { mut config, tls, .. } = self.parameters();
        let options = format!("{} {settings}", config.get_options().unwrap_or_default());
        config.application_name(name);
        if !settings.is_empty() {
            config.options(options.trim());
        }
        // Boxed: the state of a TLS handshake would make every future that waits for it large.
        Box::pin(self.hosts.connect(&config, &tls, SESSION_TIMEOUT)).await
    }

    /// Opens a session outside the pool. The session makes progress only while [`drive`] runs.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses; [`DbError::Pooler`] after a transaction
    /// pooler, which gives no sessions.
    pub async fn connect(&self, name: &str) -> Result<(Client, Driver), DbError> {
        let connecting = async {
            let settings = format!("{SESSION_MARKER} {SESSION_LIMITS}");
            let (client, mut driver) = match self.open(name, &settings).await {
                Err(error) if is_refused_setting(&error) => return Err(DbError::Pooler),
                opened => opened?,
            };
            let dedicated = tokio::select! {
                dedicated = is_dedicated_session(&client) => dedicated?,
                ended = drive(&mut driver, |_| {}) => return Err(ended),
            };
            if dedicated {
                Ok((client, driver))
            } else {
                Err(DbError::Pooler)
            }
        };
        // `CONNECT_TIMEOUT` covers only the TCP handshake.
        with_timeout(SESSION_TIMEOUT, connecting).await
    }

    /// Asks the server to cancel the statement of the token's session, over a new connection.
    ///
    /// No caller waits for it or depends on it: it only ends early what the server's time-outs
    /// would end. It does nothing while the runtime shuts down, which also drops futures that call
    /// this.
    pub fn cancel(&self, token: CancelToken) {
        let tls = self.lock().tls.clone();
        let Ok(runtime) = Handle::try_current() else { return };
        runtime.spawn(timeout(SESSION_TIMEOUT, async move { token.cancel_query(tls).await }));
    }
}

/// Drives a session until it ends, and passes each notice and notification to `on_message`. Returns
/// why the session ended.
pub async fn drive(driver: &mut Driver, mut on_message: impl FnMut(AsyncMessage)) -> DbError {
    loop {
        match poll_fn(|context| driver.poll_message(context)).await {
            Some(Ok(message)) => on_message(message),
            Some(Err(error)) => return error.into(),
            None => return DbError::Closed,
        }
    }
}

/// Waits for an answer for at most this long.
///
/// # Errors
/// Those of `work`, or [`DbError::Timeout`].
pub async fn with_timeout<T, E: Into<DbError>>(
    limit: Duration,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, DbError> {
    match timeout(limit, work).await {
        Ok(result) => result.map_err(Into::into),
        Err(_) => Err(DbError::Timeout(limit)),
    }
}
