//! A folder of somebody's own recordings in place of the made ones: each file is one receiver.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::scene::{Expected, FREQUENCY_HZ, Receiver, Upload, UploadContent};
use crate::sandbox::error::{Context, Result, SandboxError};
use crate::sandbox::objects::Metadata;

/// Endings of files that are recordings. What they hold is for the daemon to find out.
const RECORDING_ENDINGS: &[&str] = &[
    "bin",
    "cf32",
    "cfile",
    "iq",
    "fc32",
    "cf64",
    "fc64",
    "ci16",
    "cs16",
    "ci8",
    "cs8",
    "cu8",
    "npy",
    "wav",
    "sigmf-data",
    "sigmf",
];
/// A `SigMF` recording is two files; the second one goes up beside the first.
const SIGMF_DATA: &str = "sigmf-data";
const SIGMF_META: &str = "sigmf-meta";

/// The recordings of a folder.
///
/// A `.txt` beside a recording may give the receiver's place as `KiwiSDR` receivers write it for direction finding
/// (`'coord', [45.779,0.614]`); it belongs to the file of the same stem, or to the one whose name has
/// its stem between underscores, and then names the station too.
///
/// # Errors
/// When the folder cannot be read or holds no recording.
pub fn recordings(folder: &Path) -> Result<Vec<Receiver>> {
    let entries = std::fs::read_dir(folder).context(format!("reading {}", folder.display()))?;
    let mut paths: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_file())
        .collect();
    paths.sort();
    let places = places(&paths);
    let receivers: Vec<Receiver> = (paths.iter())
        .filter(|path| RECORDING_ENDINGS.contains(&ending(path).as_str()))
        .map(|path| receiver(path, &places))
        .collect();
    if receivers.is_empty() {
        let endings = RECORDING_ENDINGS.join(" .");
        return Err(SandboxError::new(format!(
            "no recordings in {} (files named .{endings})",
            folder.display()
        )));
    }
    Ok(unique_names(receivers))
}

fn receiver(path: &Path, places: &BTreeMap<String, (f64, f64)>) -> Receiver {
    let stem = text(path.file_stem());
    let name = text(path.file_name());
    let place = (places.iter()).find(|(place, _)| **place == stem || stem.split('_').any(|part| part == *place));
    let metadata: Metadata = (sample_rate_hz(&stem).into_iter())
        .map(|rate_hz| ("sample-rate-hz".to_owned(), rate_hz.to_string()))
        .collect();
    let upload = |path: &Path| Upload {
        name: text(path.file_name()),
        content: UploadContent::File(path.to_owned()),
        metadata: metadata.clone(),
    };
    let mut uploads = vec![upload(path)];
    let sidecar = path.with_extension(SIGMF_META);
    if ending(path) == SIGMF_DATA && sidecar.is_file() {
        // Before the recording, as an acquisition service should: who sees the one finds the other.
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

/// A station's name is unique; two files of one station or stem become two receivers.
fn unique_names(mut receivers: Vec<Receiver>) -> Vec<Receiver> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for receiver in &mut receivers {
        let count = seen.entry(receiver.station.clone()).or_default();
        *count += 1;
        if *count > 1 {
            receiver.station = format!("{} ({})", receiver.station, *count);
        }
    }
    receivers
}

/// Coordinates by the stem of the `.txt` that gives them.
fn places(paths: &[PathBuf]) -> BTreeMap<String, (f64, f64)> {
    (paths.iter())
        .filter(|path| ending(path) == "txt")
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

/// `KiwiSDR` names are `{time}_{frequency in Hz}_{station}_iq`.
fn kiwi_frequency_hz(stem: &str) -> Option<i64> {
    let mut parts = stem.split('_');
    let time = parts.next()?;
    let is_time = time.len() == 16 && time.ends_with('Z') && time.contains('T');
    is_time.then(|| parts.next()?.parse().ok()).flatten()
}

/// Names tell the sample rate as `rtl_433` reads them: `_2000k`, `_12001sps`, `_250ksps`, `_2Msps`.
fn sample_rate_hz(stem: &str) -> Option<f64> {
    let units = [("Msps", 1e6), ("ksps", 1e3), ("sps", 1.0), ("k", 1e3)];
    stem.split('_').find_map(|part| {
        let (number, factor) = units
            .iter()
            .find_map(|(unit, factor)| Some((part.strip_suffix(unit)?, factor)))?;
        let is_number = number.starts_with(|c: char| c.is_ascii_digit());
        is_number
            .then(|| number.parse::<f64>().ok())?
            .map(|number| number * factor)
    })
}

fn ending(path: &Path) -> String {
    text(path.extension()).to_ascii_lowercase()
}

fn text(name: Option<&std::ffi::OsStr>) -> String {
    name.map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_recording_of_a_folder_is_a_receiver_with_its_place_and_its_sidecar() -> std::io::Result<()> {
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
    fn the_sample_rate_is_read_from_names_that_tell_it() {
        assert_eq!(sample_rate_hz("f1860M_1920k_rtlsdr"), Some(1_920_000.0));
        assert_eq!(
            sample_rate_hz("20171127T104156Z_77500_F1JEK_iq_12001.1sps"),
            Some(12_001.1)
        );
        assert_eq!(sample_rate_hz("g001_433.92M_2Msps"), Some(2_000_000.0));
        for name in ["ism_ook", "modes1_1090M", "_k_", "infsps", "nank"] {
            assert_eq!(sample_rate_hz(name), None, "{name}");
        }
    }

    #[test]
    fn places_that_cannot_be_are_not_taken() {
        assert_eq!(coordinates("d.X = struct('coord', [91.0,8.4])"), None);
        assert_eq!(coordinates("'coord', [47.1,"), None);
        assert_eq!(coordinates("nothing"), None);
    }
}
