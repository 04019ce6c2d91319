//! RF features from IQ recordings: pure mathematics, no files, sockets, clocks or logs.
//!
//! Input is the bytes of a recording, in pieces of any size. Output is one object of numbers for
//! each 1000 ms. The rooms, in the order of the data path:
//!
//! 1. `decompression`: decompresses `.gz`, `.xz`, `.bz2` and `.zst`. `container`: recognises the file
//!    format from the first bytes, and returns the bytes of the samples.
//! 2. `input`, `format`: hints and `SigMF` metadata, and the sample layout and rate that follow
//!    from them, each with its source. Hints that contradict each other become warnings.
//! 3. `plausibility`: refuses bytes that cannot be a recording, and guesses what they are.
//! 4. `recording`: divides samples into chunks of 200 ms and collects chunks into segments.
//!    `timeline` keeps both in place where the recorder lost samples. `recording_info` is what else
//!    the object contains.
//! 5. `chunk`: plans transforms once and reuses their buffers.
//!    `single_precision` computes the 17 numbers where its error is certain to be within the
//!    tolerances, `double_precision` computes them elsewhere.
//! 6. `fft`, `estimators`: the transforms, and single quantities. `simd` compiles their loops for
//!    the vector registers of the machine.
//! 7. `detector`: whether a chunk or a segment holds a signal.
//! 8. `quality`: faults of the receiver and of the recorder; `warning` names them.
//! 9. `features`: the sets of numbers, and their statistics over a segment.
//! 10. [`overview`]: the data of a plot of the whole recording.
//!
//! `README.md` has the dictionary of every number, the warnings, the formats, figures of the
//! detector and of speed, and the rooms by level. A room imports only from lower levels. The
//! re-exports of this file are for other crates.
//!
//! ```
//! use heimdall_dsp::{Hints, Recording, Workspace};
//!
//! let mut workspace = Workspace::new();
//! let mut recording = Recording::new(Hints::default());
//! for piece in vec![0x3c_u8; 1_600_000].chunks(65_536) {
//!     recording.push(piece, &mut workspace)?;
//! }
//! let extraction = recording.finish(&mut workspace)?;
//! assert_eq!(extraction.segments.len(), 1);
//! assert_eq!(extraction.interpretation.sample_rate_hz, 200_000.0);
//! # Ok::<(), heimdall_dsp::Error>(())
//! ```

#![cfg_attr(
    test,
    expect(
        clippy::float_cmp,
        clippy::cast_possible_truncation,
        reason = "tests compare with exact values and generate their own input"
    )
)]

mod chunk;
mod compression;
mod container;
mod decibel;
mod decompression;
mod detector;
mod dictionary_entry;
mod error;
mod estimators;
mod features;
mod fft;
mod format;
mod input;
pub mod overview;
mod plausibility;
mod quality;
mod recording;
mod recording_info;
mod simd;
#[cfg(test)]
mod test_signals;
mod timeline;
mod warning;

pub use chunk::Workspace;
#[cfg(feature = "stages")]
pub use chunk::stages;
pub use compression::Compression;
pub use container::archive::MAX_SIGMF_TAIL_BYTES;
pub use dictionary_entry::{DictionaryEntry, Set, StandardError};
pub use error::Error;
pub use features::{
    Bounds, Estimate, Extended, Features, Mean, STANDARD_ERRORS, SegmentExtended, SegmentFeatures, Statistics, Unknown,
    dictionary,
};
pub use format::SampleFormat;
pub use format::claim::FormatClaim;
pub use format::names::UnknownFormat;
pub use input::{
    DEFAULT_SAMPLE_RATE_HZ, Hint, Hints, Interpretation, MAX_SAMPLE_RATE_HZ, MAX_SIGMF_BYTES, MIN_SAMPLE_RATE_HZ,
    Provenance, SIDECAR_SOURCE, Sigmf, portapack, sidecar,
};
pub use overview::Overview;
pub use quality::Quality;
pub use recording::Recording;
pub use recording::compressed_tail::CompressedTail;
pub use recording::extraction::{Extraction, Fragment, Totals};
pub use recording_info::{Anomaly, Gap, GpsStamps, RecordingInfo};
pub use simd::instruction_set::{InstructionSet, UnknownInstructionSet};
pub use timeline::{CHUNK_MS, CHUNKS_PER_SEGMENT, Grid};
pub use warning::{Inconsistency, Warning};

/// Version of the extractor. It is stored with every row.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
