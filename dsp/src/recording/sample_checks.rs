use rustfft::num_complex::Complex32;

use super::chunk_buffer::ChunkBuffer;
use crate::error::Error;
use crate::estimators::peak_range::PeakRange;
use crate::input::Interpretation;
use crate::plausibility::byte_layout::ByteLayout;
use crate::plausibility::{self, stray_header};
use crate::warning::{Inconsistency, Warning};

/// The codes at the end of a 12-bit converter.
const TWELVE_BIT_ENDS: [f32; 2] = [2047.0 / 32_768.0, 2048.0 / 32_768.0];

/// Checks samples while they arrive: whether they can be a recording, and in the format that they
/// are read in.
#[derive(Debug)]
pub(super) struct SampleChecks {
    /// The largest component so far.
    largest: f32,
    /// What the samples look like, if they are too small for a recording.
    looks_like: Option<&'static str>,
    /// The first bytes. `None` where a header gives the format.
    byte_layout: Option<ByteLayout>,
}

impl SampleChecks {
    pub(super) fn new(interpretation: &Interpretation) -> Self {
        Self {
            largest: 0.0,
            looks_like: None,
            byte_layout: matches!(interpretation.container, "none" | "sigmf" | "rtl_tcp").then(ByteLayout::default),
        }
    }

    /// Takes bytes of whole samples.
    pub(super) fn add_bytes(&mut self, bytes: &[u8]) {
        if let Some(byte_layout) = &mut self.byte_layout {
            byte_layout.add(bytes);
        }
    }

    /// The range of the chunk's components.
    ///
    /// # Errors
    ///
    /// If a component is too large for any receiver, or no number.
    pub(super) fn check_range(&mut self, chunk: &ChunkBuffer) -> Result<PeakRange, Error> {
        let peaks = plausibility::check(chunk.samples(), chunk.first_sample())?;
        let largest = peaks.largest();
        if self.looks_like.is_none() && largest > 0.0 && largest < plausibility::SMALLEST {
            self.looks_like = plausibility::looks_like(chunk.samples());
        }
        self.largest = self.largest.max(largest);
        Ok(peaks)
    }

    /// Checks real samples. `from` is the index of the first one.
    ///
    /// # Errors
    ///
    /// As for [`Self::check_range`].
    pub(super) fn check_real(reals: &[f32], from: u64) -> Result<(), Error> {
        let samples: Vec<_> = reals.iter().map(|x| Complex32::new(*x, 0.0)).collect();
        plausibility::check(&samples, from).map(|_| ())
    }

    /// A warning at the end of the recording, if its 16-bit integers seem to have 12 bits.
    pub(super) fn full_scale(&self, interpretation: &Interpretation) -> Option<Inconsistency> {
        let (format, source) = (interpretation.format, interpretation.format_source);
        let is_doubtful = format.is_16_bit_integer() && TWELVE_BIT_ENDS.contains(&self.largest);
        is_doubtful.then(|| {
            Inconsistency::new(
                Warning::FullScaleDoubtful,
                format!(
                    "the largest code is {}, the end of 12 bits, read as {format} ({source}) with full scale 32768; \
                     the format sc16q11 (column iq_data_format, --format) has full scale 2048: levels 24.1 dB higher",
                    self.largest * 32_768.0
                ),
            )
        })
    }

    /// Checks once whether the bytes have the layout that they are read in, and in the first chunk
    /// whether it begins with a header.
    ///
    /// # Errors
    ///
    /// If the bytes cannot have this layout.
    pub(super) fn check_layout(
        &mut self,
        chunk: &ChunkBuffer,
        interpretation: &Interpretation,
    ) -> Result<impl Iterator<Item = Inconsistency> + use<>, Error> {
        let (mut misread, mut header) = (None, None);
        if let Some(byte_layout) = &mut self.byte_layout {
            misread = byte_layout.check(interpretation)?;
            if chunk.first_sample() == 0 {
                header = stray_header::find(chunk.samples());
            }
        }
        Ok(misread.into_iter().chain(header))
    }

    /// Checks the recording as a whole, which has `samples` samples.
    ///
    /// # Errors
    ///
    /// If no sample is large enough for a recording.
    pub(super) fn finish(&self, samples: u64) -> Result<(), Error> {
        if samples > 0 && self.largest == 0.0 {
            return Err(Error::AllZero { samples });
        }
        if samples > 0 && self.largest < plausibility::SMALLEST {
            return Err(Error::TooSmall {
                samples,
                largest: self.largest,
                limit: plausibility::SMALLEST,
                looks_like: self.looks_like,
            });
        }
        Ok(())
    }
}
