//! The dictionary of every number that a segment has.

use crate::dictionary_entry::{DictionaryEntry, Set};
use crate::features::extended::Extended;
use crate::features::reference::Features;
use crate::quality::Quality;

/// Entries of the numbers that belong to no other set.
const SEGMENT: &[DictionaryEntry] = &[
    DictionaryEntry {
        name: "segment_index",
        set: Set::Segment,
        unit: "1",
        definition: "Number of the segment, from 0. A number is missing if every chunk of its segment lacks samples.",
        bias: "",
        source: "training data",
    },
    DictionaryEntry {
        name: "segment_start_ms",
        set: Set::Segment,
        unit: "ms",
        definition: "Start of the segment in the recording, lost samples included.",
        bias: "",
        source: "training data",
    },
    DictionaryEntry {
        name: "num_chunks",
        set: Set::Segment,
        unit: "1",
        definition: "Chunks of 200 ms that were measured: 5, or fewer in the last segment and where samples were lost.",
        bias: "",
        source: "training data",
    },
    DictionaryEntry {
        name: "signal_present",
        set: Set::Segment,
        unit: "boolean",
        definition: "True if the detector found a signal in more than half of the chunks. `detection_rate` is the \
                     part of the chunks.",
        bias: "The rule of the training data (`snr_db` above 0) is true for noise alone. This detector is another one.",
        source: "this extractor",
    },
];

/// The number of the extended set that has one value for a segment, without statistics.
const DETECTION_RATE: &[DictionaryEntry] = &[DictionaryEntry {
    name: "detection_rate",
    set: Set::Extended,
    unit: "1",
    definition: "Part of the chunks in which the detector found a signal. At most 1 in 1,000 segments of noise has \
                 such a chunk (constant false-alarm rate).",
    bias: "",
    source: "this extractor",
}];

/// What each number of a segment means, in the order in which a segment lists them.
pub fn dictionary() -> impl Iterator<Item = &'static DictionaryEntry> {
    let sets = [
        SEGMENT,
        Features::<f64>::DICTIONARY,
        DETECTION_RATE,
        Extended::<f64>::DICTIONARY,
        Quality::DICTIONARY,
    ];
    sets.into_iter().flatten()
}
