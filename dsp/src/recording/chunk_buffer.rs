use std::collections::VecDeque;

use rustfft::num_complex::Complex32;

use crate::format::SampleFormat;
use crate::input::Interpretation;
use crate::recording_info::Gap;
use crate::simd::aligned::Aligned;
use crate::timeline::{Grid, Timeline};

/// The samples of the current chunk, and their place in the recording.
#[derive(Debug)]
pub(super) struct ChunkBuffer {
    samples: Aligned<Complex32>,
    /// Layout of the samples: that of the object, or of the complex samples that real ones become.
    format: SampleFormat,
    /// Samples in a complete chunk.
    pub(super) chunk_samples: usize,
    pub(super) timeline: Timeline,
    /// Losses that the hints name and that are still ahead.
    known_losses: VecDeque<Gap>,
    /// Whether the current chunk lacks samples that the recorder lost.
    pub(super) is_incomplete: bool,
    /// Samples of the object so far.
    pub(super) samples_read: u64,
}

impl ChunkBuffer {
    /// The known losses count samples as they are stored.
    pub(super) fn new(interpretation: &Interpretation, grid: Grid, known_losses: &[Gap]) -> Self {
        let stored = interpretation.stored_per_sample();
        let complex = |gap: &Gap| Gap {
            at_sample: gap.at_sample / stored,
            lost_samples: gap.lost_samples / stored,
        };
        let is_real = interpretation.format.is_real();
        Self {
            samples: Aligned::default(),
            format: if is_real {
                SampleFormat::Cf32Le
            } else {
                interpretation.format
            },
            chunk_samples: grid.chunk_samples(interpretation.sample_rate_hz),
            timeline: Timeline::new(interpretation.sample_rate_hz, grid),
            known_losses: known_losses.iter().map(complex).collect(),
            is_incomplete: false,
            samples_read: 0,
        }
    }

    /// Allocates room for a whole chunk.
    pub(super) fn reserve(&mut self) {
        if self.samples.appendable().capacity() == 0 {
            self.samples = Aligned::with_capacity(Complex32::default(), self.chunk_samples, 0);
        }
    }

    /// Adds a loss that is still ahead, after all known ones.
    pub(super) fn add_known_loss(&mut self, gap: Gap) {
        self.known_losses.push_back(gap);
    }

    /// Number of samples that the hints say are lost here. Call until `None`.
    pub(super) fn next_known_loss(&mut self) -> Option<u64> {
        let is_here = |gap: &mut Gap| gap.at_sample <= self.samples_read;
        self.known_losses.pop_front_if(is_here).map(|gap| gap.lost_samples)
    }

    /// Decodes samples from the front of `bytes`, up to the end of the chunk or the next known
    /// loss. Returns their bytes.
    pub(super) fn decode<'a>(&mut self, bytes: &mut &'a [u8]) -> &'a [u8] {
        let format = self.format;
        let to_next_loss = self.known_losses.front().map_or(usize::MAX, |gap| {
            usize::try_from(gap.at_sample - self.samples_read).unwrap_or(usize::MAX)
        });
        let count = (bytes.len() / format.sample_bytes())
            .min(self.timeline.to_chunk_border())
            .min(to_next_loss);
        let (now, later) = bytes.split_at(count * format.sample_bytes());
        *bytes = later;
        format.decode(now, self.samples.appendable());
        self.samples_read += count as u64;
        self.timeline.advance(count as u64);
        now
    }

    pub(super) fn samples(&self) -> &[Complex32] {
        &self.samples
    }

    pub(super) fn samples_mut(&mut self) -> &mut [Complex32] {
        &mut self.samples
    }

    /// Index of the first sample of the buffer in the object.
    pub(super) fn first_sample(&self) -> u64 {
        self.samples_read - self.samples.len() as u64
    }

    /// Samples before the buffer, lost ones included.
    pub(super) fn start(&self) -> u64 {
        self.timeline.position() - self.samples.len() as u64
    }

    pub(super) fn clear(&mut self) {
        self.samples.clear();
    }
}
