//! Reads a recording from its first byte to its last segment.

#[cfg(test)]
mod agreement;
mod analytic_signal;
mod chunk_buffer;
pub(crate) mod compressed_tail;
mod contents;
pub(crate) mod extraction;
mod sample_checks;
mod sample_decoder;
mod segment_builder;
mod segmenter;

use crate::chunk::Workspace;
use crate::compression::{Compression, MIN_BYTES};
use crate::decompression::Decompressor;
use crate::error::Error;
use crate::features::SegmentFeatures;
use crate::format::SampleFormat;
use crate::input::Hints;
use crate::timeline::Grid;
use contents::Contents;
use extraction::{Extraction, Fragment};

/// The source of what the caller states.
const ARGUMENT: &str = "argument";

/// Computes the features of one recording from its bytes.
///
/// Holds at most one chunk of samples, the header of a container, the window of a compression, and
/// the results. The result does not depend on how the bytes are divided between calls of
/// [`Recording::push`].
#[derive(Debug)]
pub struct Recording {
    compression: Layer,
    limit_bytes: u64,
    contents: Contents,
}

/// The compression of the object.
#[derive(Debug)]
enum Layer {
    /// The first bytes, too few to recognise it.
    Sniffing(Vec<u8>),
    /// There is none.
    None,
    /// The bytes go through it.
    Compressed(Decompressor),
}

impl Recording {
    /// Starts a recording.
    #[must_use]
    pub fn new(hints: Hints) -> Self {
        Self {
            compression: Layer::Sniffing(Vec::with_capacity(MIN_BYTES)),
            limit_bytes: u64::MAX,
            contents: Contents::new(hints),
        }
    }

    /// Starts a recording whose bytes are samples in this format from the first to the last, at
    /// `sample_rate_hz`. Headers and compressions are not looked for: samples that begin like one
    /// are samples.
    #[must_use]
    pub fn of_samples(format: SampleFormat, sample_rate_hz: f64) -> Self {
        let hints = Hints::default()
            .with_format(format, ARGUMENT)
            .with_sample_rate_hz(sample_rate_hz, ARGUMENT);
        Self {
            compression: Layer::None,
            limit_bytes: u64::MAX,
            contents: Contents::of_samples(hints),
        }
    }

    /// Divides the recording in another way than rows.
    #[must_use]
    pub fn with_grid(mut self, grid: Grid) -> Self {
        self.contents.grid = grid;
        self
    }

    /// Also collects [`Extraction::overview`], which a plot shows. It takes at most 10 MB.
    #[must_use]
    pub fn with_overview(mut self) -> Self {
        self.contents.with_overview = true;
        self
    }

    /// Limits the bytes that come out of a compressed object.
    #[must_use]
    pub fn with_limit(mut self, limit_bytes: u64) -> Self {
        self.limit_bytes = limit_bytes;
        self
    }

    /// Returns the segments that are complete so far, so that a long recording need not be held in
    /// memory. The caller must add the warnings of [`Extraction::inconsistencies`] to them, since
    /// some are found only at the end.
    pub fn take_segments(&mut self) -> Vec<SegmentFeatures> {
        self.contents.take_segments()
    }

    /// Takes the next bytes of the object.
    ///
    /// # Errors
    ///
    /// If the bytes so far cannot be a recording. After an error the recording cannot be continued.
    pub fn push(&mut self, mut bytes: &[u8], workspace: &mut Workspace) -> Result<(), Error> {
        while self.push_part(&mut bytes, workspace)? {}
        Ok(())
    }

    /// Takes bytes from the front of `bytes`: all of them, or if they are compressed as many as
    /// give 64 KiB. Returns whether it must be called again with the rest, which may be empty. So
    /// [`Recording::take_segments`] can be called in between: a few compressed bytes can give
    /// gigabytes.
    ///
    /// # Errors
    ///
    /// As [`Recording::push`].
    pub fn push_part(&mut self, bytes: &mut &[u8], workspace: &mut Workspace) -> Result<bool, Error> {
        if let Layer::Sniffing(head) = &mut self.compression {
            let (start, rest) = bytes.split_at(bytes.len().min(MIN_BYTES - head.len()));
            head.extend_from_slice(start);
            *bytes = rest;
            if head.len() < MIN_BYTES {
                return Ok(false);
            }
            self.open(workspace)?;
        }
        self.step(bytes, workspace)
    }

    /// Recognises the compression from the bytes so far, and reads them.
    fn open(&mut self, workspace: &mut Workspace) -> Result<(), Error> {
        let Layer::Sniffing(head) = &mut self.compression else {
            return Ok(());
        };
        let head = std::mem::take(head);
        let found = Compression::recognise(&head);
        self.contents.hints.check_compression(found);
        self.contents.compression = found;
        self.compression = match found {
            Some(compression) => {
                // The size of what comes out is not known.
                self.contents.hints.set_object_bytes(None);
                Layer::Compressed(Decompressor::new(compression))
            }
            None => Layer::None,
        };
        let mut rest = &head[..];
        while self.step(&mut rest, workspace)? {}
        Ok(())
    }

    fn step(&mut self, bytes: &mut &[u8], workspace: &mut Workspace) -> Result<bool, Error> {
        let Layer::Compressed(decompressor) = &mut self.compression else {
            self.contents.push(std::mem::take(bytes), workspace)?;
            return Ok(false);
        };
        let Some(piece) = decompressor.decode(bytes, self.limit_bytes)? else {
            return Ok(false);
        };
        self.contents.push(piece, workspace)?;
        Ok(true)
    }

    /// Ends the recording where it is, also after an error, and returns what can be drawn of its bytes
    /// so far. `None` if no sample was read, or [`Recording::with_overview`] was not called.
    #[must_use]
    pub fn into_fragment(mut self, workspace: &mut Workspace) -> Option<Fragment> {
        // What stands in the way was an error of `push` already.
        let _ = self.open(workspace);
        self.contents.into_fragment(workspace)
    }

    /// Ends the recording.
    ///
    /// # Errors
    ///
    /// If the object as a whole is no recording, or is too short for one chunk.
    pub fn finish(mut self, workspace: &mut Workspace) -> Result<Extraction, Error> {
        self.open(workspace)?;
        let Layer::Compressed(mut decompressor) = self.compression else {
            return self.contents.finish(workspace);
        };
        decompressor.end()?;
        let mut extraction = self.contents.finish(workspace)?;
        extraction.info.compression = Some(decompressor.compression.name());
        extraction.info.decompressed_bytes = Some(decompressor.bytes_out);
        Ok(extraction)
    }
}
