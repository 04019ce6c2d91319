//! psql, and the SQL files of `tests/sql`.

use std::path::{Path, PathBuf};
use std::process::Command;

use heimdall_daemon::sandbox::binaries::Binaries;

/// psql of the same version as the server if there is one, else the one in `PATH`.
pub(crate) fn psql() -> PathBuf {
    let own = Binaries::find().expect("a server").path("psql");
    if own.is_file() { own } else { "psql".into() }
}

/// Runs files, in the repository's root, and returns what they print.
pub(crate) fn run_files(url: &str, arguments: &[&str], files: &[&str]) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut command = Command::new(psql());
    command
        .args(["--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", "--dbname", url])
        .args(arguments)
        .current_dir(root);
    for file in files {
        command.args(["--file", file]);
    }
    let output = command.output().expect("psql runs");
    assert!(
        output.status.success(),
        "{files:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("UTF-8")
}
