//! Limits on the size of files and folders.

use std::fs;
use std::path::Path;

/// Lines of a Rust file.
pub(crate) const MOST_LINES: usize = 300;
/// Entries of a folder of sources.
pub(crate) const MOST_ENTRIES: usize = 25;

/// Folders that are not sources: builds, and data for the fuzz targets.
const LEFT_OUT: [&str; 4] = ["target", "corpus", "artifacts", "golden"];
const SOURCES: [&str; 4] = ["rs", "sql", "py", "sh"];

/// What is over a limit under this folder, as a path relative to `top` and a text.
pub(crate) fn over_limits(top: &Path, folder: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut entries = 0;
    let mut has_sources = false;
    for entry in fs::read_dir(top.join(folder)).unwrap_or_else(|error| panic!("{folder}: {error}")) {
        let entry = entry.expect("a readable folder");
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{folder}/{name}");
        if LEFT_OUT.contains(&name.as_str()) || name == "__pycache__" {
            continue;
        }
        entries += 1;
        if entry.path().is_dir() {
            found.extend(over_limits(top, &path));
            continue;
        }
        let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
        has_sources |= SOURCES.contains(&extension);
        if extension == "rs" {
            let text = fs::read_to_string(entry.path()).unwrap_or_else(|error| panic!("{path}: {error}"));
            let lines = text.lines().count();
            if lines > MOST_LINES {
                found.push((path, format!("has {lines} lines, the limit is {MOST_LINES}")));
            }
        }
    }
    if has_sources && entries > MOST_ENTRIES {
        found.push((
            folder.to_owned(),
            format!("has {entries} entries, the limit is {MOST_ENTRIES}"),
        ));
    }
    found
}
