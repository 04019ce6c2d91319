//! What systemd is told (`Type=notify`, `WatchdogSec=`).

use std::os::unix::net::UnixDatagram;
use std::time::Instant;

use crate::support::daemon::Daemon;
use crate::support::{Bench, DEADLINE, recordings};

/// The socket of a service manager, and what it got.
struct Manager {
    folder: tempfile::TempDir,
    socket: UnixDatagram,
    messages: Vec<String>,
}

impl Manager {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let socket = UnixDatagram::bind(folder.path().join("notify")).expect("a socket");
        socket.set_read_timeout(Some(DEADLINE)).expect("a time limit");
        Self {
            folder,
            socket,
            messages: Vec::new(),
        }
    }

    fn path(&self) -> String {
        self.folder.path().join("notify").to_string_lossy().into_owned()
    }

    /// Takes messages until one of their lines contains `text`.
    fn wait_for(&mut self, text: &str) {
        let begun = Instant::now();
        let mut buffer = [0; 4096];
        while begun.elapsed() < DEADLINE {
            let length = self.socket.recv(&mut buffer).expect("a message");
            let message = String::from_utf8_lossy(&buffer[..length]).into_owned();
            self.messages.extend(message.lines().map(str::to_owned));
            if message.lines().any(|line| line.contains(text)) {
                return;
            }
        }
        panic!("'{text}' is not among {:#?}", self.messages);
    }

    fn count(&self, line: &str) -> usize {
        self.messages.iter().filter(|message| *message == line).count()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn systemd_hears_what_the_daemon_waits_for_when_it_is_ready_that_it_lives_and_that_it_stops() {
    let bench = Bench::new().await;
    let mut manager = Manager::new();
    bench
        .execute("INSERT INTO heimdall.schema_migrations (version, name, serves_from) VALUES (4711, 'later', 4711)")
        .await;
    let path = manager.path();
    let settings = [("NOTIFY_SOCKET", path.as_str()), ("WATCHDOG_USEC", "300000")];
    let mut daemon = Daemon::spawn_with(&bench, &settings).await;
    manager.wait_for("STATUS=waits for the database or its schema");
    manager.wait_for("WATCHDOG=1");
    assert_eq!(manager.count("READY=1"), 0, "{:#?}", manager.messages);

    bench
        .execute("DELETE FROM heimdall.schema_migrations WHERE version = 4711")
        .await;
    manager.wait_for("READY=1");
    manager.wait_for("STATUS=listening, 0 recordings in flight");
    let before = manager.count("WATCHDOG=1");
    for _ in 0..5 {
        manager.wait_for("WATCHDOG=1");
    }
    assert!(manager.count("WATCHDOG=1") >= before + 5);
    assert_eq!(manager.count("READY=1"), 1, "{:#?}", manager.messages);

    daemon.signal("TERM");
    manager.wait_for("STOPPING=1");
    assert!(daemon.wait_exit().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_manager_that_is_gone_stops_nothing() {
    let bench = Bench::new().await;
    bench.put("good.bin", recordings::tone());
    let session = bench.record(&["good.bin"]).await;
    let manager = Manager::new();
    let path = manager.path();
    drop(manager);
    let settings = [("NOTIFY_SOCKET", path.as_str()), ("WATCHDOG_USEC", "30000")];
    let daemon = Daemon::start_with(&bench, &settings).await;
    bench.complete(&session).await;
    let rows = bench.rows(&session).await;
    assert_eq!(rows.len(), 1);
    daemon.stop().await;
}
