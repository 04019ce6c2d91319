//! The source files of one crate, and the module that each of them is.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Segments of a module's path, without `crate`. The root is empty.
pub(crate) type ModulePath = Vec<String>;

/// The files under a crate's `src`.
#[derive(Default)]
pub(crate) struct Sources {
    /// Text by path in `src`, such as `queue/mod.rs`.
    pub(crate) files: BTreeMap<String, String>,
}

impl Sources {
    /// Reads every `.rs` file under this folder.
    pub(crate) fn read(src: &Path) -> Sources {
        let mut sources = Sources::default();
        let mut folders = vec![src.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
                let path = entry.expect("a readable folder").path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "rs") {
                    let name = path.strip_prefix(src).expect("it is under src").to_string_lossy();
                    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                    sources.files.insert(name.into_owned(), text);
                }
            }
        }
        // A second crate with the library as its dependency: it is above all rooms.
        sources.files.remove("main.rs");
        sources
    }

    /// The first-level folders and the top-level files: `queue` for `queue/mod.rs`. `lib.rs` is not
    /// a room.
    pub(crate) fn rooms(&self) -> BTreeSet<&str> {
        self.files.keys().filter_map(|file| room_of(file)).collect()
    }
}

/// The room that a file is in.
pub(crate) fn room_of(file: &str) -> Option<&str> {
    let first = file.split('/').next().expect("split gives at least one part");
    let room = first.strip_suffix(".rs").unwrap_or(first);
    (room != "lib").then_some(room)
}

/// The module that a file is: `["queue", "rows"]` for `queue/rows.rs`.
pub(crate) fn module_of(file: &str) -> ModulePath {
    let mut path: ModulePath = file.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    if path.last().is_some_and(|last| last == "mod" || last == "lib") {
        path.pop();
    }
    path
}
