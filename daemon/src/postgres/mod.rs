//! Connections to Postgres: the pool for statements, single ones for the
//! listener and for `migrate`.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio_postgres::config::TargetSessionAttrs;
use tokio_postgres::{CancelToken, Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;
use tracing::{debug, info};

use self::error::DbError;
use self::pooler::{SESSION_MARKER, is_dedicated_session, is_refused_setting};
use crate::config::connection_url::Address;
use crate::config::credentials::DatabaseUrl;
use crate::config::secret::Secret;

pub mod error;
pub mod migrate;
mod pool;
mod pooler;
pub mod schema;
pub mod statement;

/// A server that is there answers within a second; a name that has moved should not hold us longer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// For the whole way to a session, login included: a second address may be tried after a first that is silent.
const SESSION_TIMEOUT: Duration = Duration::from_secs(10);
/// Unacknowledged data for this long means that the peer is gone.
const TCP_USER_TIMEOUT: Duration = Duration::from_secs(15);

/// How to connect: the URL with time-outs and keepalive that notice a silent peer. Where the URL came from a file, that is read
/// again for every connection, so that a password can be changed without a restart.
#[derive(Clone)]
pub struct Database {
    source: DatabaseUrl,
    parameters: Arc<Mutex<ConnectionParams>>,
    pooled: Arc<AtomicBool>,
}

/// What the URL said when it was last read.
#[derive(Clone)]
struct ConnectionParams {
    url: Secret,
    config: Config,
    tls: Option<MakeRustlsConnect>,
}

impl ConnectionParams {
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
            parameters: Arc::new(Mutex::new(ConnectionParams::parse(source.url.clone())?)),
            source,
            pooled: Arc::default(),
        })
    }

    /// The way as it is now. While the file is being replaced, or holds nothing of use, the last one that was understood.
    fn parameters(&self) -> ConnectionParams {
        let mut known = self.parameters.lock().unwrap_or_else(PoisonError::into_inner);
        match self.source.reload() {
            Ok(Some(url)) if url != known.url => match ConnectionParams::parse(url) {
                Ok(parameters) => {
                    info!("the database URL has changed in its file, the new one is used from now on");
                    *known = parameters;
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

    /// A session of its own, and the future that drives it and yields what
    /// the server sends unasked.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses; [`DbError::Pooler`] when what is reached gives no sessions.
    pub async fn connect(&self, name: &str) -> Result<(tokio_postgres::Client, Driver), DbError> {
        let mut parameters = self.parameters();
        parameters.named(name, SESSION_MARKER);
        let connecting = async {
            let connected = if let Some(tls) = parameters.tls {
                let connected = parameters.config.connect(tls).await;
                connected.map(|(client, connection)| (client, Box::new(connection) as Driver))
            } else {
                let connected = parameters.config.connect(NoTls).await;
                connected.map(|(client, connection)| (client, Box::new(connection) as Driver))
            };
            let (client, mut driver) = match connected {
                Err(error) if is_refused_setting(&error) => return Err(DbError::Pooler),
                connected => connected?,
            };
            let own = tokio::select! {
                own = is_dedicated_session(&client) => own?,
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
        let tls = self
            .parameters
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .tls
            .clone();
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
