//! Data for a picture of a recording: waterfall, averaged spectrum, envelope and annotations. It
//! needs a few megabytes at most: when it is full, the resolution in time is halved.

mod annotations;
mod envelope;
mod place;
mod raster;
mod spectra;
mod waterfall;

use rustfft::num_complex::Complex32;

use crate::chunk::measured::MeasuredChunk;
use crate::features::SegmentFeatures;

pub use annotations::{Annotations, Emission, PlaceErrors};
pub use envelope::{Levels, Profile};
pub use spectra::Spectrum;
pub use waterfall::Waterfall;

use annotations::AnnotationsBuilder;
use envelope::Columns;
use spectra::Spectra;

/// Overview of a recording. Powers refer to full scale: a constant `|x| = 1` has 0 dBFS.
#[derive(Debug, Clone, PartialEq)]
pub struct Overview {
    /// Samples per second.
    pub sample_rate_hz: f64,
    /// Samples from the first to the last, gaps included.
    pub samples: u64,
    /// Samples in a chunk.
    pub chunk_samples: usize,
    /// Spectrum of the whole recording.
    pub spectrum: Spectrum,
    /// Spectra over time.
    pub waterfall: Waterfall,
    /// Level over time.
    pub profile: Profile,
    /// Summary of the numbers of all chunks.
    pub annotations: Annotations,
}

impl Overview {
    /// Length of the recording in seconds.
    #[must_use]
    pub fn duration_s(&self) -> f64 {
        self.samples as f64 / self.sample_rate_hz
    }
}

/// Builds an [`Overview`] while the samples arrive.
pub(crate) struct OverviewBuilder {
    sample_rate_hz: f64,
    chunk_samples: usize,
    samples: u64,
    spectra: Spectra,
    columns: Columns,
    annotations: AnnotationsBuilder,
}

impl OverviewBuilder {
    pub(crate) fn new(sample_rate_hz: f64, chunk_samples: usize) -> Self {
        let spectra = Spectra::new(sample_rate_hz, chunk_samples);
        Self {
            sample_rate_hz,
            chunk_samples,
            samples: 0,
            annotations: AnnotationsBuilder::new(spectra.resolution_hz()),
            spectra,
            columns: Columns::new(),
        }
    }

    /// Adds the next samples, the first of which is at `position`. Samples between the last ones
    /// and these were not recorded.
    pub(crate) fn add_samples(&mut self, position: u64, samples: &[Complex32]) {
        self.spectra.add(position, samples);
        self.columns.add(position, samples);
        self.samples = position + samples.len() as u64;
    }

    /// Adds the numbers of the next segment and of its chunks.
    pub(crate) fn add_segment(&mut self, segment: &SegmentFeatures, chunks: &[MeasuredChunk]) {
        self.annotations.add(segment, chunks);
    }

    pub(crate) fn finish(self) -> Overview {
        let (spectrum, waterfall) = self.spectra.finish();
        Overview {
            sample_rate_hz: self.sample_rate_hz,
            samples: self.samples,
            chunk_samples: self.chunk_samples,
            annotations: self.annotations.finish(&spectrum),
            spectrum,
            waterfall,
            profile: self.columns.finish(),
        }
    }
}

impl std::fmt::Debug for OverviewBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OverviewBuilder")
            .field("sample_rate_hz", &self.sample_rate_hz)
            .field("samples", &self.samples)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
