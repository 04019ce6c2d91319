//! A pseudo-terminal for a command.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::process::Command;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;

use rustix::fs::{Mode, OFlags, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::support::DEADLINE;
use crate::support::daemon::started_by;

/// The size of a pseudo-terminal.
#[derive(Clone, Copy)]
pub(super) struct Terminal {
    pub(super) columns: u16,
    pub(super) lines: u16,
}

pub(super) const USUAL: Terminal = Terminal {
    columns: 100,
    lines: 25,
};

/// A pseudo-terminal: our end and the end of a process.
pub(super) fn terminal(size: Terminal) -> (File, OwnedFd) {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a pseudo-terminal");
    grantpt(&ours).expect("granted");
    unlockpt(&ours).expect("unlocked");
    let name = ptsname(&ours, Vec::new()).expect("the name of the other end");
    let theirs = open(name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).expect("the other end");
    let ours = File::from(ours);
    resize(&ours, size.columns, size.lines);
    (ours, theirs)
}

/// The same command as the leader of a session whose terminal is its own, so that the keys of the
/// terminal send it signals.
pub(super) fn with_keyboard(command: &Command) -> Command {
    started_by(&["setsid", "--ctty", "--wait"], command)
}

/// The lines that a terminal has in the end, by what a command wrote to it.
pub(super) fn screen(shown: &str, columns: usize) -> Vec<String> {
    let (mut lines, mut at) = (vec![Vec::new()], 0);
    let mut rest = shown.chars();
    while let Some(character) = rest.next() {
        let line = lines.last_mut().expect("one line at least");
        match character {
            '\r' => at = 0,
            '\n' => lines.push(Vec::new()),
            '\u{1b}' => {
                let command: String = rest.by_ref().skip(1).take_while(|c| !c.is_alphabetic()).collect();
                // Only the one that clears the line changes it.
                if command == "2" {
                    line.clear();
                }
            }
            _ => {
                if at == columns {
                    lines.push(Vec::new());
                    at = 0;
                }
                let line = lines.last_mut().expect("one line at least");
                line.resize(line.len().max(at + 1), ' ');
                line[at] = character;
                at += 1;
            }
        }
    }
    let text = |line: &Vec<char>| line.iter().collect::<String>().trim_end().to_owned();
    lines.iter().map(text).collect()
}

fn resize(terminal: &File, columns: u16, lines: u16) {
    let size = Winsize {
        ws_row: lines,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    tcsetwinsize(terminal, size).expect("it has a size");
}

/// Runs a command with a terminal for input and output. Returns its exit status and all that the
/// terminal showed.
pub(super) fn on_terminal(command: Command, size: Terminal) -> (Option<i32>, String) {
    converse(command, size, &[])
}

/// The same. When the terminal shows the first text of a pair in `said`, the second one is typed;
/// `SIGINT` sends that signal, and `COLUMNS 50` changes the width. `\u{3}` is Ctrl-C, see
/// [`with_keyboard`].
pub(super) fn converse(mut command: Command, size: Terminal, said: &[(&str, &str)]) -> (Option<i32>, String) {
    let (mut ours, theirs) = terminal(size);
    let ends = [&theirs, &theirs].map(|end| end.try_clone().expect("another end"));
    let [input, output] = ends;
    let mut child = command
        .stdin(input)
        .stdout(output)
        .stderr(theirs)
        .spawn()
        .expect("the binary runs");
    // The command holds their end of the terminal too.
    drop(command);
    // One that does not end is killed, and has no exit status.
    let (ended, ends) = mpsc::channel::<()>();
    let pid = child.id();
    thread::spawn(move || {
        if ends.recv_timeout(DEADLINE) == Err(RecvTimeoutError::Timeout) {
            kill(pid, "KILL");
        }
    });
    let mut said = said.iter();
    let mut next = said.next();
    let (mut all, mut block) = (Vec::new(), [0; 4_096]);
    // Reading fails when nothing has the other end open any more.
    while let Ok(count @ 1..) = ours.read(&mut block) {
        all.extend_from_slice(&block[..count]);
        while let Some((seen, answer)) = next
            && String::from_utf8_lossy(&all).contains(seen)
        {
            if let Some(signal) = answer.strip_prefix("SIG") {
                kill(pid, signal);
            } else if let Some(columns) = answer.strip_prefix("COLUMNS ") {
                resize(&ours, columns.parse().expect("a number"), size.lines);
                kill(pid, "WINCH");
            } else {
                ours.write_all(answer.as_bytes()).expect("it reads");
            }
            next = said.next();
        }
    }
    let status = child.wait().expect("it ends");
    drop(ended);
    (status.code(), String::from_utf8_lossy(&all).into_owned())
}

fn kill(pid: u32, signal: &str) {
    let status = Command::new("kill").args(["-s", signal, &pid.to_string()]).status();
    assert!(status.expect("kill runs").success());
}
