//! The objects of the store, and the row that each must get.

use std::path::Path;

use heimdall_daemon::sandbox::objects::Metadata;
use serde_json::Value;

use crate::support::daemon::command;
use crate::support::{Bench, recordings};

/// Prefix of the keys of late objects. A number follows.
pub(super) const LATE: &str = "late/";
/// A second bucket that the daemons may read. It has one object.
pub(super) const ARCHIVE: &str = "heimdall-archive";
const ARCHIVED: &str = "archived.bin";
const ARCHIVED_LOCATION: &str = "s3://heimdall-archive/archived.bin";
/// Key, noise seed, length and weight of the good recordings: one second, two and a part, one chunk, and one of so many
/// segments that it is written alone.
const GOOD: [(&str, u64, usize, u32); 4] = [
    ("good-1.bin", 1, recordings::SAMPLES, 25),
    ("good-2.bin", 2, 5 * recordings::SAMPLES / 2, 25),
    ("good-3.bin", 3, 2_400, 25),
    ("long.bin", 6, 260 * recordings::SAMPLES, 1),
];

/// A kind of location, its expected row, and its weight among the locations that the application
/// draws.
pub(super) struct Class {
    pub(super) location: &'static str,
    pub(super) weight: u32,
    content: Option<fn() -> Vec<u8>>,
    pub(super) outcome: Outcome,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The features of these samples: noise seed, length.
    Features(u64, usize),
    /// An error row of this kind, with this start of the message.
    Error(&'static str, &'static str),
}

pub(super) fn classes() -> Vec<Class> {
    let class = |location, weight, content, outcome| Class {
        location,
        weight,
        content,
        outcome,
    };
    let mut classes: Vec<Class> = GOOD
        .iter()
        .map(|(location, seed, samples, weight)| class(location, *weight, None, Outcome::Features(*seed, *samples)))
        .collect();
    classes.extend([
        class(LATE, 5, None, Outcome::Features(4, 2_400)),
        class(ARCHIVED_LOCATION, 10, None, Outcome::Features(5, 2_400)),
        class(
            "short.bin",
            4,
            Some((|| recordings::tone()[..2_399 * 8].to_vec()) as fn() -> Vec<u8>),
            Outcome::Error("too_short", "Recording too short: 2399 samples"),
        ),
        class(
            "nan.bin",
            4,
            Some(|| recordings::tone_with(7_000, (f32::NAN, 0.0))),
            Outcome::Error("invalid_format", "Invalid IQ data format: 1 of the 2400 samples"),
        ),
        class(
            "silent.bin",
            4,
            Some(|| vec![0; 96_000]),
            Outcome::Error(
                "invalid_format",
                "Invalid IQ data format: every one of the 12000 samples is zero",
            ),
        ),
        class(
            "missing.bin",
            4,
            None,
            Outcome::Error("not_found", "IQ file not found: missing.bin"),
        ),
        class(
            "s3://elsewhere/x.bin",
            4,
            None,
            Outcome::Error("location_refused", "IQ location not allowed: bucket 'elsewhere'"),
        ),
    ]);
    classes
}

pub(super) fn late_object() -> Vec<u8> {
    recordings::tone_of(4, 2_400)
}

pub(super) fn put_all(bench: &Bench) {
    for (location, seed, samples, _) in GOOD {
        bench.put(location, recordings::tone_of(seed, samples));
    }
    for class in classes() {
        if let Some(content) = class.content {
            bench.put(class.location, content());
        }
    }
    let objects = bench.store.objects();
    objects.put(ARCHIVE, ARCHIVED, recordings::tone_of(5, 2_400), Metadata::new());
    // This bucket exists and is not allowed.
    objects.put("elsewhere", "x.bin", recordings::tone(), Metadata::new());
}

/// The segments that `heimdalld extract` prints for the same samples.
pub(super) fn segments(seed: u64, samples: usize) -> Vec<Value> {
    let name = format!("chaos-{}-{seed}-{samples}.cf32", std::process::id());
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, recordings::tone_of(seed, samples)).expect("a file");
    let rate = recordings::SAMPLE_RATE_HZ.to_string();
    let output = command().args(["extract", "--sample-rate", &rate]).arg(&path).output();
    std::fs::remove_file(&path).expect("removed");
    let line: Value = serde_json::from_slice(&output.expect("the binary runs").stdout).expect("a JSON object");
    line["segments"].as_array().expect("segments").clone()
}
