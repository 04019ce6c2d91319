//! The folder of an export: which days it has, and which slot each receiver has.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::error::ExportError;
use super::files::Format;

/// What the folder has. Readers of tables ignore names that begin with `_`.
const STATE: &str = "_export.json";
/// Held by the process that writes into the folder.
const LOCK: &str = "_export.lock";
/// What the numbers mean, beside CSV files, which cannot say it themselves.
const DICTIONARY: &str = "_dictionary.json";
/// The version of [`State`].
const VERSION: u32 = 1;
/// More names are not receivers, but something else that is different in each sample.
const MOST_RECEIVERS: usize = 1_000;

/// What an export has of the samples. It is the same in all runs into a folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Selection {
    pub(super) format: Format,
    /// Sorted; `None`: all.
    pub(super) sessions: Option<Vec<Uuid>>,
    pub(super) columns: Vec<String>,
}

/// A day that is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Day {
    /// Changes with the samples in the database.
    pub(super) mark: String,
    pub(super) rows: u64,
    /// Rows of each second.
    pub(super) slots: usize,
    pub(super) bytes: u64,
}

#[derive(Debug, Serialize, Deserialize)]
struct State {
    version: u32,
    #[serde(flatten)]
    selection: Selection,
    /// The receivers in the order of their slots.
    receivers: Vec<String>,
    days: BTreeMap<String, Day>,
}

/// A folder that this process alone writes into.
pub(super) struct Folder {
    path: PathBuf,
    state: State,
    _lock: File,
}

impl Folder {
    /// Creates the folder, or opens one that has an export of the same selection.
    ///
    /// # Errors
    /// When it has another export, something else, or another process writes into it.
    pub(super) fn open(path: &Path, selection: Selection) -> Result<Self, ExportError> {
        fs::create_dir_all(path).map_err(ExportError::file(path))?;
        let state = path.join(STATE);
        if !state.exists() && !is_empty(path).map_err(ExportError::file(path))? {
            return Err(ExportError::Usage(format!(
                "{} has files and no export: name an empty or a new folder",
                path.display()
            )));
        }
        let lock = lock(path)?;
        let state = match fs::read(&state) {
            Ok(text) => read_state(path, &text, &selection)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => State {
                version: VERSION,
                selection,
                receivers: Vec::new(),
                days: BTreeMap::new(),
            },
            Err(error) => return Err(ExportError::file(&state)(error)),
        };
        let folder = Self {
            path: path.to_owned(),
            state,
            _lock: lock,
        };
        folder.save()?;
        Ok(folder)
    }

    pub(super) fn format(&self) -> Format {
        self.state.selection.format
    }

    /// The receivers in the order of their slots.
    pub(super) fn receivers(&self) -> &[String] {
        &self.state.receivers
    }

    /// Gives each receiver that has none the next slot.
    pub(super) fn add_receivers(&mut self, found: Vec<String>) -> Result<(), ExportError> {
        let known = self.state.receivers.len();
        for receiver in found {
            if !self.state.receivers.contains(&receiver) {
                self.state.receivers.push(receiver);
            }
        }
        match self.state.receivers.len() {
            count if count > MOST_RECEIVERS => Err(ExportError::Receivers(MOST_RECEIVERS)),
            // A file that has the slot comes later, so that no later run can give it to another one.
            count if count > known => self.save(),
            _ => Ok(()),
        }
    }

    /// Whether the day is written, with this mark.
    pub(super) fn has(&self, day: &str, mark: &str) -> bool {
        let day_as_written = self.state.days.get(day);
        day_as_written.is_some_and(|written| written.mark == mark && (written.rows == 0 || self.file(day).exists()))
    }

    /// The days from `first` to `last` that are written.
    pub(super) fn days(&self, first: &str, last: &str) -> Vec<String> {
        let days = self.state.days.keys();
        days.filter(|day| (first..=last).contains(&day.as_str()))
            .cloned()
            .collect()
    }

    /// The file that a day is written into before it is complete.
    pub(super) fn incomplete(&self, day: &str) -> Result<PathBuf, ExportError> {
        let folder = self.path.join(format!("day={day}"));
        fs::create_dir_all(&folder).map_err(ExportError::file(&folder))?;
        Ok(folder.join(".samples.incomplete"))
    }

    /// Makes a complete file the file of its day.
    pub(super) fn put(&mut self, day: &str, as_written: Day) -> Result<(), ExportError> {
        let (incomplete, file) = (self.incomplete(day)?, self.file(day));
        if as_written.rows == 0 {
            // Its objects are none of the extractor's.
            self.discard(day)?;
            remove_file(&file)?;
            self.state.days.insert(day.to_owned(), as_written);
            return self.save();
        }
        fs::rename(&incomplete, &file).map_err(ExportError::file(&file))?;
        sync_folder_of(&file)?;
        sync_folder_of(file.parent().unwrap_or(&file))?;
        self.state.days.insert(day.to_owned(), as_written);
        self.save()
    }

    /// Removes a day that has no samples any more, or what is left of an incomplete file.
    pub(super) fn remove(&mut self, day: &str) -> Result<(), ExportError> {
        self.discard(day)?;
        remove_file(&self.file(day))?;
        // Somebody else's file keeps the folder.
        drop(fs::remove_dir(self.path.join(format!("day={day}"))));
        match self.state.days.remove(day) {
            Some(_) => self.save(),
            None => Ok(()),
        }
    }

    /// Removes an incomplete file.
    pub(super) fn discard(&self, day: &str) -> Result<(), ExportError> {
        let folder = self.path.join(format!("day={day}"));
        remove_file(&folder.join(".samples.incomplete"))?;
        drop(fs::remove_dir(folder));
        Ok(())
    }

    /// Writes the dictionary beside CSV files.
    pub(super) fn write_dictionary(&self, dictionary: &[Value]) -> Result<(), ExportError> {
        if self.state.selection.format == Format::Csv {
            return self.replace(DICTIONARY, &serde_json::to_vec_pretty(dictionary).unwrap_or_default());
        }
        Ok(())
    }

    fn file(&self, day: &str) -> PathBuf {
        let extension = self.state.selection.format.name();
        self.path.join(format!("day={day}/samples.{extension}"))
    }

    fn save(&self) -> Result<(), ExportError> {
        self.replace(STATE, &serde_json::to_vec_pretty(&self.state).unwrap_or_default())
    }

    /// Writes a file so that it is whole at every moment.
    fn replace(&self, name: &str, contents: &[u8]) -> Result<(), ExportError> {
        let (path, new) = (self.path.join(name), self.path.join(format!("{name}.incomplete")));
        let written = File::create(&new).and_then(|mut file| {
            file.write_all(contents)?;
            file.sync_all()
        });
        written
            .and_then(|()| fs::rename(&new, &path))
            .map_err(ExportError::file(&path))?;
        sync_folder_of(&path)
    }
}

fn is_empty(path: &Path) -> io::Result<bool> {
    for entry in fs::read_dir(path)? {
        if entry?.file_name() != LOCK {
            return Ok(false);
        }
    }
    Ok(true)
}

fn lock(path: &Path) -> Result<File, ExportError> {
    let lock = path.join(LOCK);
    let file = File::create(&lock).map_err(ExportError::file(&lock))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(ExportError::Usage(format!(
            "another export writes into {}: wait until it ends",
            path.display()
        ))),
        Err(TryLockError::Error(error)) => Err(ExportError::file(&lock)(error)),
    }
}

fn read_state(path: &Path, text: &[u8], wanted: &Selection) -> Result<State, ExportError> {
    let folder = path.display();
    let state: State = serde_json::from_slice(text)
        .map_err(|error| ExportError::Usage(format!("{folder}/{STATE} cannot be read: {error}")))?;
    let found = &state.selection;
    let difference = if state.version != VERSION {
        "of another version of heimdalld"
    } else if found.format != wanted.format {
        "of another --format"
    } else if found.sessions != wanted.sessions {
        "of other --sessions"
    } else if found.columns != wanted.columns {
        "with other columns"
    } else {
        return Ok(state);
    };
    Err(ExportError::Usage(format!(
        "{folder} has an export {difference}: name another folder"
    )))
}

fn remove_file(path: &Path) -> Result<(), ExportError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(ExportError::file(path)(error)),
        _ => Ok(()),
    }
}

/// Waits until the disk has the name of a file.
fn sync_folder_of(path: &Path) -> Result<(), ExportError> {
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(ExportError::file(folder))
}
