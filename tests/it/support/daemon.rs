//! The real binary as a child, with what it says on standard error.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use super::{BUCKET, Bench, DEADLINE, wait_for};
use heimdall_daemon::sandbox::s3::{ACCESS_KEY, SECRET_KEY};

/// A process of ours, killed when the value goes.
pub(crate) struct Daemon {
    child: Child,
    said: Arc<Mutex<Vec<String>>>,
    told: Arc<Mutex<Vec<String>>>,
}

/// `heimdalld` with nothing but what is given.
pub(crate) fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_heimdalld"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("HEIMDALL_")) {
        command.env_remove(name);
    }
    command.stdin(Stdio::null());
    command
}

/// For a daemon whose HTTP is looked at.
pub(crate) const ANY_PORT: (&str, &str) = ("HEIMDALL_HTTP_ADDR", "127.0.0.1:0");

/// Status and body of a GET.
pub(crate) async fn get(url: &str) -> (u16, String) {
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let response = client.get(url).send().await.expect("an answer");
    (response.status().as_u16(), response.text().await.expect("a text"))
}

impl Daemon {
    /// A daemon on the bench's database and store that neither polls nor sweeps, once it listens.
    pub(crate) async fn start(bench: &Bench) -> Self {
        Self::start_with(bench, &[]).await
    }

    /// The same with other settings.
    pub(crate) async fn start_with(bench: &Bench, settings: &[(&str, &str)]) -> Self {
        let daemon = Self::spawn_with(bench, settings).await;
        daemon.wait_said("listening").await;
        daemon
    }

    /// The same, and nobody waits until it listens.
    pub(crate) async fn spawn_with(bench: &Bench, settings: &[(&str, &str)]) -> Self {
        let mut command = command();
        command
            .arg("run")
            .env("HEIMDALL_DATABASE_URL", bench.url_as("daemon").await)
            .env("HEIMDALL_S3_ENDPOINT", bench.store.endpoint())
            .env("HEIMDALL_S3_BUCKET", BUCKET)
            .env("HEIMDALL_S3_ACCESS_KEY", ACCESS_KEY)
            .env("HEIMDALL_S3_SECRET_KEY", SECRET_KEY)
            .env("HEIMDALL_POLL_INTERVAL", "1h")
            .env("HEIMDALL_SWEEP_INTERVAL", "1h")
            .env("HEIMDALL_LOG_FORMAT", "pretty")
            .env("HEIMDALL_HTTP_ADDR", "off")
            .envs(settings.iter().copied());
        Self::spawn(command)
    }

    /// Starts a command and follows its standard error.
    pub(crate) fn spawn(mut command: Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().expect("the binary starts");
        let said = follow(child.stderr.take());
        let told = follow(child.stdout.take());
        Self { child, said, told }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Where it serves HTTP, once it does.
    pub(crate) async fn http(&self) -> String {
        self.wait_said("serving HTTP").await;
        let line = self.said("serving HTTP").remove(0);
        let address = line.split("address=").nth(1).expect("the line names the address");
        format!("http://{}", address.trim())
    }

    /// The lines so far on standard error that contain `text`.
    pub(crate) fn said(&self, text: &str) -> Vec<String> {
        with(&self.said, text)
    }

    /// The same of standard output, if that was made a pipe.
    pub(crate) fn told(&self, text: &str) -> Vec<String> {
        with(&self.told, text)
    }

    pub(crate) async fn wait_said(&self, text: &str) {
        let begun = Instant::now();
        while self.said(text).is_empty() {
            assert!(
                begun.elapsed() < DEADLINE,
                "'{text}' is not among: {:#?}",
                self.said("")
            );
            tokio::time::sleep(super::LOOK_AGAIN).await;
        }
    }

    /// Waits until it has said so, as often as that and not more: what it does can be seen before its words are read.
    pub(crate) async fn said_times(&self, text: &str, times: usize) {
        super::wait_for(&format!("'{text}' {times} times"), || async {
            (self.said(text).len() >= times).then_some(())
        })
        .await;
        let said = self.said(text);
        assert_eq!(said.len(), times, "'{text}': {said:#?}");
    }

    /// Sends a signal by name.
    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill")
            .args(["-s", name, &self.pid().to_string()])
            .status();
        assert!(status.expect("kill runs").success(), "the process is there");
    }

    /// Its end, if it has ended.
    pub(crate) fn exited(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("its state is known")
    }

    pub(crate) async fn wait_exit(&mut self) -> ExitStatus {
        let child = Mutex::new(&mut self.child);
        let ended = || async {
            child
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .try_wait()
                .expect("its state is known")
        };
        wait_for("the process ends", ended).await
    }

    /// SIGTERM, and its end in order.
    pub(crate) async fn stop(mut self) {
        self.signal("TERM");
        let status = self.wait_exit().await;
        assert!(status.success(), "{status}: {:#?}", self.said(""));
    }
}

fn with(lines: &Mutex<Vec<String>>, text: &str) -> Vec<String> {
    let lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
    lines.iter().filter(|line| line.contains(text)).cloned().collect()
}

/// Collects the lines of a pipe until the child closes it.
fn follow(pipe: Option<impl Read + Send + 'static>) -> Arc<Mutex<Vec<String>>> {
    let lines = Arc::new(Mutex::new(Vec::new()));
    if let Some(pipe) = pipe {
        let collected = Arc::clone(&lines);
        std::thread::spawn(move || {
            for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                collected.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            }
        });
    }
    lines
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Gone already, perhaps; SIGKILL also ends what is stopped.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("the daemon said:\n{}", self.said("").join("\n"));
        }
    }
}
