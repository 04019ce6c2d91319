//! Objects of the store as files: `s3://bucket/key`.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use heimdall_dsp::sidecar::{dataset_name, is_expected, is_metadata, metadata_names};
use heimdall_dsp::{Hints, MAX_SIGMF_BYTES, Sigmf, portapack};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

use super::error::OfflineError;
use crate::config::settings::StoreSettings;
use crate::extraction::hints;
use crate::job::claim::Claim;
use crate::job::error::ExtractionError;
use crate::object_store::client::ObjectStore;
use crate::object_store::error::StoreConfigError;
use crate::object_store::location::Location;

const SCHEME: &str = "s3://";

/// Whether the argument names an object of the store.
#[must_use]
pub fn is_stored(path: &Path) -> bool {
    path.to_str().is_some_and(|text| text.starts_with(SCHEME))
}

/// The store, for a command that reads one object after the other.
pub struct StoredFiles {
    store: ObjectStore,
    runtime: Runtime,
}

/// An object in a folder that is removed when this is dropped.
pub(super) struct Fetched {
    /// With the name of the object. What stands next to the object may stand next to it.
    pub(super) path: PathBuf,
    /// What the object's metadata say.
    pub(super) hints: Hints,
    _folder: TempDir,
}

impl StoredFiles {
    /// Connects to nothing yet.
    ///
    /// # Errors
    /// When the settings of the store make no client, or the system refuses.
    pub fn new(settings: &StoreSettings) -> Result<Self, StoreConfigError> {
        Ok(Self {
            store: ObjectStore::new(settings, 1)?,
            runtime: Builder::new_current_thread()
                .enable_all()
                .build()
                .map_err(|error| StoreConfigError::Settings(error.to_string()))?,
        })
    }

    /// Copies an object to a temporary file, with the metadata that stand next to it.
    pub(super) fn fetch(&self, location: &str) -> Result<Fetched, OfflineError> {
        let location = Location::parse(location, self.store.bucket_names())?;
        let folder = tempfile::tempdir().map_err(OfflineError::Segments)?;
        let (path, hints) = self.runtime.block_on(self.fetch_to(&location, folder.path()))?;
        Ok(Fetched {
            path,
            hints,
            _folder: folder,
        })
    }

    async fn fetch_to(&self, location: &Location, folder: &Path) -> Result<(PathBuf, Hints), OfflineError> {
        let (path, mut hints) = self.copy(location, folder).await?;
        let name = location.name();
        if is_metadata(name) {
            let bytes = fs::read(&path)?;
            let metadata = Sigmf::parse(&bytes[..bytes.len().min(MAX_SIGMF_BYTES + 1)])?;
            let samples = sibling(location, &dataset_name(name, &metadata)?);
            // The metadata may name anything.
            let text = format!("{SCHEME}{}/{}", samples.bucket, samples.key);
            let samples = Location::parse(&text, self.store.bucket_names())?;
            self.copy(&samples, folder).await?;
            return Ok((path, Hints::default()));
        }
        let mut beside = Vec::new();
        if is_expected(name, &hints) {
            beside.extend(metadata_names(name));
        }
        if hints.needs_portapack_text(name) {
            beside.extend(portapack::text_names(name));
        }
        for name in beside {
            match self.copy(&sibling(location, &name), folder).await {
                Err(OfflineError::Store(ExtractionError::NotFound { .. })) => {}
                copied => drop(copied?),
            }
        }
        hints.set_object_bytes(Some(fs::metadata(&path)?.len()));
        Ok((path, hints))
    }

    async fn copy(&self, location: &Location, folder: &Path) -> Result<(PathBuf, Hints), OfflineError> {
        let mut object = self.store.get(location).await?;
        let hints = hints::of_object(&Claim::default(), location, &object);
        let path = folder.join(location.name());
        let mut file = File::create(&path).map_err(OfflineError::Segments)?;
        while let Some(piece) = object.next_piece().await? {
            file.write_all(&piece).map_err(OfflineError::Segments)?;
        }
        Ok((path, hints))
    }
}

/// The object of this name next to another one.
fn sibling(location: &Location, name: &str) -> Location {
    let folder = location.key.strip_suffix(location.name()).unwrap_or_default();
    Location {
        bucket: location.bucket.clone(),
        key: format!("{folder}{name}"),
    }
}
