//! Checks that the sources keep the layout that the README of each crate describes, that files and
//! folders are small, and that links in documents work.
//!
//! Needs no database. `cargo modules dependencies --acyclic` finds circles as well, but it has no
//! order of rooms, and it takes minutes to build, since it contains rust-analyzer.

mod circles;
mod imports;
mod invariants;
mod limits;
mod links;
mod made_up_trees;
mod markdown;
mod rooms;
mod scopes;
mod sources;

use std::path::{Path, PathBuf};

use self::imports::Import;
use self::rooms::Rooms;
use self::sources::Sources;

/// Files and folders that may be over a limit, with the reason.
const EXCEPTIONS: [(&str, &str); 1] = [("sql/queries", "a file for each statement of the daemon")];

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Everything that is wrong with the sources of a crate whose README says this.
fn problems(sources: &Sources, readme: &str) -> Vec<String> {
    let imports = imports::imports_of(sources);
    let mut problems = circles::circles(&imports);
    match Rooms::parse(readme) {
        Ok(rooms) => {
            problems.extend(rooms.differences(sources));
            problems.extend(rooms.upward_imports(&imports));
        }
        Err(error) => problems.push(error),
    }
    problems.extend(imports_through_lib(&imports));
    problems
}

/// Imports of what `lib.rs` re-exports for other crates. They hide which module is meant, and
/// circles with it.
fn imports_through_lib(imports: &[Import]) -> Vec<String> {
    let through_lib = imports.iter().filter(|import| import.to == "lib.rs");
    through_lib
        .map(|import| format!("import through lib.rs, name the module: {import}"))
        .collect()
}

fn check(name: &str) {
    let folder = top().join(name);
    let sources = Sources::read(&folder.join("src"));
    let readme = std::fs::read_to_string(folder.join("README.md")).expect("the crate has a README");
    let problems = problems(&sources, &readme);
    assert!(
        problems.is_empty(),
        "problems in {name}/src (rules: tests/README.md):\n{}",
        problems.join("\n")
    );
}

#[test]
fn the_daemon_has_no_import_circle_and_no_upward_import() {
    check("daemon");
}

#[test]
fn dsp_has_no_import_circle_and_no_upward_import() {
    check("dsp");
}

#[test]
fn files_and_the_python_package_have_no_import_circle_and_no_upward_import() {
    check("dsp/files");
    check("dsp/python");
}

#[test]
fn files_and_folders_are_within_their_limits() {
    let folders = ["daemon", "dsp", "sql", "tests", "deploy"];
    let found: Vec<_> = folders
        .iter()
        .flat_map(|folder| limits::over_limits(&top(), folder))
        .collect();
    let is_exception = |path: &str| EXCEPTIONS.iter().any(|(exception, _)| *exception == path);
    let over: Vec<String> = found
        .iter()
        .filter(|(path, _)| !is_exception(path))
        .map(|(path, problem)| format!("{path} {problem}"))
        .collect();
    assert!(over.is_empty(), "split these:\n{}", over.join("\n"));
    for (exception, reason) in EXCEPTIONS {
        assert!(
            found.iter().any(|(path, _)| path == exception),
            "{exception} ({reason}) is within the limits: remove it from EXCEPTIONS"
        );
    }
}
