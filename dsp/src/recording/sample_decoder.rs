use crate::error::Error;
use crate::format::{MAX_SAMPLE_BYTES, SampleFormat};
use crate::recording_info::{Anomaly, RecordingInfo};

/// Divides bytes into whole samples.
#[derive(Debug)]
pub(super) struct SampleDecoder {
    pub(super) format: SampleFormat,
    /// The first bytes of a sample whose other bytes have not arrived.
    partial: Vec<u8>,
    /// Bytes so far.
    data_bytes: u64,
}

impl SampleDecoder {
    pub(super) fn new(format: SampleFormat) -> Self {
        Self {
            format,
            partial: Vec::with_capacity(MAX_SAMPLE_BYTES),
            data_bytes: 0,
        }
    }

    /// Takes the next bytes. Returns the sample that began in the bytes before, if it is complete
    /// now, and the whole samples that follow it.
    pub(super) fn split<'a>(&mut self, mut bytes: &'a [u8]) -> (Vec<u8>, &'a [u8]) {
        let sample_bytes = self.format.sample_bytes();
        self.data_bytes += bytes.len() as u64;
        let mut completed = Vec::new();
        if !self.partial.is_empty() {
            let missing = sample_bytes - self.partial.len();
            let (end, rest) = bytes.split_at(bytes.len().min(missing));
            self.partial.extend_from_slice(end);
            bytes = rest;
            if self.partial.len() == sample_bytes {
                completed = std::mem::take(&mut self.partial);
            }
        }
        let (whole, rest) = bytes.split_at(bytes.len() - bytes.len() % sample_bytes);
        self.partial.extend_from_slice(rest);
        (completed, whole)
    }

    /// Refuses bytes that end inside a sample, or notes it where that `is_allowed`.
    pub(super) fn finish(&self, is_allowed: bool, info: &mut RecordingInfo) -> Result<(), Error> {
        let left_over = self.partial.len();
        if left_over > 0 && !is_allowed {
            return Err(Error::PartialSample {
                format: self.format,
                sample_bytes: self.format.sample_bytes(),
                left_over,
                data_bytes: self.data_bytes,
            });
        }
        if left_over > 0 {
            info.add_anomaly(Anomaly::PartialSample {
                at_byte: self.data_bytes - left_over as u64,
                bytes: left_over as u64,
            });
        }
        Ok(())
    }
}
