//! `heimdalld backfill`.

use std::process::Stdio;

use uuid::Uuid;

use super::{logins, printed, refused, run};
use crate::support::daemon::{Daemon, command};
use crate::support::{Bench, recordings, wait_until};

/// `heimdalld backfill` as a process that goes on.
async fn follow(bench: &Bench, options: &[&str]) -> Daemon {
    let mut command = command();
    command
        .args(["backfill", "--follow"])
        .args(options)
        .env("HEIMDALL_DATABASE_URL", bench.url_as("admin").await)
        .stdout(Stdio::piped());
    Daemon::spawn(command)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backfill_is_followed_to_its_end() {
    let bench = Bench::new().await;
    logins(&bench).await;
    bench.put("a.bin", recordings::tone());
    bench.history(4, "a.bin", "completed").await;
    let (status, text) = printed(&run(&bench, "admin", &["backfill", "--limit", "1"]).await);
    assert_eq!(status, Some(0));
    assert!(
        text.contains("1 measurement of 1 session queued") && text.contains("queued: 0 of 1 measurement"),
        "{text}"
    );
    assert!(
        text.contains("heimdalld backfill --follow --id ") && text.contains("--cancel "),
        "{text}"
    );

    let mut following = follow(&bench, &["--since", "2020-01-01"]).await;
    wait_until("it says that there is no daemon", || async {
        !following.stdout_lines("no daemon is alive").is_empty()
    })
    .await;
    let daemon = Daemon::start(&bench).await;
    assert!(following.wait_exit().await.success(), "{:?}", following.log_lines(""));
    let lines = following.stdout_lines("");
    assert!(lines[0].contains("3 measurements of 3 sessions queued"), "{lines:?}");
    let last = lines.last().expect("a line");
    assert!(
        last.starts_with("finished: 3 of 3 measurements, 0 failed, 100.0 %"),
        "{lines:?}"
    );
    assert!(!last.contains("ends in"), "{last}");
    daemon.stop().await;
    let (status, text) = printed(&run(&bench, "admin", &["backfill"]).await);
    assert_eq!((status, &*text), (Some(0), "nothing is missing, nothing was queued\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_ctrl_c_it_goes_on_and_can_be_followed_again_or_cancelled() {
    let bench = Bench::new().await;
    logins(&bench).await;
    bench.history(5, "a.bin", "completed").await;
    let mut following = follow(&bench, &[]).await;
    wait_until("it shows the progress", || async {
        !following.stdout_lines("queued: 0 of 5").is_empty()
    })
    .await;
    following.signal("INT");
    assert_eq!(following.wait_exit().await.code(), Some(130));
    let lines = following.stdout_lines("");
    assert!(
        lines
            .iter()
            .any(|line| line == "The backfill goes on in the database without this command."),
        "{lines:?}"
    );
    assert_eq!(bench.count("heimdall.feature_queue WHERE source = 'backfill'").await, 5);
    let hint = following.stdout_lines("heimdalld backfill --cancel ").remove(0);
    let id = hint.rsplit(' ').next().expect("an id");

    let (status, text) = printed(&run(&bench, "reader", &["backfill", "--id", id]).await);
    assert_eq!(status, Some(0));
    assert!(text.starts_with("queued: 0 of 5"), "{text}");
    let (status, text) = refused(&run(&bench, "reader", &["backfill", "--cancel", id]).await);
    assert_eq!(status, Some(77));
    assert!(text.contains("GRANT heimdall_admin"), "{text}");
    let (status, text) = printed(&run(&bench, "admin", &["backfill", "--cancel", id]).await);
    assert_eq!(status, Some(0));
    assert!(text.starts_with("5 measurements removed from the queue"), "{text}");
    let mut again = follow(&bench, &["--id", id]).await;
    assert!(again.wait_exit().await.success());
    assert!(
        again.stdout_lines("5 cancelled").len() == 1,
        "{:?}",
        again.stdout_lines("")
    );

    let unknown = Uuid::from_u128(7).to_string();
    let (status, text) = refused(&run(&bench, "admin", &["backfill", "--id", &unknown]).await);
    assert_eq!(
        (status, text),
        (Some(1), format!("heimdalld: there is no backfill {unknown}\n"))
    );
    let (status, text) = refused(&run(&bench, "daemon", &["backfill"]).await);
    assert_eq!(status, Some(77));
    assert!(text.contains(r#"GRANT heimdall_admin TO "daemon";"#), "{text}");
    let (status, _) = refused(&run(&bench, "admin", &["backfill", "--since", "soon"]).await);
    assert_eq!(status, Some(64));
}
