//! Rules for `SigMF` metadata in a file of their own, a sidecar: which file belongs to which, and
//! when a sidecar must exist. All names are names within one folder; the caller does the I/O.
//!
//! 1. `x.sigmf-meta` describes the file that `core:dataset` names, else `x.sigmf-data`
//!    ([`dataset_name`]).
//! 2. The metadata of `x.ext` are in `x.sigmf-meta`, else in `x.ext.sigmf-meta`
//!    ([`metadata_names`]).
//! 3. Metadata whose `core:dataset` is another file do not belong to the samples
//!    ([`other_dataset`]).
//! 4. The extension of a compression does not count: the metadata of `x.sigmf-data.gz` are in
//!    `x.sigmf-meta`.
//! 5. The extensions may have any letter case. The one that follows from an extension in capitals is in
//!    capitals first.
//! 6. A sidecar must exist for `x.sigmf-data`, and if a hint says `sigmf` ([`is_expected`]). If it
//!    is missing, another hint must name the sample format
//!    ([`Hints::names_samples`](super::Hints::names_samples)).

use super::hints::Hints;
use super::sigmf::{Sigmf, bad};
use crate::compression::Compression;
use crate::error::Error;

const METADATA: &str = ".sigmf-meta";
const DATASET: &str = ".sigmf-data";
const ARCHIVE: &str = ".sigmf";

/// Whether `name` is the name of a metadata file.
#[must_use]
pub fn is_metadata(name: &str) -> bool {
    ends_with(name, METADATA)
}

/// Whether `name` is the name of a dataset that only its metadata describe.
#[must_use]
pub fn is_dataset(name: &str) -> bool {
    ends_with(decompressed(name), DATASET)
}

/// Name of the file with the samples that the metadata in `metadata_name` describe.
///
/// # Errors
///
/// [`Error::Metadata`] if they describe no samples, or if `core:dataset` is not a file name.
pub fn dataset_name(metadata_name: &str, metadata: &Sigmf) -> Result<String, Error> {
    if metadata.is_metadata_only() {
        return Err(bad("it has no samples (core:metadata_only)".to_owned()));
    }
    match metadata.dataset() {
        Some(name) if name.is_empty() || name.contains(['/', '\\']) => Err(bad(format!(
            "core:dataset is '{}', which is not a file name",
            name.escape_debug()
        ))),
        Some(name) => Ok(name.to_owned()),
        None => {
            let stem = metadata_name.len().saturating_sub(METADATA.len());
            let (stem, extension) = metadata_name.split_at_checked(stem).unwrap_or((metadata_name, ""));
            Ok(format!("{stem}{}", in_case_of(extension, DATASET)))
        }
    }
}

/// Names under which the metadata of the samples in `name` may exist, in the order in which they
/// count.
#[must_use]
pub fn metadata_names(name: &str) -> Vec<String> {
    let name = decompressed(name);
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    let replaced = |metadata: &str| name.rsplit_once('.').map(|(stem, _)| format!("{stem}{metadata}"));
    let capitals = is_in_capitals(extension).then(|| replaced(&in_case_of(extension, METADATA)));
    let appended = (!is_dataset(name)).then(|| format!("{name}{METADATA}"));
    let replaced = replaced(METADATA);
    capitals.flatten().into_iter().chain(replaced).chain(appended).collect()
}

/// The dataset that the metadata name, if that is not the file `name`.
#[must_use]
pub fn other_dataset<'a>(metadata: &'a Sigmf, name: &str) -> Option<&'a str> {
    let names = [name, decompressed(name)];
    metadata.dataset().filter(|dataset| !names.contains(dataset))
}

/// Whether the samples in `name` must have a sidecar. An archive contains its metadata.
#[must_use]
pub fn is_expected(name: &str, hints: &Hints) -> bool {
    is_dataset(name) || (hints.names_sigmf() && !decompressed(name).to_ascii_lowercase().ends_with(ARCHIVE))
}

/// Whether the name has this extension, in any letter case.
fn ends_with(name: &str, extension: &str) -> bool {
    let start = name.len().checked_sub(extension.len());
    start
        .and_then(|start| name.get(start..))
        .is_some_and(|end| end.eq_ignore_ascii_case(extension))
}

fn is_in_capitals(extension: &str) -> bool {
    extension.contains(|c: char| c.is_ascii_uppercase()) && !extension.contains(|c: char| c.is_ascii_lowercase())
}

/// `extension` in capitals, if the `other` one is in capitals.
fn in_case_of(other: &str, extension: &str) -> String {
    if is_in_capitals(other) {
        extension.to_ascii_uppercase()
    } else {
        extension.to_owned()
    }
}

/// The name of what was compressed.
fn decompressed(name: &str) -> &str {
    Compression::split_file_name(name).0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::claim::FormatClaim;

    fn metadata(dataset: Option<&str>, is_metadata_only: bool) -> Sigmf {
        let json = serde_json::json!({"global": {
            "core:datatype": "cu8",
            "core:dataset": dataset,
            "core:metadata_only": is_metadata_only,
        }});
        Sigmf::parse(json.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn metadata_have_the_stem_or_the_whole_name_of_the_samples() {
        assert_eq!(metadata_names("c.sigmf-data"), ["c.sigmf-meta"]);
        assert_eq!(metadata_names("c.dat"), ["c.sigmf-meta", "c.dat.sigmf-meta"]);
        assert_eq!(metadata_names("c"), ["c.sigmf-meta"]);
        assert_eq!(metadata_names("c.sigmf-data.xz"), ["c.sigmf-meta"]);
        assert_eq!(metadata_names("c.dat.gz"), ["c.sigmf-meta", "c.dat.sigmf-meta"]);
        assert_eq!(metadata_names("C.SIGMF-DATA"), ["C.SIGMF-META", "C.sigmf-meta"]);
        assert_eq!(metadata_names("c.Sigmf-Data"), ["c.sigmf-meta"]);
    }

    #[test]
    fn metadata_describe_the_file_that_they_name_or_the_one_of_their_own_stem() {
        let dataset = |name| dataset_name("b.sigmf-meta", &metadata(name, false));
        assert_eq!(dataset(None).unwrap(), "b.sigmf-data");
        assert_eq!(dataset(Some("c d.wav")).unwrap(), "c d.wav");
        let of_capitals = dataset_name("B.SIGMF-META", &metadata(None, false)).unwrap();
        assert_eq!(of_capitals, "B.SIGMF-DATA");
        assert!(is_metadata("B.Sigmf-Meta") && is_dataset("B.SIGMF-DATA.GZ") && !is_metadata("\u{e9}-meta"));
        for name in ["../x", "a/b", "..\\x", ""] {
            let error = dataset(Some(name)).unwrap_err().to_string();
            assert!(error.ends_with("which is not a file name"), "{error}");
        }
        assert!(dataset_name("b.sigmf-meta", &metadata(None, true)).is_err());
        assert_eq!(other_dataset(&metadata(Some("c"), false), "b"), Some("c"));
        assert_eq!(other_dataset(&metadata(Some("b"), false), "b"), None);
        assert_eq!(other_dataset(&metadata(Some("b"), false), "b.gz"), None);
        assert_eq!(other_dataset(&metadata(None, false), "b"), None);
    }

    #[test]
    fn a_sidecar_is_expected_only_where_the_name_or_a_hint_says_sigmf() {
        let mut plain = Hints::default();
        plain.add_file_name("x.bin");
        assert!(!is_expected("x.bin", &plain));
        assert!(is_expected("x.sigmf-data", &plain));
        let mut archive = Hints::default();
        archive.add_file_name("x.sigmf");
        assert!(!is_expected("x.sigmf", &archive));
        assert!(!is_expected("x.SIGMF", &archive));
        assert!(!is_expected("x.sigmf.zst", &archive));
        assert!(is_expected("x.sigmf-data.zst", &plain));
        let mut column = Hints::default();
        column.add_format(FormatClaim::Container("sigmf"), "column iq_data_format");
        assert!(is_expected("x.bin", &column));
    }
}
