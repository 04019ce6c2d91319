//! Reads a recording from its first byte to its last segment.

#[cfg(test)]
mod agreement;
mod analytic_signal;
mod chunk_buffer;
pub(crate) mod extraction;
mod sample_checks;
mod sample_decoder;
mod segment_builder;
mod segmenter;

use crate::chunk::Workspace;
use crate::container::payload::Payload;
use crate::container::{Container, SNIFF_BYTES};
use crate::error::Error;
use crate::features::SegmentFeatures;
use crate::input::Hints;
use extraction::Extraction;
use segmenter::Segmenter;

/// Computes the features of one recording from its bytes.
///
/// Holds at most one chunk of samples, the header of a container, and the results. The result does
/// not depend on how the bytes are divided between calls of [`Recording::push`].
#[derive(Debug)]
pub struct Recording {
    hints: Hints,
    stage: Stage,
    with_overview: bool,
}

#[derive(Debug)]
enum Stage {
    /// The first bytes, too few to recognise the container.
    Sniffing(Vec<u8>),
    /// In the container's header, or in its data.
    Decoding {
        container: Container,
        /// `None` until the header is read.
        segmenter: Option<Box<Segmenter>>,
    },
}

impl Recording {
    /// Starts a recording.
    #[must_use]
    pub fn new(hints: Hints) -> Self {
        Self {
            hints,
            stage: Stage::Sniffing(Vec::with_capacity(SNIFF_BYTES)),
            with_overview: false,
        }
    }

    /// Also collects [`Extraction::overview`], which a plot shows. It takes at most 10 MB.
    #[must_use]
    pub fn with_overview(mut self) -> Self {
        self.with_overview = true;
        self
    }

    /// Returns the segments that are complete so far, so that a long recording need not be held in
    /// memory. The caller must add the warnings of [`Extraction::inconsistencies`] to them, since
    /// some are found only at the end.
    pub fn take_segments(&mut self) -> Vec<SegmentFeatures> {
        match &mut self.stage {
            Stage::Decoding {
                segmenter: Some(segmenter),
                ..
            } => segmenter.take_segments(),
            _ => Vec::new(),
        }
    }

    /// Takes the next bytes of the object.
    ///
    /// # Errors
    ///
    /// If the bytes so far cannot be a recording. After an error the recording cannot be continued.
    pub fn push(&mut self, bytes: &[u8], workspace: &mut Workspace) -> Result<(), Error> {
        let Stage::Sniffing(head) = &mut self.stage else {
            return self.decode(bytes, workspace);
        };
        let (start, rest) = bytes.split_at(bytes.len().min(SNIFF_BYTES - head.len()));
        head.extend_from_slice(start);
        if head.len() < SNIFF_BYTES {
            return Ok(());
        }
        self.open(workspace)?;
        self.decode(rest, workspace)
    }

    /// Ends the recording.
    ///
    /// # Errors
    ///
    /// If the object as a whole is no recording, or is too short for one chunk.
    pub fn finish(mut self, workspace: &mut Workspace) -> Result<Extraction, Error> {
        if let Stage::Sniffing(_) = self.stage {
            self.open(workspace)?;
        }
        if let Stage::Decoding { container, .. } = &mut self.stage {
            container.end()?;
        }
        // Now the container returns the samples that it held back.
        self.decode(&[], workspace)?;
        let Stage::Decoding { container, segmenter } = self.stage else {
            unreachable!("opened above")
        };
        match segmenter {
            Some(segmenter) => segmenter.finish(container, workspace),
            // The object has no samples.
            None => Segmenter::new(container.interpret(&self.hints)?, &self.hints, false).finish(container, workspace),
        }
    }

    /// Recognises the container from the bytes so far, and reads them.
    fn open(&mut self, workspace: &mut Workspace) -> Result<(), Error> {
        let Stage::Sniffing(head) = &mut self.stage else {
            return Ok(());
        };
        let head = std::mem::take(head);
        self.stage = Stage::Decoding {
            container: Container::sniff(&head, &self.hints)?,
            segmenter: None,
        };
        self.decode(&head, workspace)
    }

    fn decode(&mut self, mut bytes: &[u8], workspace: &mut Workspace) -> Result<(), Error> {
        let Stage::Decoding { container, segmenter } = &mut self.stage else {
            return Ok(());
        };
        while let Some(payload) = container.decode(&mut bytes)? {
            let segmenter = match segmenter {
                Some(segmenter) => segmenter,
                None => segmenter.insert(Box::new(Segmenter::new(
                    container.interpret(&self.hints)?,
                    &self.hints,
                    self.with_overview,
                ))),
            };
            match payload {
                Payload::Samples(payload) => segmenter.read(&payload, workspace)?,
                Payload::Lost(samples) => segmenter.note_lost(samples)?,
            }
        }
        Ok(())
    }
}
