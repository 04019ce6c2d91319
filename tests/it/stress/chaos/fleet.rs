//! The daemons, each with a wire of its own to the database, and what they have said.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::LEASE;
use super::objects::ARCHIVE;
use crate::support::daemon::Daemon;
use crate::support::store_proxy::StoreProxy;
use crate::support::tcp_proxy::{Target, TcpProxy};
use crate::support::{BUCKET, Bench};

/// Enough that some always live.
const DAEMONS: usize = 3;
const GRACE: Duration = Duration::from_secs(1);
/// Grace, two farewells of 2 s each, and a busy machine.
const LEAVE_LIMIT: Duration = Duration::from_secs(15);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Running,
    Frozen,
    /// SIGTERM sent, then and twice or not.
    Leaving(Instant, bool),
    Dead,
}

pub(super) struct Member {
    pub(super) state: State,
    pub(super) database_proxy: TcpProxy,
    daemon: Option<Daemon>,
    url: String,
}

pub(super) struct Fleet {
    pub(super) members: Vec<Member>,
    pub(super) store_wire: TcpProxy,
    pub(super) store_proxy: StoreProxy,
    said: Said,
}

/// Everything that every daemon has said, by daemon and life.
pub(super) struct Said {
    folder: PathBuf,
    lives: Vec<(String, Vec<String>)>,
    /// Ends that no blow explains.
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
        let mut fleet = Self {
            members: Vec::new(),
            store_wire: TcpProxy::to(Target::Tcp(address)).await,
            store_proxy,
            said: Said {
                folder: PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("chaos-{seed}-{}", std::process::id())),
                lives: Vec::new(),
                wrong_ends: Vec::new(),
            },
        };
        for index in 0..DAEMONS {
            let database_proxy = TcpProxy::to(Target::of_url(&bench.url().await)).await;
            fleet.members.push(Member {
                state: State::Dead,
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
        let endpoint = format!("http://{}", self.store_wire.address());
        let buckets = format!("{BUCKET},{ARCHIVE}");
        let (lease, grace) = (format!("{}ms", LEASE.as_millis()), format!("{}ms", GRACE.as_millis()));
        let settings = [
            ("HEIMDALL_DATABASE_URL", member.url.as_str()),
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

    /// Members that run.
    pub(super) fn running(&self) -> Vec<usize> {
        let running = |index: &usize| self.members[*index].state == State::Running;
        (0..self.members.len()).filter(running).collect()
    }

    pub(super) fn signal(&self, index: usize, name: &str) {
        if let Some(daemon) = &self.members[index].daemon {
            daemon.signal(name);
        }
    }

    /// SIGKILL; what it has said is kept.
    pub(super) fn kill(&mut self, index: usize) {
        self.members[index].state = State::Dead;
        self.bury(index);
    }

    fn bury(&mut self, index: usize) {
        if let Some(daemon) = self.members[index].daemon.take() {
            let life = self.said.lives.len();
            self.said
                .lives
                .push((format!("{life:04}-daemon-{index}"), daemon.log_lines("")));
        }
    }

    /// Looks for daemons that have ended: those asked to must have, in time and with the right status, others not at all.
    pub(super) fn look_for_ends(&mut self) {
        for index in 0..self.members.len() {
            let state = self.members[index].state;
            let Some(daemon) = &mut self.members[index].daemon else {
                continue;
            };
            let ended = daemon.exited();
            let wrong = match (state, ended) {
                (State::Leaving(_, twice), Some(status)) => {
                    // Before it has said that it starts, it holds nothing, and any signal ends it as any process.
                    let not_begun = daemon.log_lines("heimdalld starts").is_empty() && status.code().is_none();
                    let right = status.success() || (twice && status.code() == Some(143)) || not_begun;
                    (!right).then(|| format!("daemon {index}, asked to stop, ended with {status}"))
                }
                (State::Leaving(since, _), None) if since.elapsed() > LEAVE_LIMIT => Some(format!(
                    "daemon {index}, asked to stop, is still there after {:?}",
                    since.elapsed()
                )),
                (_, Some(status)) => Some(format!("daemon {index} ended by itself with {status}")),
                (_, None) => None,
            };
            if ended.is_some() || wrong.is_some() {
                self.kill(index);
            }
            self.said.wrong_ends.extend(wrong);
        }
    }

    /// Stops all in order.
    pub(super) async fn stop(mut self) -> Said {
        for index in 0..self.members.len() {
            self.signal(index, "TERM");
            self.members[index].state = State::Leaving(Instant::now(), false);
        }
        while self.members.iter().any(|member| member.daemon.is_some()) {
            self.look_for_ends();
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.said
    }
}

impl Said {
    /// Lines with this text, in order of their time.
    pub(super) fn lines(&self, text: &str) -> Vec<String> {
        let mut found: Vec<(&str, String)> = Vec::new();
        for (life, lines) in &self.lives {
            let matching = lines.iter().filter(|line| line.contains(text));
            found.extend(matching.map(|line| (line.get(..27).unwrap_or_default(), format!("{life}: {line}"))));
        }
        found.sort();
        found.into_iter().map(|(_, line)| line).collect()
    }

    /// Writes everything to files and says where.
    pub(super) fn keep(&self) -> PathBuf {
        std::fs::create_dir_all(&self.folder).expect("a folder for the logs");
        for (life, lines) in &self.lives {
            std::fs::write(self.folder.join(format!("{life}.log")), lines.join("\n")).expect("a log");
        }
        self.folder.clone()
    }
}
