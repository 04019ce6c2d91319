//! Takes recordings from a folder in place of the made ones. Each file is one receiver.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::receivers::{Expected, FREQUENCY_HZ, Receiver, Upload, UploadContent};

/// Extensions of recordings. The daemon determines the format.
#[rustfmt::skip]
const RECORDING_EXTENSIONS: [&str; 24] = [
    "bin", "cf32", "cfile", "iq", "fc32", "cf64", "fc64", "ci16", "cs16", "sc16q11", "ci8", "cs8", "cu8", "cu16", "npy",
    "wav", "sigmf-data", "sigmf", "c16", "c8", "complex", "complex16u", "complex16s", "complex32s",
];
/// A `SigMF` recording is two files. Both are stored.
const SIGMF_DATA: &str = "sigmf-data";
const SIGMF_META: &str = "sigmf-meta";

/// The recordings of a folder.
///
/// A `.txt` file in the folder can give the coordinates of a receiver, as `KiwiSDR` receivers write
/// them for direction finding (`'coord', [45.779,0.614]`). It belongs to the recording whose stem
/// is the same, or has the stem of the `.txt` file between underscores. That stem is then the name
/// of the station.
///
/// # Errors
/// If the folder cannot be read or has no recording.
pub fn recordings(folder: &Path) -> Result<Vec<Receiver>> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
    let paths = entries.flatten().map(|entry| entry.path());
    let mut paths: Vec<PathBuf> = paths.filter(|path| path.is_file()).collect();
    paths.sort();
    let places = places(&paths);
    let receivers: Vec<Receiver> = (paths.iter())
        .filter(|path| RECORDING_EXTENSIONS.contains(&&*extension(path)))
        .map(|path| receiver(path, &places))
        .collect();
    if receivers.is_empty() {
        let extensions = RECORDING_EXTENSIONS.join(" .");
        bail!("no recordings in {} (files named .{extensions})", folder.display());
    }
    Ok(unique_names(receivers))
}

fn receiver(path: &Path, places: &BTreeMap<String, (f64, f64)>) -> Receiver {
    let stem = text(path.file_stem());
    let name = text(path.file_name());
    let place = (places.iter()).find(|(place, _)| **place == stem || stem.split('_').any(|part| part == *place));
    let upload = |path: &Path| Upload {
        name: text(path.file_name()),
        content: UploadContent::File(path.to_owned()),
    };
    let mut uploads = vec![upload(path)];
    let sidecar = path.with_extension(SIGMF_META);
    if extension(path) == SIGMF_DATA && sidecar.is_file() {
        // Before the recording, so that a daemon that finds the recording also finds its metadata.
        uploads.insert(0, upload(&sidecar));
    }
    Receiver {
        station: place.map_or_else(|| stem.clone(), |(name, _)| name.clone()),
        coordinates: place.map_or((0.0, 0.0), |(_, coordinates)| *coordinates),
        frequency_hz: kiwi_frequency_hz(&stem).unwrap_or(FREQUENCY_HZ),
        object_name: name,
        uploads,
        expected: Expected::AnyRow,
    }
}

/// Makes the stations' names unique: appends a number to the second file of a station.
fn unique_names(mut receivers: Vec<Receiver>) -> Vec<Receiver> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for receiver in &mut receivers {
        let count = counts.entry(receiver.station.clone()).or_default();
        *count += 1;
        if *count > 1 {
            receiver.station = format!("{} ({})", receiver.station, *count);
        }
    }
    receivers
}

/// The coordinates in the `.txt` files, by their stem.
fn places(paths: &[PathBuf]) -> BTreeMap<String, (f64, f64)> {
    (paths.iter())
        .filter(|path| extension(path) == "txt")
        .filter_map(|path| {
            Some((
                text(path.file_stem()),
                coordinates(&std::fs::read_to_string(path).ok()?)?,
            ))
        })
        .collect()
}

/// Reads `'coord', [45.779290,0.614638]`.
fn coordinates(text: &str) -> Option<(f64, f64)> {
    let (_, rest) = text.split_once("'coord'")?;
    let (inside, _) = rest.split_once('[')?.1.split_once(']')?;
    let (latitude, longitude) = inside.split_once(',')?;
    let (latitude, longitude): (f64, f64) = (latitude.trim().parse().ok()?, longitude.trim().parse().ok()?);
    ((-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude)).then_some((latitude, longitude))
}

/// Reads `{time}_{frequency in Hz}_{station}_iq`, the names of `KiwiSDR` recordings.
fn kiwi_frequency_hz(stem: &str) -> Option<i64> {
    let mut parts = stem.split('_');
    let time = parts.next()?;
    let is_time = time.len() == 16 && time.ends_with('Z') && time.contains('T');
    is_time.then(|| parts.next()?.parse().ok()).flatten()
}

fn extension(path: &Path) -> String {
    text(path.extension()).to_ascii_lowercase()
}

fn text(name: Option<&std::ffi::OsStr>) -> String {
    name.map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_recording_of_a_folder_is_a_receiver_with_its_coordinates_and_its_sidecar() -> std::io::Result<()> {
        let folder = std::env::temp_dir().join(format!("heimdall-folder-{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        let files = [
            ("20171127T104156Z_77500_F1JEK_iq.wav", "x"),
            (
                "F1JEK.txt",
                "d.F1JEK = struct('coord', [45.779290, 0.614638], 'host', 'h', 'port', 8073);",
            ),
            ("bpsk.sigmf-data", "x"),
            ("bpsk.sigmf-meta", "{}"),
            ("bpsk.CF32", "x"),
            ("README.md", "no recording"),
        ];
        for (name, content) in files {
            std::fs::write(folder.join(name), content)?;
        }
        let receivers = recordings(&folder);
        let empty = recordings(&std::env::temp_dir().join("heimdall-no-such-folder"));
        std::fs::remove_dir_all(&folder)?;

        let receivers = receivers.expect("three recordings");
        let stations: Vec<&str> = receivers.iter().map(|receiver| receiver.station.as_str()).collect();
        assert_eq!(stations, ["F1JEK", "bpsk", "bpsk (2)"]);
        assert_eq!(
            (receivers[0].coordinates, receivers[0].frequency_hz),
            ((45.779_290, 0.614_638), 77_500)
        );
        let uploads: Vec<&str> = receivers[2].uploads.iter().map(|upload| upload.name.as_str()).collect();
        assert_eq!(uploads, ["bpsk.sigmf-meta", "bpsk.sigmf-data"]);
        assert!(empty.is_err());
        Ok(())
    }

    #[test]
    fn impossible_coordinates_are_ignored() {
        assert_eq!(coordinates("d.X = struct('coord', [91.0,8.4])"), None);
        assert_eq!(coordinates("'coord', [47.1,"), None);
        assert_eq!(coordinates("nothing"), None);
    }
}
