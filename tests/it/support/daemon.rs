//! The real binary as a child process, with what it logs.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use heimdall_daemon::sandbox::s3::{ACCESS_KEY, SECRET_KEY};

use super::tcp_proxy::TcpProxy;
use super::{BUCKET, Bench, CHECK_INTERVAL, DEADLINE, wait_for, wait_until};

/// How long the last lines of a process that has ended are awaited.
const LAST_LINES: Duration = Duration::from_secs(5);

/// A process of `heimdalld`. Dropping the value kills it.
pub(crate) struct Daemon {
    child: Child,
    log: Lines,
    stdout: Lines,
}

/// The lines of a pipe so far.
#[derive(Default)]
struct Lines {
    read: Arc<Mutex<Vec<String>>>,
    /// Ends when every process that has the other end of the pipe has closed it.
    reader: Option<JoinHandle<()>>,
}

/// `heimdalld` without any setting of the caller's environment.
pub(crate) fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_heimdalld"));
    let is_setting = |name: &str| {
        let starts = ["HEIMDALL_", "PG", "AWS_"];
        starts.iter().any(|start| name.starts_with(start)) || name.to_lowercase().ends_with("_proxy")
    };
    for (name, _) in std::env::vars().filter(|(name, _)| is_setting(name)) {
        command.env_remove(name);
    }
    command.stdin(Stdio::null());
    command
}

/// A subcommand with the settings for the bench's database and store.
pub(crate) async fn command_on(bench: &Bench, subcommand: &str) -> Command {
    let mut command = command();
    command
        .arg(subcommand)
        .env("HEIMDALL_DATABASE_URL", bench.url_as("daemon").await)
        .env("HEIMDALL_S3_ENDPOINT", bench.store.endpoint())
        .env("HEIMDALL_S3_BUCKET", BUCKET)
        .env("HEIMDALL_S3_ACCESS_KEY", ACCESS_KEY)
        .env("HEIMDALL_S3_SECRET_KEY", SECRET_KEY);
    command
}

/// The same command, started by another program, which replaces itself by it.
pub(crate) fn started_by(starter: &[&str], command: &Command) -> Command {
    let mut whole = Command::new(starter[0]);
    whole
        .args(&starter[1..])
        .arg(command.get_program())
        .args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => whole.env(name, value),
            None => whole.env_remove(name),
        };
    }
    whole
}

/// SIGHUP has its usual meaning, also where the tests were started with nohup.
pub(crate) const USUAL_HANGUP: [&str; 2] = ["env", "--default-signal=HUP"];

/// Setting of a daemon whose HTTP server a test asks.
pub(crate) const ANY_PORT: (&str, &str) = ("HEIMDALL_HTTP_ADDR", "127.0.0.1:0");

/// Status and body of a GET.
pub(crate) async fn get(url: &str) -> (u16, String) {
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let response = client.get(url).send().await.expect("a response");
    (response.status().as_u16(), response.text().await.expect("a text"))
}

impl Daemon {
    /// Starts a daemon on the bench's database and store, and waits until it listens. It neither
    /// polls nor sweeps.
    pub(crate) async fn start(bench: &Bench) -> Self {
        Self::start_with(bench, &[]).await
    }

    /// The same with these settings over its own.
    pub(crate) async fn start_with(bench: &Bench, settings: &[(&str, &str)]) -> Self {
        let daemon = Self::spawn_with(bench, settings).await;
        daemon.wait_for_log("listening").await;
        daemon
    }

    /// A daemon with the store at `endpoint`, a short delay between probes and a short time-out.
    pub(crate) async fn start_at(bench: &Bench, endpoint: &str, settings: &[(&str, &str)]) -> Self {
        let own = [
            ("HEIMDALL_S3_ENDPOINT", endpoint),
            ("HEIMDALL_S3_PROBE_INTERVAL", "50ms"),
            ("HEIMDALL_S3_TIMEOUT", "300ms"),
        ];
        Self::start_with(bench, &[&own, settings].concat()).await
    }

    /// A daemon that reaches the database through a proxy.
    pub(crate) async fn start_through(bench: &Bench, database_proxy: &TcpProxy, settings: &[(&str, &str)]) -> Self {
        let url = database_proxy.url_as("daemon", &bench.database);
        Self::start_with(bench, &[&[("HEIMDALL_DATABASE_URL", url.as_str())], settings].concat()).await
    }

    /// The same without waiting until it listens.
    pub(crate) async fn spawn_with(bench: &Bench, settings: &[(&str, &str)]) -> Self {
        Self::spawn(Self::command_with(bench, settings).await)
    }

    /// A daemon whose standard error is this. Its log cannot be read here.
    pub(crate) async fn spawn_with_stderr(bench: &Bench, settings: &[(&str, &str)], stderr: Stdio) -> Self {
        let mut command = Self::command_with(bench, settings).await;
        let child = command.stderr(stderr).spawn().expect("the binary starts");
        Self {
            child,
            log: Lines::default(),
            stdout: Lines::default(),
        }
    }

    async fn command_with(bench: &Bench, settings: &[(&str, &str)]) -> Command {
        let mut command = command_on(bench, "run").await;
        command
            .env("HEIMDALL_POLL_INTERVAL", "1h")
            .env("HEIMDALL_SWEEP_INTERVAL", "1h")
            .env("HEIMDALL_LOG_FORMAT", "pretty")
            .env("HEIMDALL_HTTP_ADDR", "off")
            .envs(settings.iter().copied());
        command
    }

    /// Starts a command and collects its output.
    pub(crate) fn spawn(mut command: Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().expect("the binary starts");
        let log = Lines::of(child.stderr.take());
        let stdout = Lines::of(child.stdout.take());
        Self { child, log, stdout }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// URL of its HTTP server, once that listens.
    pub(crate) async fn http(&self) -> String {
        self.wait_for_log("serving HTTP").await;
        let line = self.log_lines("serving HTTP").remove(0);
        let address = line.split("address=").nth(1).expect("the line has the address");
        let address = address.split_whitespace().next().expect("an address");
        format!("http://{}", address.trim())
    }

    /// The lines of the log (standard error) so far that contain `text`.
    pub(crate) fn log_lines(&self, text: &str) -> Vec<String> {
        self.log.containing(text)
    }

    /// The same of standard output, if that is a pipe.
    pub(crate) fn stdout_lines(&self, text: &str) -> Vec<String> {
        self.stdout.containing(text)
    }

    /// Waits for a log line that contains `text`. Panics with the whole log if none comes.
    pub(crate) async fn wait_for_log(&self, text: &str) {
        let begun = Instant::now();
        while self.log_lines(text).is_empty() {
            assert!(
                begun.elapsed() < DEADLINE,
                "'{text}' is not among: {:#?}",
                self.log_lines("")
            );
            tokio::time::sleep(CHECK_INTERVAL).await;
        }
    }

    /// Checks that exactly so many log lines contain `text`. Waits for them first: an effect can be
    /// seen in the database before the line is read here.
    pub(crate) async fn assert_logged(&self, text: &str, times: usize) {
        wait_until(&format!("'{text}' {times} times"), || async {
            self.log_lines(text).len() >= times
        })
        .await;
        let lines = self.log_lines(text);
        assert_eq!(lines.len(), times, "'{text}': {lines:#?}");
    }

    /// Sends a signal, such as `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill")
            .args(["-s", name, &self.pid().to_string()])
            .status();
        assert!(status.expect("kill runs").success(), "the process exists");
    }

    /// Its exit status, if it has ended.
    pub(crate) fn exited(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("its state is known")
    }

    /// Waits for its end, and for its last lines.
    pub(crate) async fn wait_exit(&mut self) -> ExitStatus {
        let child = Mutex::new(&mut self.child);
        let ended = || async {
            child
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .try_wait()
                .expect("its state is known")
        };
        let status = wait_for("the process ends", ended).await;
        // A process that it started may keep the pipes open.
        let begun = Instant::now();
        while !(self.log.are_complete() && self.stdout.are_complete()) && begun.elapsed() < LAST_LINES {
            tokio::time::sleep(CHECK_INTERVAL).await;
        }
        status
    }

    /// Sends SIGTERM and waits for status 0.
    pub(crate) async fn stop(mut self) {
        self.signal("TERM");
        let status = self.wait_exit().await;
        assert!(status.success(), "{status}: {:#?}", self.log_lines(""));
    }
}

impl Lines {
    /// Collects the lines until the pipe is closed.
    fn of(pipe: Option<impl Read + Send + 'static>) -> Self {
        let Some(pipe) = pipe else {
            return Self::default();
        };
        let read = Arc::<Mutex<Vec<String>>>::default();
        let collected = Arc::clone(&read);
        let reader = std::thread::spawn(move || {
            for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                collected.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            }
        });
        Self {
            read,
            reader: Some(reader),
        }
    }

    fn are_complete(&self) -> bool {
        self.reader.as_ref().is_none_or(JoinHandle::is_finished)
    }

    fn containing(&self, text: &str) -> Vec<String> {
        let lines = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().filter(|line| line.contains(text)).cloned().collect()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It may have ended already. SIGKILL also ends a stopped process.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("log of the daemon:\n{}", self.log_lines("").join("\n"));
        }
    }
}
