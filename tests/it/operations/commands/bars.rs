//! A terminal that shows keys, that has no cursor, or that goes away.

use super::logins;
use super::pseudo_terminal::{Terminal, USUAL, converse, screen, with_keyboard};
use super::terminal::command_for;
use crate::support::Bench;
use crate::support::daemon::{USUAL_HANGUP, command_on, started_by};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_ctrl_c_the_bar_of_a_backfill_is_gone_and_the_end_says_what_goes_on() {
    let bench = Bench::new().await;
    logins(&bench).await;
    bench.history(3, "a.bin", "completed").await;
    // Both: the key, which the terminal shows as ^C, and the signal alone.
    for (columns, interrupt) in [(100, "\u{3}"), (40, "\u{3}"), (40, "\u{3}\u{3}"), (100, "SIGINT")] {
        bench.execute("DELETE FROM heimdall.feature_queue").await;
        let command = command_for(&bench, "admin", &["backfill", "--follow"]).await;
        let command = if interrupt.starts_with("SIG") {
            command
        } else {
            with_keyboard(&command)
        };
        let size = Terminal { columns, lines: 25 };
        let said = [("queued: 0 of", interrupt)];
        let (status, shown) = tokio::task::block_in_place(|| converse(command, size, &said));
        assert_eq!(status, Some(130), "{shown:?}");
        assert!(shown.contains(" 0 % queued: 0 of"), "{shown:?}");
        // Nothing is done yet, so nobody knows the end.
        assert!(!shown.contains("ends in"), "{shown:?}");
        let left = screen(&shown, columns.into());
        let text = left.join("\n");
        assert!(
            !text.contains("0 % ") && !text.contains("^C"),
            "{interrupt:?}: {left:#?} from {shown:?}"
        );
        let joined = left.concat();
        assert!(joined.contains("goes on in the database"), "{left:#?}");
        if interrupt == "\u{3}\u{3}" {
            // The second one may end it before it has said more.
            continue;
        }
        assert!(joined.contains("queued: 0 of 3 measurements, 0 failed"), "{left:#?}");
        for says in [
            "The backfill goes on in the database without this command.",
            "to follow it:  heimdalld backfill --follow --id ",
            "to cancel it:  heimdalld backfill --cancel ",
        ] {
            assert!(joined.contains(says), "{says}: {left:#?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_terminal_without_a_cursor_gets_lines() {
    let bench = Bench::new().await;
    logins(&bench).await;
    bench.history(2, "a.bin", "completed").await;
    let mut command = command_for(&bench, "admin", &["backfill", "--follow"]).await;
    command.env("TERM", "dumb");
    let size = Terminal { columns: 80, lines: 25 };
    let said = [("queued: 0 of 2 measurements", "SIGINT")];
    let (status, shown) = tokio::task::block_in_place(|| converse(command, size, &said));
    assert_eq!(status, Some(130), "{shown:?}");
    assert!(!shown.contains('\u{1b}'), "{shown:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daemon_whose_terminal_goes_away_stops_in_order() {
    let bench = Bench::new().await;
    let mut command = command_on(&bench, "run").await;
    command.env("HEIMDALL_HTTP_ADDR", "off").env("NO_COLOR", "1");
    let said = [("listening", "SIGHUP")];
    let command = started_by(&USUAL_HANGUP, &command);
    let (status, shown) = tokio::task::block_in_place(|| converse(command, USUAL, &said));
    assert_eq!(status, Some(0), "{shown}");
    assert!(
        shown.contains("the terminal has gone, stopping") && shown.contains("in_time=true"),
        "{shown}"
    );
    assert_eq!(bench.count("heimdall.worker_heartbeats").await, 0);
}
