//! The daemons, each with its own proxy to the database, and their logs.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::LEASE;
use super::objects::ARCHIVE;
use crate::support::daemon::Daemon;
use crate::support::pgbouncer::PgBouncer;
use crate::support::store_proxy::StoreProxy;
use crate::support::tcp_proxy::{Target, TcpProxy};
use crate::support::{BUCKET, Bench};

/// Enough that some always run.
const DAEMONS: usize = 3;
const GRACE: Duration = Duration::from_secs(1);
/// The grace time, 2 s each for the writer and the deregistration, and the rest for a busy machine.
const STOP_LIMIT: Duration = Duration::from_secs(15);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Running,
    Frozen,
    /// SIGTERM was sent at this time, twice or not.
    Stopping(Instant, bool),
    Dead,
}

pub(super) struct Member {
    pub(super) state: State,
    pub(super) database_proxy: TcpProxy,
    daemon: Option<Daemon>,
    url: String,
    /// Whether it works through the pooler, without a listener.
    pooled: bool,
}

pub(super) struct Fleet {
    pub(super) members: Vec<Member>,
    pub(super) store_connections: TcpProxy,
    pub(super) store_proxy: StoreProxy,
    logs: Logs,
    _bouncer: PgBouncer,
}

/// The logs of all daemon processes that have ended.
pub(super) struct Logs {
    folder: PathBuf,
    runs: Vec<(String, Vec<String>)>,
    /// Ends of processes that no fault explains.
    pub(super) wrong_ends: Vec<String>,
}

impl Fleet {
    pub(super) async fn start(bench: &Bench, seed: u64) -> Self {
        let store_proxy = StoreProxy::start(bench.store.objects()).await;
        let address = store_proxy
            .endpoint()
            .trim_start_matches("http://")
            .parse()
            .expect("an address");
        let direct = bench.url().await;
        // It keeps the connections of its clients while the server is away, and asks for it again soon.
        let bouncer = PgBouncer::start_before(&direct, "server_login_retry = 1").await;
        let pooled_url = bouncer.url(&direct);
        let mut fleet = Self {
            members: Vec::new(),
            store_connections: TcpProxy::to(Target::Tcp(address)).await,
            store_proxy,
            logs: Logs {
                folder: PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("chaos-{seed}-{}", std::process::id())),
                runs: Vec::new(),
                wrong_ends: Vec::new(),
            },
            _bouncer: bouncer,
        };
        for index in 0..DAEMONS {
            let pooled = index == 0;
            let server = if pooled { &pooled_url } else { &direct };
            let database_proxy = TcpProxy::to(Target::of_url(server)).await;
            fleet.members.push(Member {
                state: State::Dead,
                pooled,
                url: database_proxy.url_as("daemon", &bench.database),
                database_proxy,
                daemon: None,
            });
            fleet.start_again(bench, index).await;
        }
        fleet
    }

    pub(super) async fn start_again(&mut self, bench: &Bench, index: usize) {
        let member = &mut self.members[index];
        let endpoint = format!("http://{}", self.store_connections.address());
        let buckets = format!("{BUCKET},{ARCHIVE}");
        let (lease, grace) = (format!("{}ms", LEASE.as_millis()), format!("{}ms", GRACE.as_millis()));
        let listener = if member.pooled { "off" } else { &member.url };
        let settings = [
            ("HEIMDALL_DATABASE_URL", member.url.as_str()),
            ("HEIMDALL_LISTENER_DATABASE_URL", listener),
            ("HEIMDALL_S3_ENDPOINT", &endpoint),
            ("HEIMDALL_S3_BUCKET", &buckets),
            ("HEIMDALL_S3_TIMEOUT", "700ms"),
            ("HEIMDALL_LEASE", &lease),
            ("HEIMDALL_SHUTDOWN_GRACE", &grace),
            ("HEIMDALL_CONCURRENCY", "6"),
            ("HEIMDALL_SWEEP_INTERVAL", "5s"),
        ];
        member.daemon = Some(Daemon::spawn_with(bench, &settings).await);
        member.state = State::Running;
    }

    /// Indices of the daemons that run.
    pub(super) fn running(&self) -> Vec<usize> {
        let running = |index: &usize| self.members[*index].state == State::Running;
        (0..self.members.len()).filter(running).collect()
    }

    pub(super) fn signal(&self, index: usize, name: &str) {
        if let Some(daemon) = &self.members[index].daemon {
            daemon.signal(name);
        }
    }

    /// Sends SIGKILL and keeps the log.
    pub(super) fn kill(&mut self, index: usize) {
        self.members[index].state = State::Dead;
        self.keep_log(index);
    }

    fn keep_log(&mut self, index: usize) {
        if let Some(daemon) = self.members[index].daemon.take() {
            let run = self.logs.runs.len();
            self.logs
                .runs
                .push((format!("{run:04}-daemon-{index}"), daemon.log_lines("")));
        }
    }

    /// Checks which daemons have ended. One that was signalled must end in time and with the right
    /// status; the others must not end.
    pub(super) fn check_ended(&mut self) {
        for index in 0..self.members.len() {
            let state = self.members[index].state;
            let Some(daemon) = &mut self.members[index].daemon else {
                continue;
            };
            let ended = daemon.exited();
            let wrong = match (state, ended) {
                (State::Stopping(_, twice), Some(status)) => {
                    // Before its first log line it has no signal handler and no claims.
                    let not_begun = daemon.log_lines("heimdalld starts").is_empty() && status.code().is_none();
                    let right = status.success() || (twice && status.code() == Some(143)) || not_begun;
                    (!right).then(|| format!("daemon {index} ended with {status} after SIGTERM"))
                }
                (State::Stopping(since, _), None) if since.elapsed() > STOP_LIMIT => {
                    Some(format!("daemon {index} still runs {:?} after SIGTERM", since.elapsed()))
                }
                (_, Some(status)) => Some(format!("daemon {index} ended with {status} without a signal")),
                (_, None) => None,
            };
            if ended.is_some() || wrong.is_some() {
                self.kill(index);
            }
            self.logs.wrong_ends.extend(wrong);
        }
    }

    /// Sends SIGTERM to all and waits for their ends.
    pub(super) async fn stop(mut self) -> Logs {
        for index in 0..self.members.len() {
            self.signal(index, "TERM");
            self.members[index].state = State::Stopping(Instant::now(), false);
        }
        while self.members.iter().any(|member| member.daemon.is_some()) {
            self.check_ended();
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.logs
    }
}

impl Logs {
    /// Lines that contain this text, in the order of time.
    pub(super) fn lines(&self, text: &str) -> Vec<String> {
        let mut found: Vec<(&str, String)> = Vec::new();
        for (run, lines) in &self.runs {
            let matching = lines.iter().filter(|line| line.contains(text));
            found.extend(matching.map(|line| (line.get(..27).unwrap_or_default(), format!("{run}: {line}"))));
        }
        found.sort();
        found.into_iter().map(|(_, line)| line).collect()
    }

    /// Writes all logs to files and returns their folder.
    pub(super) fn write_files(&self) -> PathBuf {
        std::fs::create_dir_all(&self.folder).expect("a folder for the logs");
        for (run, lines) in &self.runs {
            std::fs::write(self.folder.join(format!("{run}.log")), lines.join("\n")).expect("a log");
        }
        self.folder.clone()
    }
}
