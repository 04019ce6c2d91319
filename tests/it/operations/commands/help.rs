//! `--help` of each command is one screen.

use super::pseudo_terminal::{Terminal, on_terminal};
use crate::support::daemon::command;

#[test]
fn the_help_of_each_command_is_one_screen() {
    for columns in [80, 100] {
        let all = [
            "", "migrate", "doctor", "status", "session", "retry", "backfill", "config", "health", "extract", "export",
            "demo",
        ];
        // Without the feature, the command only says how to get it.
        for name in all
            .into_iter()
            .filter(|name| *name != "export" || cfg!(feature = "export"))
        {
            let shown = help(name, columns);
            let lines = shown.lines().count();
            assert!(lines <= 24, "{name}, {columns} columns: {lines} lines\n{shown}");
            assert!(
                shown
                    .lines()
                    .all(|line| line.trim_end().chars().count() <= usize::from(columns)),
                "{shown}"
            );
        }
    }
    let run = help("run", 100);
    assert!(run.lines().count() <= 50, "{run}");
    assert!(
        run.contains("--s3-endpoint") && run.contains("--lease") && !run.contains("--database-url-file "),
        "{run}"
    );
    // A command shows what it uses, and no more.
    let extract = help("extract", 100);
    assert!(
        extract.contains("cf32_le") && !extract.contains("--lease") && !extract.contains("--database-url"),
        "{extract}"
    );
    assert!(help("status", 100).contains("--database-url") && !help("status", 100).contains("--s3-bucket"));
}

fn help(name: &str, columns: u16) -> String {
    let mut command = command();
    command
        .args((!name.is_empty()).then_some(name))
        .arg("--help")
        .env("TERM", "dumb");
    on_terminal(command, Terminal { columns, lines: 50 })
        .1
        .replace('\r', "")
}
