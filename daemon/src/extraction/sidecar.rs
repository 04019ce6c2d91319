//! What is in the store next to the samples: `SigMF` metadata, and the texts of `PortaPack`. The
//! rules are in [`heimdall_dsp::sidecar`] and [`heimdall_dsp::portapack`]; here are the requests.
//!
//! A sidecar is requested only if it must exist, so that no other recording pays for a second
//! request.

use heimdall_dsp::sidecar::{dataset_name, is_expected, is_metadata, metadata_names, other_dataset};
use heimdall_dsp::{Hints, Inconsistency, MAX_SIGMF_BYTES, SIDECAR_SOURCE, Sigmf, Warning, portapack};

use crate::job::error::ExtractionError;
use crate::object_store::client::ObjectStore;
use crate::object_store::location::Location;
use crate::object_store::object::Object;

/// Metadata that are read already.
#[derive(Debug, Clone)]
pub struct Sidecar {
    /// Key of their object.
    pub key: String,
    /// The metadata.
    pub metadata: Sigmf,
}

/// If the location is that of metadata, reads them and returns the location of the samples.
///
/// # Errors
/// If the metadata cannot be read, or describe no samples.
pub async fn resolve_metadata_location(
    location: Location,
    store: &ObjectStore,
) -> Result<(Location, Option<Sidecar>), ExtractionError> {
    if !is_metadata(&location.key) {
        return Ok((location, None));
    }
    let metadata = read(&location, store).await?;
    let samples = sibling(&location, &dataset_name(location.name(), &metadata)?);
    let text = format!("s3://{}/{}", samples.bucket, samples.key);
    let samples = Location::parse(&text, store.bucket_names())?;
    let key = location.key;
    Ok((samples, Some(Sidecar { key, metadata })))
}

/// Reads the metadata of an object that must have some, if they are not `found` already, and adds
/// them to the hints. Returns their key.
///
/// # Errors
/// If they cannot be read. If they do not exist and no other hint names the sample format:
/// [`ExtractionError::NotFound`], since their upload may not be complete.
pub async fn find_sidecar(
    location: &Location,
    found: Option<Sidecar>,
    hints: &mut Hints,
    store: &ObjectStore,
) -> Result<Option<String>, ExtractionError> {
    if let Some(Sidecar { key, metadata }) = found {
        hints.set_sigmf(metadata, SIDECAR_SOURCE);
        return Ok(Some(key));
    }
    let name = location.name();
    if !is_expected(name, hints) {
        return Ok(None);
    }
    let candidates: Vec<Location> = metadata_names(name)
        .iter()
        .map(|name| sibling(location, name))
        .collect();
    for candidate in &candidates {
        let metadata = match read(candidate, store).await {
            Ok(metadata) => metadata,
            Err(ExtractionError::NotFound { .. }) => continue,
            Err(error) => return Err(error),
        };
        let key = &candidate.key;
        if let Some(other) = other_dataset(&metadata, name) {
            let text = format!("{key} describes '{}', not this object", other.escape_debug());
            hints.add_inconsistency(Inconsistency::new(Warning::MetadataMissing, text));
            return Ok(None);
        }
        hints.set_sigmf(metadata, SIDECAR_SOURCE);
        return Ok(Some(key.clone()));
    }
    let keys: Vec<&str> = candidates.iter().map(|candidate| &*candidate.key).collect();
    if !hints.names_samples() {
        return Err(ExtractionError::NotFound {
            key: keys[0].to_owned(),
        });
    }
    let text = format!("no SigMF metadata at {}", keys.join(" or "));
    hints.add_inconsistency(Inconsistency::new(Warning::MetadataMissing, text));
    Ok(None)
}

/// Reads the text next to a recording of `PortaPack`, if its name is one of `PortaPack`'s and
/// nothing else states the sample rate, and adds it to the hints. Returns its key.
///
/// # Errors
/// If it exists and cannot be read.
pub async fn find_portapack_text(
    location: &Location,
    hints: &mut Hints,
    store: &ObjectStore,
) -> Result<Option<String>, ExtractionError> {
    let name = location.name();
    if !hints.needs_portapack_text(name) {
        return Ok(None);
    }
    for candidate in portapack::text_names(name) {
        let candidate = sibling(location, &candidate);
        let mut object = match store.get(&candidate).await {
            Ok(object) => object,
            Err(ExtractionError::NotFound { .. }) => continue,
            Err(error) => return Err(error),
        };
        hints.add_portapack_text(&read_up_to(portapack::MAX_TEXT_BYTES, &mut object).await?);
        return Ok(Some(candidate.key));
    }
    Ok(None)
}

/// The object `name` in the folder of `location`.
fn sibling(location: &Location, name: &str) -> Location {
    let folder = location.key.strip_suffix(location.name()).unwrap_or_default();
    Location {
        bucket: location.bucket.clone(),
        key: format!("{folder}{name}"),
    }
}

async fn read(location: &Location, store: &ObjectStore) -> Result<Sigmf, ExtractionError> {
    let mut object = store.get(location).await?;
    Ok(Sigmf::parse(&read_up_to(MAX_SIGMF_BYTES + 1, &mut object).await?)?)
}

pub(super) async fn read_up_to(limit_bytes: usize, object: &mut Object<'_>) -> Result<Vec<u8>, ExtractionError> {
    let mut bytes = Vec::new();
    while bytes.len() < limit_bytes {
        let Some(piece) = object.next_piece().await? else { break };
        bytes.extend_from_slice(&piece[..piece.len().min(limit_bytes - bytes.len())]);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sibling_is_in_the_same_folder() {
        for (key, name, expected) in [
            ("a.b/c.dat", "c d.wav", "a.b/c d.wav"),
            ("a//b", "c", "a//c"),
            ("b.sigmf-meta", "c", "c"),
        ] {
            let location = Location {
                bucket: "b".to_owned(),
                key: key.to_owned(),
            };
            assert_eq!(sibling(&location, name).key, expected);
        }
    }
}
