//! `heimdalld doctor`, and checks of what it prints.

use heimdall_daemon::sandbox::s3::SECRET_KEY;

use super::Bench;
use super::daemon::command_on;

/// What one run printed, and how it ended.
pub(crate) struct Report {
    pub(crate) status: Option<i32>,
    pub(crate) text: String,
}

/// Runs the doctor with the settings of a working installation, and with these over them.
pub(crate) async fn doctor(bench: &Bench, settings: &[(&str, &str)]) -> Report {
    let mut command = command_on(bench, "doctor").await;
    command.envs(settings.iter().copied());
    let run = tokio::task::spawn_blocking(move || command.output());
    let output = run.await.expect("no panic").expect("the binary runs");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(!text.contains('\u{1b}'), "colours in a pipe: {text}");
    assert!(!text.contains(SECRET_KEY), "{text}");
    Report {
        status: output.status.code(),
        text,
    }
}

impl Report {
    /// Checks the exit status: 0 if nothing is wrong, else 1.
    #[track_caller]
    pub(crate) fn assert_status(&self, status: i32) {
        assert_eq!(self.status, Some(status), "{}", self.text);
    }

    /// A line begins with the level and the subject and contains `words`; the line after it has a
    /// command that contains
    /// `hint`.
    #[track_caller]
    pub(crate) fn expect(&self, level: &str, subject: &str, words: &str, hint: &str) {
        let text = &self.text;
        let mut lines = text.lines();
        let start = format!("{level:<8}{subject}: ");
        let line = lines.find(|line| line.starts_with(&start) && line.contains(words));
        assert!(line.is_some(), "no '{start}…{words}' in:\n{text}");
        let next = lines.next().unwrap_or_default();
        let typed = next.strip_prefix("        type: ").unwrap_or_default();
        assert!(typed.contains(hint), "'{hint}' is not in '{typed}' in:\n{text}");
    }
}
