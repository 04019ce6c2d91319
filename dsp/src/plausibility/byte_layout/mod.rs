//! Keeps the first bytes of the samples, and checks whether they have the format that they are read
//! in.

use crate::error::Error;
use crate::format::SampleFormat;
use crate::input::Interpretation;
use crate::plausibility::byte_statistics::{Histograms, floats};
use crate::plausibility::vrt;
use crate::warning::{Inconsistency, Warning};

/// Bytes that are kept: enough for histograms of 256 values in each of two places, and for ten
/// network packets.
const MAX_BYTES: usize = 16 * 1024;
/// Fewest bytes for a conclusion.
const MIN_BYTES: usize = 4 * 1024;

/// The first bytes, until they are checked.
#[derive(Debug, Default)]
pub(crate) struct ByteLayout {
    bytes: Vec<u8>,
    is_checked: bool,
}

impl ByteLayout {
    /// Takes bytes of whole samples. Zeros prove nothing and are not kept.
    pub(crate) fn add(&mut self, mut bytes: &[u8]) {
        while !self.is_checked && !bytes.is_empty() {
            if self.bytes.len() == MAX_BYTES {
                if self.bytes.iter().any(|byte| *byte != 0) {
                    return;
                }
                self.bytes.clear();
            }
            let (now, later) = bytes.split_at(bytes.len().min(MAX_BYTES - self.bytes.len()));
            self.bytes.extend_from_slice(now);
            bytes = later;
        }
    }

    /// Checks the bytes once, when there are enough. Returns a warning if they look like another
    /// format.
    ///
    /// # Errors
    ///
    /// If the bytes cannot have the format that they are read in.
    pub(crate) fn check(&mut self, read_as: &Interpretation) -> Result<Option<Inconsistency>, Error> {
        let is_silent = || self.bytes.iter().all(|byte| *byte == 0);
        if self.is_checked || self.bytes.len() < MIN_BYTES || is_silent() {
            return Ok(None);
        }
        self.is_checked = true;
        let bytes = std::mem::take(&mut self.bytes);
        if vrt::are_packets(&bytes) {
            return Err(Error::NotARecording { looks_like: vrt::NAME });
        }
        if let Some(looks_like) = cannot_be(read_as.format, &bytes) {
            return Err(Error::Misread {
                read_as: read_as.format,
                source_of_format: read_as.format_source,
                looks_like,
            });
        }
        Ok(may_not_be(read_as.format, &bytes).map(|looks_like| {
            Inconsistency::new(
                Warning::FormatDoubtful,
                format!(
                    "read as {} ({}), the bytes look like {looks_like}",
                    read_as.format, read_as.format_source
                ),
            )
        }))
    }
}

/// The format that the bytes must have instead. Floating-point numbers of one width are recognised
/// in every other format.
fn cannot_be(format: SampleFormat, bytes: &[u8]) -> Option<&'static str> {
    let (single, double) = (floats::<4>(bytes), floats::<8>(bytes));
    match format {
        SampleFormat::Cf32Le | SampleFormat::Rf32Le => (double.are_samples()
            && (!single.are_samples() || single.lack_every_other()))
        .then_some("cf64_le (complex128)"),
        SampleFormat::Cf64Le | SampleFormat::Rf64Le => {
            (single.are_samples() && !double.are_samples()).then_some("cf32_le (complex64)")
        }
        _ if single.are_samples() && single.have_both_signs() && single.have_mantissas() => Some("cf32_le (complex64)"),
        _ if double.are_samples() && double.have_both_signs() && double.have_mantissas() => {
            Some("cf64_le (complex128)")
        }
        _ => None,
    }
}

/// The format that the bytes look like. Integers of one kind are plausible as integers of another
/// kind, so this is only a warning.
fn may_not_be(format: SampleFormat, bytes: &[u8]) -> Option<&'static str> {
    let places = Histograms::of(bytes);
    match format {
        SampleFormat::Ci16Le
        | SampleFormat::Sc16Q11
        | SampleFormat::Cu16Le
        | SampleFormat::Ri16Le
        | SampleFormat::Ru16Le
            if places.are_swapped_words() =>
        {
            Some("big-endian 16-bit integers")
        }
        SampleFormat::Ci16Be | SampleFormat::Cu16Be | SampleFormat::Ri16Be | SampleFormat::Ru16Be
            if places.are_words() =>
        {
            Some("little-endian 16-bit integers")
        }
        SampleFormat::Ci16Le if places.are_bytes() && places.are_around_the_middle() => Some("cu8"),
        SampleFormat::Ci16Le if places.are_bytes() => Some("ci8"),
        SampleFormat::Ci8 | SampleFormat::Cu8 if places.are_words() => Some("ci16_le"),
        SampleFormat::Ci8 | SampleFormat::Cu8 if places.are_swapped_words() => Some("big-endian 16-bit integers"),
        SampleFormat::Ci8 if places.avoid_zero_as_signed() => Some("cu8"),
        SampleFormat::Cu8 if places.avoid_zero_as_unsigned() => Some("ci8"),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
