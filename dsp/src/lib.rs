//! RF features from IQ recordings: pure mathematics, no files, sockets, clocks or logs.
//!
//! A recording comes in as bytes, in pieces of any size, and leaves as one object of numbers per
//! 1000 ms segment. The rooms, in the order of the data path:
//!
//! 1. `container`: the first bytes show what the samples are wrapped in; a reader passes the bytes
//!    of samples on.
//! 2. `input`, `format`: hints and `SigMF` metadata, and the sample layout and rate that follow from
//!    them, each with its source. Hints that contradict each other become warnings.
//! 3. `plausibility`: refuses bytes that cannot be a recording, and guesses what they are.
//! 4. `recording`: cuts samples into chunks of 200 ms and gathers chunks into segments. `timeline`
//!    keeps both in place where the recorder lost samples; `recording_info` is what else the object
//!    contains.
//! 5. `chunk`: plans transforms once and keeps buffers, so that a chunk allocates nothing.
//!    `single_precision` computes the 17 numbers where its error is certain to be within the
//!    tolerances, `double_precision` computes them elsewhere.
//! 6. `fft`, `estimators`: the transforms, and single quantities. `simd` compiles their loops for the
//!    vector registers of the machine that runs them.
//! 7. `detector`: whether a chunk or a segment holds a signal.
//! 8. `quality`: faults of the receiver and of the recorder; `warning` names them.
//! 9. `features`: the sets of numbers, and their statistics over a segment.
//! 10. [`overview`]: what a picture of the whole recording shows.
//!
//! `README.md` lists the rooms by level. A room imports only from lower levels; the re-exports of
//! this file are for other crates.
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
//!
//! # What it costs
//!
//! Microseconds for a chunk of 40,000 samples (200 ms at 200 kHz), step by step: `cargo bench -p heimdall-dsp --features stages`,
//! AMD EPYC with AVX-512, 2026-11-25. The extractor reads 1 s of FM, of
//! noise or of a tone in less than 19 million instructions (AVX2, by callgrind; the program's start and the file included).
//!
//! | step | noise | tone | what it does |
//! | --- | ---: | ---: | --- |
//! | `Decode`, `Plausibility` | 5.2 | 5.6 | bytes to samples; the extremes |
//! | `Envelope` | 11.9 | 11.5 | everything that is read off the samples, in one pass |
//! | `Transform` | 33.3 | 32.3 | complex, single precision; rustfft's takes 55 |
//! | `Spectrum` | 12.1 | 11.9 | powers, block sums, moments, the Hann window |
//! | `Detector` | 3.7 | 1.5 | lines and bands; ends at the first line that is too strong for any pole |
//! | `Noise`, `OccupiedBandwidth`, `Extended` | 9.5 | 9.1 | the extended features |
//! | `Shape`, `OrderStatistic` | 12.5 | 9.9 | peak, roll-off, width; the 15 % quantile |
//! | `RealPart`, `DelaySpread` | 27.6 | 29.8 | the second transform, and the spread of its lags |
//! | `Quality` | 17.9 | 3.0 | imbalance, offset, runs |
//!
//! As a whole process, beside the `NumPy` reference (which has the 17 alone) and the ten transforms of a second alone in FFTW, CPU
//! time for a file of 120 s at 200 kHz, medians of three rounds (`tests/load/run.sh extract_speed`, the same day):
//!
//! | signal | extractor, ms a second | reference | times faster | times the transforms alone |
//! | --- | ---: | ---: | ---: | ---: |
//! | FM | 0.94 | 19.6 | 20.4 (18.7 to 24.3) | 1.56 |
//! | noise | 1.05 | 23.7 | 22.6 (22.5 to 24.1) | 1.72 |
//! | tone | 0.89 | 24.9 | 27.8 (25.2 to 29.1) | 1.48 |
//!
//! The pole that noise may be behind is fitted only where something is about to be called a signal for which it matters: of FM 20 dB above
//! the noise that is 12 % of all instructions, of a tone 20 dB above the noise in its bin 5 %, of a tone at 46 dB or of noise none.
//!
//! Machines without AVX-512, and some lengths, have rustfft's transform. What our own, in registers of sixteen numbers, and sums in
//! as many lanes have brought, measured beside the code before on the same machine (noise): `Transform` 54 to 33 us, `Spectrum` 24.7 to
//! 11.9, `RealPart` 36 to 26, `Envelope` 16.3 to 11.5, `OrderStatistic` 12.6 to 9.7, `Noise` 7.7 to 5.3; all of a file of 120 s in
//! 0.71 (FM), 0.74 (noise) and 0.72 (tone) of the CPU time, medians of eleven alternations.
//!
//! Where single precision is in doubt, double precision is done as well, which takes four times as long. White noise hardly ever
//! needs all of it: of some chunks in a hundred the centroid, that lies next to 0 and is to be exact as a part of itself, needs one
//! transform. Nor does a pure tone, half of whose autocorrelation's 20,000 lags count: one of them on the threshold is in doubt
//! now and then, and makes no difference where enough others do.

#![cfg_attr(
    test,
    expect(
        clippy::float_cmp,
        clippy::cast_possible_truncation,
        reason = "tests compare with exact values and make their own input"
    )
)]

mod chunk;
mod container;
mod decibel;
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
pub use container::archive::MAX_SIGMF_TAIL_BYTES;
pub use dictionary_entry::{DictionaryEntry, Set};
pub use error::Error;
pub use features::{Extended, Features, SegmentFeatures, Statistics, dictionary};
pub use format::claim::FormatClaim;
pub use format::{SampleFormat, UnknownFormat};
pub use input::{
    DEFAULT_SAMPLE_RATE_HZ, Hint, Hints, Interpretation, MAX_SAMPLE_RATE_HZ, MAX_SIGMF_BYTES, MIN_SAMPLE_RATE_HZ,
    Provenance, SIDECAR_SOURCE, Sigmf, sidecar,
};
pub use overview::Overview;
pub use quality::Quality;
pub use recording::Recording;
pub use recording::extraction::{Extraction, Totals};
pub use recording_info::{Anomaly, Gap, GpsStamps, RecordingInfo};
pub use timeline::{CHUNK_MS, CHUNKS_PER_SEGMENT};
pub use warning::{Inconsistency, Warning};

/// Version of the extractor, stored with every row that it made.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
