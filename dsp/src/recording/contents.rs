//! Reads a recording that is not compressed, or what comes out of its compression.

use super::extraction::{Extraction, Fragment};
use super::segmenter::Segmenter;
use crate::chunk::Workspace;
use crate::compression::Compression;
use crate::container::payload::Payload;
use crate::container::{Container, SNIFF_BYTES};
use crate::error::Error;
use crate::features::SegmentFeatures;
use crate::input::Hints;
use crate::timeline::Grid;

#[derive(Debug)]
pub(super) struct Contents {
    pub(super) hints: Hints,
    stage: Stage,
    pub(super) grid: Grid,
    pub(super) with_overview: bool,
    /// The compression that the bytes came out of.
    pub(super) compression: Option<Compression>,
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

impl Contents {
    pub(super) fn new(hints: Hints) -> Self {
        Self {
            hints,
            stage: Stage::Sniffing(Vec::with_capacity(SNIFF_BYTES)),
            grid: Grid::default(),
            with_overview: false,
            compression: None,
        }
    }

    /// Samples without any header.
    pub(super) fn of_samples(hints: Hints) -> Self {
        Self {
            stage: Stage::Decoding {
                container: Container::Samples,
                segmenter: None,
            },
            ..Self::new(hints)
        }
    }

    /// See [`super::Recording::take_segments`].
    pub(super) fn take_segments(&mut self) -> Vec<SegmentFeatures> {
        match &mut self.stage {
            Stage::Decoding {
                segmenter: Some(segmenter),
                ..
            } => segmenter.take_segments(),
            _ => Vec::new(),
        }
    }

    /// Takes the next bytes.
    pub(super) fn push(&mut self, bytes: &[u8], workspace: &mut Workspace) -> Result<(), Error> {
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
    pub(super) fn finish(mut self, workspace: &mut Workspace) -> Result<Extraction, Error> {
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
        let segmenter = match segmenter {
            Some(segmenter) => *segmenter,
            // The object has no samples.
            None => Segmenter::new(container.interpret(&self.hints)?, &self.hints, self.grid, false)?,
        };
        segmenter.finish(container, workspace)
    }

    /// See [`super::Recording::into_fragment`].
    pub(super) fn into_fragment(mut self, workspace: &mut Workspace) -> Option<Fragment> {
        if let Stage::Sniffing(_) = self.stage {
            self.open(workspace).ok()?;
        }
        // The samples that the container holds back, if it can still return them.
        if let Stage::Decoding { container, .. } = &mut self.stage
            && container.end().is_ok()
        {
            let _ = self.decode(&[], workspace);
        }
        let Stage::Decoding {
            container,
            segmenter: Some(segmenter),
        } = self.stage
        else {
            return None;
        };
        segmenter.into_fragment(container)
    }

    /// Recognises the container from the bytes so far, and reads them.
    fn open(&mut self, workspace: &mut Workspace) -> Result<(), Error> {
        let Stage::Sniffing(head) = &mut self.stage else {
            return Ok(());
        };
        let head = std::mem::take(head);
        if let (Some(outer), Some(inner)) = (self.compression, Compression::recognise(&head)) {
            return Err(Error::CompressedTwice { outer, inner });
        }
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
        let compression = self.compression;
        let explain = |error| match error {
            Error::MetadataAfterSamples { at, .. } => Error::MetadataAfterSamples { at, compression },
            other => other,
        };
        while let Some(payload) = container.decode(&mut bytes).map_err(explain)? {
            let segmenter = match segmenter {
                Some(segmenter) => segmenter,
                None => segmenter.insert(Box::new(Segmenter::new(
                    container.interpret(&self.hints)?,
                    &self.hints,
                    self.grid,
                    self.with_overview,
                )?)),
            };
            match payload {
                Payload::Samples(payload) => segmenter.read(&payload, workspace)?,
                Payload::Lost(samples) => segmenter.note_lost(samples)?,
            }
        }
        Ok(())
    }
}
