//! The embedded default, `heimdalld demo`: a throw-away Postgres and an S3 server in this process,
//! recordings put in, a session completed, the rows shown.
//!
//! In the order of what happens: the [`Cluster`] is made with the system's binaries, as another account where we are root; the [`S3Server`] serves
//! objects; the [`scene`]'s recordings are made from a [`signal`] or taken from a [`folder`]; the
//! [`application`] enters them and completes the session; the [`narrator`] tells what the daemon does
//! about it, and the [`report`] shows the rows and compares them with what was put in.

pub mod application;
pub mod folder;
pub mod narrator;
pub mod report;
pub mod scene;
pub mod signal;

use std::future::poll_fn;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_postgres::{AsyncMessage, Client, NoTls, Notification};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

use crate::config::secret::Secret;
use crate::config::settings::{DEFAULT_BUCKET, Settings};
use crate::postgres::migrate;
use crate::sandbox::error::{Context, Result, SandboxError};
use crate::sandbox::postgres::{Cluster, Durability};
use crate::sandbox::s3;
use crate::sandbox::s3::S3Server;
use crate::service;
use crate::service::signals;
use application::{Application, Session};
use narrator::Narrator;
use scene::Receiver;

/// Name of the demo's database.
const DATABASE: &str = "heimdall";
/// The daemon's login, made by `logins.sql`.
const DAEMON_LOGIN: &str = "heimdalld";
/// Length of the made session.
const SESSION_SECONDS: f64 = 1.0;
/// The daemon's start takes milliseconds; a minute means that something is wrong.
const DAEMON_LIMIT: Duration = Duration::from_mins(1);
/// Seven made recordings take a fraction of a second, somebody's hour at 2 MS/s may take minutes.
const EXTRACTION_LIMIT: Duration = Duration::from_mins(10);
/// A notification travels in milliseconds, and what it says is in the table by then.
const WAKE_UP: &str = "heimdall_recording_completed";
/// Sent when a session has nothing outstanding; the payload is the session.
const READY: &str = "heimdall_features_ready";

/// What can be asked of the demo.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct DemoArguments {
    /// End after the first session; status 0 only if every row is as it should be
    #[arg(long)]
    exit: bool,
    /// A folder of real recordings in place of the made ones, each file a receiver
    #[arg(long, value_name = "DIR")]
    recordings: Option<PathBuf>,
}

/// Runs the demo until its end, Ctrl-C or SIGTERM.
#[expect(clippy::print_stderr, reason = "the one error of a command, for a person")]
pub async fn main(arguments: DemoArguments) -> ExitCode {
    let stop = CancellationToken::new();
    let _signals = signals::on_signals(stop.clone());
    let as_it_should_be = match play(&arguments, &stop).await {
        Ok(Some(as_it_should_be)) => as_it_should_be,
        // Ended from outside: before its end, if it was to have one.
        Ok(None) => !arguments.exit,
        Err(error) => {
            eprintln!("heimdalld demo: {error}");
            false
        }
    };
    if as_it_should_be {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// The whole story; whether every row is as it should be, unless it is stopped before it knows.
async fn play(arguments: &DemoArguments, stop: &CancellationToken) -> Result<Option<bool>> {
    let mut receivers = match &arguments.recordings {
        Some(folder) => folder::recordings(folder)?,
        None => scene::generated(),
    };
    let narrator = Narrator::start();
    narrator.follow_log();
    // Everything that was started ends with what is dropped here.
    let Some(stage) = stop.run_until_cancelled(Stage::set(&narrator)).await.transpose()? else {
        return Ok(None);
    };
    let performed = stop
        .run_until_cancelled(stage.perform(&mut receivers, &narrator, arguments.exit))
        .await;
    stage.end().await;
    let deviations = performed.transpose()?;
    Ok(deviations.map(|deviations| is_well(&deviations)))
}

/// Says whether every row is as it should be.
#[expect(clippy::print_stdout, reason = "this is what the command is for")]
fn is_well(deviations: &[String]) -> bool {
    for deviation in deviations {
        println!("NOT AS IT SHOULD BE: {deviation}");
    }
    if deviations.is_empty() {
        println!("Every row is as it should be.");
    }
    deviations.is_empty()
}

/// Everything that runs, each ended by being dropped, the daemon before its servers.
struct Stage {
    daemon: AbortOnDropHandle<()>,
    stop_daemon: CancellationToken,
    admin: Client,
    notifications: tokio::sync::Mutex<mpsc::UnboundedReceiver<(Instant, Notification)>>,
    store: S3Server,
    cluster: Cluster,
}

impl Stage {
    /// Starts the servers, installs `sql/` and starts the daemon.
    async fn set(narrator: &Narrator) -> Result<Self> {
        let cluster = Cluster::start(Durability::None)?;
        cluster.create_database(DATABASE, None).await?;
        narrator.tell(format_args!(
            "Postgres {} in a folder of its own, pid {}",
            cluster.version(),
            cluster.postmaster_pid().unwrap_or(0)
        ));
        let store = S3Server::start().await?;
        store.objects().create_bucket(DEFAULT_BUCKET);
        narrator.tell(format_args!(
            "S3 server at {}, bucket {DEFAULT_BUCKET}",
            store.endpoint()
        ));

        let url = cluster.url(DATABASE);
        let report = migrate::migrate(&Secret::new(&url)).await.context("installing sql/")?;
        narrator.tell(format_args!(
            "sql/ installed: {} schema files, {} views, functions, triggers and grants",
            report.schema_files.len(),
            report.reapplied
        ));
        let (admin, notifications) = listening(&url).await?;
        admin
            .batch_execute(include_str!("sql/logins.sql"))
            .await
            .context("making the logins")?;

        let settings = Settings::for_servers(
            &cluster.url_as(DAEMON_LOGIN, DATABASE),
            &store.endpoint(),
            DEFAULT_BUCKET,
            s3::ACCESS_KEY,
            s3::SECRET_KEY,
        )
        .context("the daemon's settings")?;
        let stop_daemon = CancellationToken::new();
        let daemon = tokio::spawn(run_daemon(settings, stop_daemon.clone()));
        let daemon = AbortOnDropHandle::new(daemon);
        timeout(DAEMON_LIMIT, narrator.heard("listening"))
            .await
            .context("waiting for the daemon to listen")?;
        Ok(Self {
            daemon,
            stop_daemon,
            admin,
            notifications: notifications.into(),
            store,
            cluster,
        })
    }

    /// Ends the daemon in order, while its servers are there.
    async fn end(self) {
        self.stop_daemon.cancel();
        // Whatever hinders it is in its log, and it ends with the process.
        let _ = timeout(DAEMON_LIMIT, self.daemon).await;
    }

    /// The story: what is not as it should be. Without an end it goes on until it is dropped.
    async fn perform(&self, receivers: &mut [Receiver], narrator: &Narrator, exit: bool) -> Result<Vec<String>> {
        let application = Application::connect(&self.cluster, DATABASE).await?;
        let session = application
            .record(
                receivers,
                SESSION_SECONDS,
                (self.store.objects(), DEFAULT_BUCKET),
                narrator,
            )
            .await?;
        narrator.call(session.id, "the session");
        narrator.tell(format_args!(
            "application: a session of {} measurements, {:.1} MB of recordings in the store",
            session.measurements.len(),
            session.uploaded_bytes as f64 / 1e6
        ));
        let deviations = self.show(application, &session, receivers, narrator).await?;
        if !exit {
            is_well(&deviations);
            self.stay(narrator).await?;
        }
        Ok(deviations)
    }

    /// Completes the session and shows what comes of it.
    #[expect(clippy::print_stdout, reason = "this is what the command is for")]
    async fn show(
        &self,
        application: Application,
        session: &Session,
        receivers: &[Receiver],
        narrator: &Narrator,
    ) -> Result<Vec<String>> {
        println!("\nThe application sends its UPDATE, status = 'completed'. Milliseconds since then:\n");
        narrator.restart_clock();
        application.complete(session).await?;
        narrator.tell("application: committed");
        timeout(EXTRACTION_LIMIT, self.until_ready(session.id, narrator))
            .await
            .context("waiting for the features")??;

        println!(
            "\nheimdall.feature_coverage\n\n{}",
            report::coverage(&self.admin).await?
        );
        let rows = report::session_rows(&self.admin, session.id).await?;
        println!(
            "The session's receivers, from heimdall.measurement_features\n\n{}",
            report::table(&rows)
        );
        report::deviations(&self.admin, session, receivers).await
    }

    /// Tells notifications until the one that says that the session's features stand.
    async fn until_ready(&self, session: Uuid, narrator: &Narrator) -> Result<()> {
        loop {
            if self.next_ready(narrator).await? == Some(session) {
                return Ok(());
            }
        }
    }

    /// Tells the next notification; the session, if it says that one is ready.
    async fn next_ready(&self, narrator: &Narrator) -> Result<Option<Uuid>> {
        let received = self.notifications.lock().await.recv().await;
        let (when, notification) = received.ok_or_else(|| SandboxError::new("the database connection broke"))?;
        narrator.tell_at(
            when,
            format_args!("NOTIFY {} {}", notification.channel(), notification.payload()),
        );
        Ok((notification.channel() == READY)
            .then(|| notification.payload().parse().ok())
            .flatten())
    }

    /// Says how to look further, and shows every other session that completes.
    #[expect(clippy::print_stdout, reason = "this is what the command is for")]
    async fn stay(&self, narrator: &Narrator) -> Result<()> {
        println!(
            "\nTo look further, in another terminal:\n\n    {}\n\n\
             and there, for example,  SELECT * FROM heimdall.session_features;  or another session of the same receivers:\n\n{}\n\
             Ctrl-C ends the demo and removes everything.\n",
            self.cluster.psql_command(DATABASE),
            indented(include_str!("sql/another_session.sql"))
        );
        loop {
            if let Some(session) = self.next_ready(narrator).await? {
                println!(
                    "\nSession {session}\n\n{}",
                    report::table(&report::session_rows(&self.admin, session).await?)
                );
            }
        }
    }
}

/// The daemon as `heimdalld run` would be; whatever ends it is told.
async fn run_daemon(settings: Settings, stop: CancellationToken) {
    if let Err(error) = service::run(settings, stop).await {
        tracing::error!(%error, "the daemon ended");
    }
}

/// A connection of the administrator's that hears both notifications.
async fn listening(url: &str) -> Result<(Client, mpsc::UnboundedReceiver<(Instant, Notification)>)> {
    let (client, mut connection) = tokio_postgres::connect(url, NoTls)
        .await
        .context("the administrator's login")?;
    let (sender, receiver) = mpsc::unbounded_channel();
    // Ends with the client.
    tokio::spawn(async move {
        while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
            if let AsyncMessage::Notification(notification) = message {
                // Nobody listens any more: the demo ends.
                let _ = sender.send((Instant::now(), notification));
            }
        }
    });
    client
        .batch_execute(&format!("LISTEN {WAKE_UP}; LISTEN {READY}"))
        .await
        .context("listening")?;
    Ok((client, receiver))
}

fn indented(text: &str) -> String {
    format!("    {}\n", text.trim_end().replace('\n', "\n    "))
}
