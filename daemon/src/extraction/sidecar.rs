//! `SigMF` metadata in the store: beside the samples, named in their place, or at the end of an archive.
//!
//! They are asked for only where something says that they exist, so that nobody else pays for a second request: the
//! location names a `.sigmf-meta`, or a `.sigmf-data`, or the column `iq_data_format` or the object's metadata say `sigmf`.

use heimdall_dsp::{
    Error, Hints, Inconsistency, MAX_SIGMF_BYTES, MAX_SIGMF_TAIL_BYTES, SIDECAR_SOURCE, Sigmf, Warning,
};

use crate::job::error::ExtractionError;
use crate::object_store::client::ObjectStore;
use crate::object_store::location::Location;
use crate::object_store::object::Object;

const META: &str = ".sigmf-meta";
const DATA: &str = ".sigmf-data";
/// Metadata and where they were.
#[derive(Debug, Clone)]
pub struct Sidecar {
    /// Their object's key.
    pub key: String,
    /// What they say.
    pub meta: Sigmf,
}

/// Where the samples are, if the location names their metadata.
///
/// # Errors
/// When the metadata cannot be read, or name no samples.
pub async fn resolve_metadata_location(
    location: Location,
    store: &ObjectStore,
) -> Result<(Location, Option<Sidecar>), ExtractionError> {
    if !location.key.ends_with(META) {
        return Ok((location, None));
    }
    let meta = read(&location, store).await?;
    if meta.is_metadata_only() {
        return Err(bad("there are no samples to it (core:metadata_only)".to_owned()));
    }
    let key = match meta.dataset() {
        Some(name) => sibling(&location.key, name)?,
        None => format!("{}{DATA}", location.key.trim_end_matches(META)),
    };
    let data = Location::parse(&format!("s3://{}/{key}", location.bucket), store.bucket_names())?;
    let sidecar = Sidecar {
        key: location.key,
        meta,
    };
    Ok((data, Some(sidecar)))
}

/// Looks for the metadata of an object that has to have some, and adds them to the hints. Returns where they were.
///
/// # Errors
/// When they cannot be read; when there are none and nothing else says what the samples are, as if the object itself
/// were missing: they may be on their way.
pub async fn find_sidecar(
    location: &Location,
    found: Option<Sidecar>,
    hints: &mut Hints,
    store: &ObjectStore,
) -> Result<Option<String>, ExtractionError> {
    if let Some(Sidecar { key, meta }) = found {
        hints.set_sigmf(meta, SIDECAR_SOURCE);
        return Ok(Some(key));
    }
    if !is_expected(location, hints) {
        return Ok(None);
    }
    let keys = candidates(&location.key);
    for key in &keys {
        let at = Location {
            bucket: location.bucket.clone(),
            key: key.clone(),
        };
        match read(&at, store).await {
            Ok(meta) => {
                let name = location.key.rsplit('/').next().unwrap_or_default();
                if let Some(other) = meta.dataset().filter(|dataset| *dataset != name) {
                    let text = format!("{key} describes '{}', not this object", other.escape_debug());
                    hints.add_inconsistency(Inconsistency::new(Warning::MetadataMissing, text));
                    return Ok(None);
                }
                hints.set_sigmf(meta, SIDECAR_SOURCE);
                return Ok(Some(key.clone()));
            }
            Err(ExtractionError::NotFound { .. }) => {}
            Err(other) => return Err(other),
        }
    }
    if !hints.names_samples() {
        return Err(ExtractionError::NotFound { key: keys[0].clone() });
    }
    let text = format!("no SigMF metadata at {}", keys.join(" or "));
    hints.add_inconsistency(Inconsistency::new(Warning::MetadataMissing, text));
    Ok(None)
}

/// Reads the metadata at the end of an archive, and goes back to its start.
///
/// # Errors
/// When they cannot be read.
pub async fn read_archive_tail(object: &mut Object<'_>, at: u64, hints: &mut Hints) -> Result<(), ExtractionError> {
    object.go_to(at).await?;
    let tail = collect(object, MAX_SIGMF_TAIL_BYTES).await?;
    hints.read_archive_tail(&tail)?;
    object.go_to(0).await
}

fn is_expected(location: &Location, hints: &Hints) -> bool {
    location.key.ends_with(DATA) || (hints.names_sigmf() && location.extension().as_deref() != Some("sigmf"))
}

/// Where metadata lie: with the object's extension replaced, or behind its whole name.
fn candidates(key: &str) -> Vec<String> {
    let name_at = key.rfind('/').map_or(0, |slash| slash + 1);
    let stem = key[name_at..].rfind('.').map(|dot| &key[..name_at + dot]);
    let replaced = stem.map(|stem| format!("{stem}{META}"));
    let appended = (!key.ends_with(DATA)).then(|| format!("{key}{META}"));
    replaced.into_iter().chain(appended).collect()
}

/// The key of a file beside another.
fn sibling(key: &str, name: &str) -> Result<String, ExtractionError> {
    if name.is_empty() || name.contains(['/', '\\']) {
        return Err(bad(format!(
            "core:dataset is '{}', which is no file name",
            name.escape_debug()
        )));
    }
    let folder = key.rfind('/').map_or("", |slash| &key[..=slash]);
    Ok(format!("{folder}{name}"))
}

async fn read(location: &Location, store: &ObjectStore) -> Result<Sigmf, ExtractionError> {
    let mut object = store.get(location).await?;
    Ok(Sigmf::parse(&collect(&mut object, MAX_SIGMF_BYTES + 1).await?)?)
}

/// Up to so many bytes of an object.
async fn collect(object: &mut Object<'_>, most: usize) -> Result<Vec<u8>, ExtractionError> {
    let mut bytes = Vec::new();
    while bytes.len() < most {
        let Some(piece) = object.next_piece().await? else { break };
        bytes.extend_from_slice(&piece[..piece.len().min(most - bytes.len())]);
    }
    Ok(bytes)
}

fn bad(problem: String) -> ExtractionError {
    ExtractionError::Recording(Error::Metadata { problem })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_lie_beside_the_samples() {
        assert_eq!(candidates("a.b/c.sigmf-data"), ["a.b/c.sigmf-meta"]);
        assert_eq!(candidates("a.b/c.dat"), ["a.b/c.sigmf-meta", "a.b/c.dat.sigmf-meta"]);
        assert_eq!(candidates("a.b/c"), ["a.b/c.sigmf-meta"]);
        assert_eq!(sibling("a/b.sigmf-meta", "c d.wav").unwrap(), "a/c d.wav");
        assert_eq!(sibling("b.sigmf-meta", "c").unwrap(), "c");
        for name in ["../x", "a/b", "..\\x", ""] {
            assert!(sibling("a/b.sigmf-meta", name).is_err(), "{name}");
        }
    }

    #[test]
    fn nobody_pays_for_metadata_that_nothing_promises() {
        let at = |key: &str| Location {
            bucket: "b".to_owned(),
            key: key.to_owned(),
        };
        let mut plain = Hints::default();
        plain.add_file_name("x.bin");
        assert!(!is_expected(&at("x.bin"), &plain));
        assert!(is_expected(&at("x.sigmf-data"), &plain));
        let mut archive = Hints::default();
        archive.add_file_name("x.sigmf");
        assert!(!is_expected(&at("x.sigmf"), &archive));
        let mut told = Hints::default();
        told.add_format(heimdall_dsp::FormatClaim::Container("sigmf"), "column iq_data_format");
        assert!(is_expected(&at("x.bin"), &told));
    }
}
