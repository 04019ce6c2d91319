//! A `SigMF` archive: a tar file with a `.sigmf-meta` and the dataset that it describes.
//!
//! The specification leaves the order of the files open, and the usual writers put the dataset
//! first. A dataset cannot be read without its metadata, and it is too large to be kept. So the
//! first reading fails with the position of the metadata ([`Error::MetadataAfterSamples`]), the
//! caller reads them from there, and the archive is read a second time with them.

use super::non_conforming::NonConformingDataset;
use super::payload::Payload;
use super::tar_headers::{BLOCK_BYTES, Entry, Extension, TarHeaders, bad, padded, padding};
use crate::error::Error;
use crate::input::sidecar;
use crate::input::sigmf::ARCHIVE_SOURCE;
use crate::input::{Hint, Hints, Interpretation, MAX_SIGMF_BYTES, Sigmf};
use crate::recording_info::RecordingInfo;

/// Bytes of the end of an archive that are enough for the metadata and the extended headers before
/// them.
pub const MAX_SIGMF_TAIL_BYTES: usize = MAX_SIGMF_BYTES + 256 * 1024;

/// What the next byte of the archive belongs to.
#[derive(Debug)]
enum State {
    /// A header; the bytes of it so far.
    Header(Vec<u8>),
    /// The metadata or an extension of `bytes` bytes; the text so far.
    Text { kind: Text, text: Vec<u8>, bytes: u64 },
    /// The dataset: bytes to its end, and the padding after it.
    Dataset { left: u64, padding: u64 },
    /// Bytes that are not needed.
    Skip(u64),
    /// What follows the end of the archive.
    End,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Text {
    Metadata,
    Extension(Extension),
}

/// Reads an archive as it arrives.
#[derive(Debug)]
pub(crate) struct Archive {
    state: State,
    /// Bytes of the archive so far.
    position: u64,
    headers: TarHeaders,
    meta: Option<Sigmf>,
    /// Whether the metadata were known from the start.
    is_second_reading: bool,
    /// Whether a file that may be the dataset came before the metadata.
    passed_other_files: bool,
    /// Separates the samples from the rest of the dataset. `None` before the dataset.
    dataset: Option<NonConformingDataset>,
}

impl Archive {
    /// Whether these are the first bytes of a tar file.
    pub(crate) fn is_tar(head: &[u8]) -> bool {
        head.get(257..262) == Some(b"ustar")
    }

    /// `meta` are known if the archive is read for the second time.
    pub(crate) fn new(meta: Option<Sigmf>) -> Self {
        Self {
            state: State::Header(Vec::new()),
            position: 0,
            headers: TarHeaders::default(),
            is_second_reading: meta.is_some(),
            meta,
            passed_other_files: false,
            dataset: None,
        }
    }

    /// The metadata at the end of an archive, which begins at [`Error::MetadataAfterSamples`].
    fn metadata_in_tail(mut tail: &[u8]) -> Result<Sigmf, Error> {
        let mut archive = Self::new(None);
        while archive.meta.is_none() && !tail.is_empty() {
            archive.decode(&mut tail)?;
        }
        archive.meta.ok_or_else(|| bad("no .sigmf-meta where it should be"))
    }

    /// See [`super::Container::decode`].
    pub(crate) fn decode<'a>(&mut self, input: &mut &'a [u8]) -> Result<Option<Payload<'a>>, Error> {
        loop {
            match &mut self.state {
                State::Header(header) => {
                    let missing = BLOCK_BYTES - header.len();
                    header.extend_from_slice(take(input, missing as u64, &mut self.position));
                    if header.len() < BLOCK_BYTES {
                        return Ok(None);
                    }
                    let header = std::mem::take(header);
                    self.state = self.enter(&header)?;
                }
                State::Text { kind, text, bytes } => {
                    text.extend_from_slice(take(input, *bytes - text.len() as u64, &mut self.position));
                    if (text.len() as u64) < *bytes {
                        return Ok(None);
                    }
                    let (kind, text) = (*kind, std::mem::take(text));
                    self.state = State::Skip(padding(text.len() as u64));
                    match kind {
                        Text::Metadata => self.meta = Some(Sigmf::parse(&text)?),
                        Text::Extension(kind) => self.headers.read_extension(kind, &text)?,
                    }
                }
                State::Dataset { left, padding } => {
                    let (left, padding) = (*left, *padding);
                    let (payload, used) = self.decode_dataset(input, left);
                    self.state = match left - used {
                        0 => State::Skip(padding),
                        left => State::Dataset { left, padding },
                    };
                    if payload.is_some() || used < left {
                        return Ok(payload);
                    }
                }
                State::Skip(left) => {
                    *left -= take(input, *left, &mut self.position).len() as u64;
                    if *left > 0 {
                        return Ok(None);
                    }
                    self.state = State::Header(Vec::new());
                    if input.is_empty() {
                        return Ok(None);
                    }
                }
                State::End => {
                    *input = &[];
                    return Ok(None);
                }
            }
        }
    }

    /// Takes bytes from the front of the input, at most the `left` ones of the dataset. Returns the
    /// next payload, and how many bytes were taken.
    fn decode_dataset<'a>(&mut self, input: &mut &'a [u8], left: u64) -> (Option<Payload<'a>>, u64) {
        let Some(dataset) = &mut self.dataset else {
            unreachable!("enter_dataset sets it")
        };
        let within = input.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let mut part = &input[..within];
        let payload = dataset.decode(&mut part);
        let used = (within - part.len()) as u64;
        take(input, used, &mut self.position);
        (payload, used)
    }

    /// Reads a header. Returns what follows it.
    fn enter(&mut self, block: &[u8]) -> Result<State, Error> {
        let at = self.position - BLOCK_BYTES as u64;
        let (name, size) = match self.headers.read(block, at)? {
            Entry::End => return Ok(State::End),
            Entry::Other(bytes) => return Ok(State::Skip(padded(bytes))),
            Entry::Extension { kind, bytes } => return Ok(text(Text::Extension(kind), bytes)),
            Entry::File { name, size } => (name, size),
        };
        if sidecar::is_metadata(&name) {
            return self.enter_metadata(at, size);
        }
        let is_named = |meta: &Sigmf| meta.dataset() == Some(&name);
        if name.to_ascii_lowercase().ends_with(".sigmf-data") || self.meta.as_ref().is_some_and(is_named) {
            return self.enter_dataset(&name, size);
        }
        self.passed_other_files |= self.meta.is_none();
        Ok(State::Skip(padded(size)))
    }

    fn enter_metadata(&mut self, at: u64, size: u64) -> Result<State, Error> {
        if self.is_second_reading {
            return Ok(State::Skip(padded(size)));
        }
        if self.meta.is_some() {
            return Err(bad("more than one recording, one is read"));
        }
        if size > MAX_SIGMF_BYTES as u64 {
            return Err(bad(format!(
                "metadata of {size} bytes, over the limit of {MAX_SIGMF_BYTES}"
            )));
        }
        if self.passed_other_files {
            return Err(after_samples(at));
        }
        Ok(text(Text::Metadata, size))
    }

    fn enter_dataset(&mut self, name: &str, size: u64) -> Result<State, Error> {
        let Some(meta) = &self.meta else {
            let at = self.position.saturating_add(padded(size));
            return Err(after_samples(at));
        };
        if self.dataset.is_some() {
            return Err(bad("more than one dataset, one is read"));
        }
        // A dataset with a header can be read inside an archive only if the metadata describe the
        // header.
        let has_header = [".npy", ".wav", ".rf64"]
            .iter()
            .any(|extension| name.to_ascii_lowercase().ends_with(extension));
        if has_header && !meta.is_non_conforming() {
            return Err(bad(
                "the dataset has a header of its own and no core:header_bytes; put it into the bucket as it is",
            ));
        }
        let format = meta.sample_format(ARCHIVE_SOURCE)?;
        self.dataset = Some(NonConformingDataset::new(meta, format, Some(size), true)?);
        Ok(State::Dataset {
            left: size,
            padding: padding(size),
        })
    }

    /// See [`super::Container::interpret`].
    pub(crate) fn interpret(&self, hints: &Hints) -> Result<Interpretation, Error> {
        let format = match &self.meta {
            Some(meta) => Some(Hint {
                value: meta.sample_format(ARCHIVE_SOURCE)?,
                source: ARCHIVE_SOURCE,
            }),
            None => None,
        };
        let rate = self.meta.as_ref().and_then(Sigmf::sample_rate_hz).map(|value| Hint {
            value,
            source: ARCHIVE_SOURCE,
        });
        Interpretation::settle("sigmf", format, rate, hints)
    }

    /// See [`super::Container::end`].
    pub(crate) fn end(&self) -> Result<(), Error> {
        match &self.state {
            State::Header(header) if header.is_empty() => {}
            State::End => {}
            State::Skip(_) if self.dataset.is_some() => {}
            State::Dataset { left, .. } => {
                return Err(bad(format!("it ends inside the dataset, {left} bytes too early")));
            }
            _ => return Err(bad(format!("it ends after {} bytes, inside an entry", self.position))),
        }
        match (&self.dataset, &self.meta) {
            (Some(dataset), _) => dataset.finish(),
            (None, Some(meta)) if meta.is_metadata_only() => Err(bad("it has metadata only (core:metadata_only)")),
            (None, Some(_)) => Err(bad("no dataset for its metadata")),
            (None, None) => Err(Error::NotARecording {
                looks_like: "a tar archive without a SigMF recording",
            }),
        }
    }

    /// See [`super::Container::fill`].
    pub(crate) fn fill(&self, info: &mut RecordingInfo) {
        if let Some(meta) = &self.meta {
            meta.fill(info);
        }
    }

    pub(crate) fn meta(&self) -> Option<&Sigmf> {
        self.meta.as_ref()
    }
}

impl Hints {
    /// Adds the metadata of a `SigMF` archive whose first reading failed with
    /// [`Error::MetadataAfterSamples`]. `tail` is the archive from the byte named there, at most
    /// [`MAX_SIGMF_TAIL_BYTES`].
    ///
    /// # Errors
    ///
    /// If the archive or its metadata cannot be read.
    pub fn read_archive_tail(&mut self, tail: &[u8]) -> Result<(), Error> {
        self.set_sigmf(Archive::metadata_in_tail(tail)?, ARCHIVE_SOURCE);
        Ok(())
    }
}

fn after_samples(at: u64) -> Error {
    Error::MetadataAfterSamples { at, compression: None }
}

fn text(kind: Text, bytes: u64) -> State {
    State::Text {
        kind,
        text: Vec::new(),
        bytes,
    }
}

/// Up to `bytes` bytes from the front of the input.
fn take<'a>(input: &mut &'a [u8], bytes: u64, position: &mut u64) -> &'a [u8] {
    let (taken, rest) = input.split_at(input.len().min(usize::try_from(bytes).unwrap_or(usize::MAX)));
    *input = rest;
    *position += taken.len() as u64;
    taken
}
