//! A recording on its way from bytes to segments.

#[cfg(test)]
mod agreement;
pub(crate) mod extraction;
mod segmenter;

use crate::chunk::Workspace;
use crate::container::payload::Payload;
use crate::container::{Container, SNIFF_BYTES};
use crate::error::Error;
use crate::features::SegmentFeatures;
use crate::input::Hints;
use extraction::Extraction;
use segmenter::Segmenter;

/// One recording on its way from bytes to features.
///
/// Holds at most one chunk of samples, a container's header, and the results. How the bytes are
/// divided between calls of [`Recording::push`] changes nothing in the result.
#[derive(Debug)]
pub struct Recording {
    hints: Hints,
    stage: Stage,
    /// Whether a picture is wanted.
    with_overview: bool,
}

#[derive(Debug)]
enum Stage {
    /// Too few bytes so far to know the container.
    Sniffing(Vec<u8>),
    /// In the container's header, or in its data.
    Decoding {
        container: Container,
        /// There once the first sample is near: the header is read then.
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

    /// Gathers what a picture shows besides, in 10 MB at most.
    #[must_use]
    pub fn with_overview(mut self) -> Self {
        self.with_overview = true;
        self
    }

    /// Hands over the segments that are complete so far, so that long recordings need not be held. What only the end shows,
    /// [`Extraction::inconsistencies`], is then for the caller to add to their warnings.
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
    /// What is wrong with the bytes so far. After an error the recording is of no further use.
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
    /// If the object as a whole is no recording, or too short for one chunk.
    pub fn finish(mut self, workspace: &mut Workspace) -> Result<Extraction, Error> {
        if let Stage::Sniffing(_) = self.stage {
            self.open(workspace)?;
        }
        if let Stage::Decoding { container, .. } = &mut self.stage {
            container.end()?;
        }
        // What the container has held back comes now.
        self.decode(&[], workspace)?;
        let Stage::Decoding { container, segmenter } = self.stage else {
            unreachable!("opened above")
        };
        match segmenter {
            Some(segmenter) => segmenter.finish(container),
            // No samples came at all.
            None => Segmenter::new(container.interpret(&self.hints)?, &self.hints, false).finish(container),
        }
    }

    /// Decides the container by the bytes gathered so far, and reads them.
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
                Payload::Lost(samples) => segmenter.skip_lost(samples)?,
            }
        }
        Ok(())
    }
}
