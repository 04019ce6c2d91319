//! The servers and the daemon of the demo.

use std::future::poll_fn;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout;
use tokio_postgres::{AsyncMessage, Client, NoTls, Notification};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

use super::timeline::Timeline;
use crate::config::secret::Secret;
use crate::config::settings::{DEFAULT_BUCKET, Settings};
use crate::postgres::migrate;
use crate::sandbox::postgres::{Cluster, Durability};
use crate::sandbox::s3::{ACCESS_KEY, S3Server, SECRET_KEY};
use crate::service;

/// Name of the demo's database.
pub(super) const DATABASE: &str = "heimdall";
/// The daemon's login, made by `logins.sql`.
const DAEMON_LOGIN: &str = "heimdalld";
/// The daemon starts and stops within milliseconds. A minute means that something is wrong.
const DAEMON_LIMIT: Duration = Duration::from_mins(1);
/// Sent when a session is completed.
const COMPLETED_CHANNEL: &str = "heimdall_recording_completed";
/// Sent when a session has no outstanding measurements. The payload is the session's id.
const READY_CHANNEL: &str = "heimdall_features_ready";

/// Everything that runs. Fields are dropped in this order: the daemon before its servers.
pub(super) struct Environment {
    daemon: AbortOnDropHandle<()>,
    stop_daemon: CancellationToken,
    /// A connection of the superuser.
    pub(super) admin: Client,
    notifications: UnboundedReceiver<(Instant, Notification)>,
    pub(super) store: S3Server,
    pub(super) cluster: Cluster,
}

impl Environment {
    /// Starts the servers, installs `sql/` and starts the daemon.
    pub(super) async fn start(timeline: &Timeline) -> Result<Self> {
        let cluster = Cluster::start(Durability::None)?;
        cluster.create_database(DATABASE, None).await?;
        timeline.print(format_args!(
            "Postgres {} in a folder of its own, pid {}",
            cluster.version(),
            cluster.postmaster_pid().unwrap_or(0)
        ));
        let store = S3Server::start().await?;
        store.objects().create_bucket(DEFAULT_BUCKET);
        timeline.print(format_args!(
            "S3 server at {}, bucket {DEFAULT_BUCKET}",
            store.endpoint()
        ));

        let url = cluster.url(DATABASE);
        let report = migrate::migrate(&Secret::new(&url)).await.context("installing sql/")?;
        timeline.print(format_args!(
            "sql/ installed: {} schema files, {} views, functions, triggers and grants",
            report.schema_files.len(),
            report.reapplied
        ));
        let (admin, notifications) = connect_admin(&url).await?;
        let settings = Settings::for_servers(
            &cluster.url_as(DAEMON_LOGIN, DATABASE),
            &store.endpoint(),
            DEFAULT_BUCKET,
            ACCESS_KEY,
            SECRET_KEY,
        )
        .context("the daemon's settings")?;
        let stop_daemon = CancellationToken::new();
        let daemon = tokio::spawn(run_daemon(settings, stop_daemon.clone()));
        let environment = Self {
            daemon: AbortOnDropHandle::new(daemon),
            stop_daemon,
            admin,
            notifications,
            store,
            cluster,
        };
        timeout(DAEMON_LIMIT, timeline.wait_for_log("listening"))
            .await
            .context("waiting for the daemon to listen")?;
        Ok(environment)
    }

    /// Stops the daemon in order, while its servers still run.
    pub(super) async fn shut_down(self) {
        self.stop_daemon.cancel();
        // A daemon that does not stop has logged why. It ends with the process.
        let _ = timeout(DAEMON_LIMIT, self.daemon).await;
    }

    /// Prints the next notification. Returns the session if it says that a session is ready.
    pub(super) async fn next_ready(&mut self, timeline: &Timeline) -> Result<Option<Uuid>> {
        let received = self.notifications.recv().await;
        let (when, notification) = received.context("the database connection broke")?;
        let (channel, payload) = (notification.channel(), notification.payload());
        timeline.print_at(when, format_args!("NOTIFY {channel} {payload}"));
        Ok((channel == READY_CHANNEL).then(|| payload.parse().ok()).flatten())
    }
}

/// Runs the daemon as `heimdalld run` does. Logs the error that ends it.
async fn run_daemon(settings: Settings, stop: CancellationToken) {
    if let Err(error) = service::run(settings, stop).await {
        tracing::error!(%error, "the daemon ended");
    }
}

/// Connects as the superuser, makes the logins, and listens on both channels.
async fn connect_admin(url: &str) -> Result<(Client, UnboundedReceiver<(Instant, Notification)>)> {
    let (client, mut connection) = tokio_postgres::connect(url, NoTls)
        .await
        .context("the administrator's login")?;
    let (sender, receiver) = unbounded_channel();
    // Ends with the client.
    tokio::spawn(async move {
        while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
            if let AsyncMessage::Notification(notification) = message {
                // Fails only when the demo ends.
                let _ = sender.send((Instant::now(), notification));
            }
        }
    });
    let logins = client.batch_execute(include_str!("sql/logins.sql")).await;
    logins.context("making the logins")?;
    let listen = format!("LISTEN {COMPLETED_CHANNEL}; LISTEN {READY_CHANNEL}");
    client.batch_execute(&listen).await.context("listening")?;
    Ok((client, receiver))
}
