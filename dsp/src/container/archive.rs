//! A `SigMF` archive: a tar file (POSIX.1-2001) with a `.sigmf-meta` and the dataset that it describes. What wraps them, and
//! in which order they come, the specification leaves open; the usual writers put the dataset first. It cannot be read
//! without the metadata and is not kept either: the archive says where the metadata begin ([`Error::MetadataAfterSamples`]), and
//! is read again with them.

use tar::{EntryType, Header, PaxExtensions};

use super::non_conforming::NonConformingDataset;
use super::payload::Payload;
use crate::error::Error;
use crate::input::sigmf::ARCHIVE_SOURCE;
use crate::input::{Hint, Hints, Interpretation, MAX_SIGMF_BYTES, Sigmf};
use crate::recording_info::RecordingInfo;

/// Everything in a tar file is in blocks of this size.
pub(crate) const BLOCK_BYTES: usize = 512;

/// The end of an archive that has to hold the metadata: with extended headers before them.
pub const MAX_SIGMF_TAIL_BYTES: usize = MAX_SIGMF_BYTES + 256 * 1024;

/// Longest extended header or long name read. Paths are shorter; what is longer is no archive of recordings.
const MAX_EXTENSION_BYTES: u64 = 64 * 1024;

/// Where in the archive the next byte belongs.
#[derive(Debug)]
enum State {
    /// To a header, of which this has come.
    Header(Vec<u8>),
    /// To the metadata, an extended header or a long name.
    Text { kind: Text, text: Vec<u8>, bytes: u64 },
    /// To the dataset, of which so many bytes are to come.
    Dataset { left: u64, padding: u64 },
    /// To something of no interest.
    Skip(u64),
    /// Behind the end.
    End,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Text {
    Metadata,
    Pax,
    LongName,
}

/// A tar file being read.
#[derive(Debug)]
pub(crate) struct Archive {
    state: State,
    /// Bytes of the archive so far.
    position: u64,
    /// What the next header's name and size are, if they do not fit into it.
    name: Option<Vec<u8>>,
    size: Option<u64>,
    meta: Option<Sigmf>,
    /// Whether the metadata were known before.
    is_second_reading: bool,
    /// A file that may be the dataset went by before the metadata.
    passed_something: bool,
    /// Takes the samples out of the dataset, once it was met.
    dataset: Option<NonConformingDataset>,
}

impl Archive {
    /// Whether this is the start of a tar file.
    pub(crate) fn is_tar(head: &[u8]) -> bool {
        head.get(257..262) == Some(b"ustar")
    }

    /// `meta` is known where the archive is read for the second time.
    pub(crate) fn new(meta: Option<Sigmf>) -> Self {
        Self {
            state: State::Header(Vec::new()),
            position: 0,
            name: None,
            size: None,
            is_second_reading: meta.is_some(),
            meta,
            passed_something: false,
            dataset: None,
        }
    }

    /// The metadata at the end of an archive, from where [`Error::MetadataAfterSamples`] says.
    pub(crate) fn metadata_in_tail(mut tail: &[u8]) -> Result<Sigmf, Error> {
        let mut archive = Self::new(None);
        while archive.meta.is_none() && !tail.is_empty() {
            archive.decode(&mut tail)?;
        }
        archive
            .meta
            .ok_or_else(|| bad("no .sigmf-meta where it should be".to_owned()))
    }

    /// See [`super::Container::decode`].
    pub(crate) fn decode<'a>(&mut self, input: &mut &'a [u8]) -> Result<Option<Payload<'a>>, Error> {
        loop {
            match &mut self.state {
                State::Header(header) => {
                    let missing = BLOCK_BYTES - header.len();
                    let piece = take(input, missing as u64, &mut self.position);
                    header.extend_from_slice(piece);
                    if header.len() < BLOCK_BYTES {
                        return Ok(None);
                    }
                    let header = std::mem::take(header);
                    self.state = self.enter(&header)?;
                }
                State::Text { kind, text, bytes } => {
                    let piece = take(input, *bytes - text.len() as u64, &mut self.position);
                    text.extend_from_slice(piece);
                    if (text.len() as u64) < *bytes {
                        return Ok(None);
                    }
                    let (kind, text) = (*kind, std::mem::take(text));
                    self.state = State::Skip(padding(text.len() as u64));
                    self.read_text(kind, &text)?;
                }
                State::Dataset { left, padding } => {
                    let within = input.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                    let mut part = &input[..within];
                    let Some(dataset) = &mut self.dataset else {
                        unreachable!("a dataset is entered with what takes it apart")
                    };
                    let payload = dataset.decode(&mut part);
                    let used = (within - part.len()) as u64;
                    *left -= used;
                    let (is_over, padding) = (*left == 0, *padding);
                    take(input, used, &mut self.position);
                    if is_over {
                        self.state = State::Skip(padding);
                    }
                    if payload.is_some() {
                        return Ok(payload);
                    }
                    if !is_over {
                        return Ok(None);
                    }
                }
                State::Skip(left) => {
                    *left -= take(input, *left, &mut self.position).len() as u64;
                    if *left > 0 {
                        return Ok(None);
                    }
                    self.state = State::Header(Vec::new());
                    // Nothing more to do, and an empty header is no broken one.
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

    /// What follows a header.
    fn enter(&mut self, block: &[u8]) -> Result<State, Error> {
        if block.iter().all(|byte| *byte == 0) {
            return Ok(State::End);
        }
        let at = self.position - BLOCK_BYTES as u64;
        let broken = |what: &str| bad(format!("the entry at byte {at} {what}"));
        let header = Header::from_byte_slice(block);
        if header.cksum().ok() != Some(checksum(block)) {
            return Err(broken("is no tar header"));
        }
        let kind = header.entry_type();
        let own_size = header
            .entry_size()
            .map_err(|_| broken("has a size that is no number"))?;
        let text = |kind| {
            if own_size > MAX_EXTENSION_BYTES {
                return Err(broken("has an extended header that is too long"));
            }
            Ok(State::Text {
                kind,
                text: Vec::new(),
                bytes: own_size,
            })
        };
        match kind {
            EntryType::XHeader => return text(Text::Pax),
            EntryType::GNULongName => return text(Text::LongName),
            EntryType::XGlobalHeader | EntryType::GNULongLink => return Ok(State::Skip(padded(own_size))),
            _ => {}
        }
        let name = self.name.take().unwrap_or_else(|| header.path_bytes().into_owned());
        let size = self.size.take().unwrap_or(own_size);
        let behind = at.saturating_add(BLOCK_BYTES as u64).saturating_add(padded(size));
        let name = String::from_utf8_lossy(&name).into_owned();
        let file = name.rsplit('/').next().unwrap_or(&name);
        // Some systems store attributes beside each file.
        let is_file = matches!(kind, EntryType::Regular | EntryType::Continuous) && !file.starts_with("._");
        if kind == EntryType::GNUSparse {
            return Err(broken("is a sparse file, which is not read"));
        }
        if !is_file {
            return Ok(State::Skip(padded(size)));
        }
        if file.ends_with(".sigmf-meta") {
            return self.enter_metadata(at, size);
        }
        let is_named = |meta: &Sigmf| meta.dataset() == Some(file);
        if file.ends_with(".sigmf-data") || self.meta.as_ref().is_some_and(is_named) {
            return self.enter_dataset(file, size, behind);
        }
        self.passed_something |= self.meta.is_none();
        Ok(State::Skip(padded(size)))
    }

    fn enter_metadata(&mut self, at: u64, size: u64) -> Result<State, Error> {
        if self.is_second_reading {
            return Ok(State::Skip(padded(size)));
        }
        if self.meta.is_some() {
            return Err(bad("more than one recording, one is read".to_owned()));
        }
        if size > MAX_SIGMF_BYTES as u64 {
            return Err(bad(format!(
                "metadata of {size} bytes, over the limit of {MAX_SIGMF_BYTES}"
            )));
        }
        if self.passed_something {
            return Err(Error::MetadataAfterSamples { at });
        }
        Ok(State::Text {
            kind: Text::Metadata,
            text: Vec::new(),
            bytes: size,
        })
    }

    fn enter_dataset(&mut self, file: &str, size: u64, behind: u64) -> Result<State, Error> {
        let Some(meta) = &self.meta else {
            return Err(Error::MetadataAfterSamples { at: behind });
        };
        if self.dataset.is_some() {
            return Err(bad("more than one dataset, one is read".to_owned()));
        }
        // Only a dataset that is samples, or is said where its headers are, can be read inside an archive.
        let has_header = [".npy", ".wav", ".rf64"]
            .iter()
            .any(|extension| file.to_ascii_lowercase().ends_with(extension));
        if has_header && !meta.is_non_conforming() {
            return Err(bad(
                "the dataset has a header of its own and no core:header_bytes; put it into the bucket as it is"
                    .to_owned(),
            ));
        }
        let format = meta.sample_format(ARCHIVE_SOURCE)?;
        self.dataset = Some(NonConformingDataset::new(meta, format, Some(size), true)?);
        Ok(State::Dataset {
            left: size,
            padding: padding(size),
        })
    }

    fn read_text(&mut self, kind: Text, text: &[u8]) -> Result<(), Error> {
        match kind {
            Text::Metadata => self.meta = Some(Sigmf::parse(text)?),
            Text::LongName => self.name = Some(text.split(|byte| *byte == 0).next().unwrap_or_default().to_vec()),
            Text::Pax => {
                for extension in PaxExtensions::new(text) {
                    let extension = extension.map_err(|_| bad("an extended header is malformed".to_owned()))?;
                    match extension.key_bytes() {
                        b"path" => self.name = Some(extension.value_bytes().to_vec()),
                        b"size" => {
                            let size = extension.value().ok().and_then(|value| value.parse().ok());
                            self.size =
                                Some(size.ok_or_else(|| {
                                    bad("an extended header has a size that is no number".to_owned())
                                })?);
                        }
                        _ => {}
                    }
                }
            }
        }
        Ok(())
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
            (None, Some(meta)) if meta.is_metadata_only() => {
                Err(bad("it has metadata only (core:metadata_only)".to_owned()))
            }
            (None, Some(_)) => Err(bad("no dataset for its metadata".to_owned())),
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
    /// Adds the metadata of a `SigMF` archive whose first reading ended with [`Error::MetadataAfterSamples`]: `tail` is the archive
    /// from the byte named there on, as much as [`MAX_SIGMF_TAIL_BYTES`].
    ///
    /// # Errors
    ///
    /// What is wrong with the archive or its metadata.
    pub fn read_archive_tail(&mut self, tail: &[u8]) -> Result<(), Error> {
        self.set_sigmf(Archive::metadata_in_tail(tail)?, ARCHIVE_SOURCE);
        Ok(())
    }
}

fn bad(problem: String) -> Error {
    Error::Archive { problem }
}

/// Up to so many bytes from the front.
fn take<'a>(input: &mut &'a [u8], bytes: u64, position: &mut u64) -> &'a [u8] {
    let (taken, rest) = input.split_at(input.len().min(usize::try_from(bytes).unwrap_or(usize::MAX)));
    *input = rest;
    *position += taken.len() as u64;
    taken
}

/// Bytes that fill up a block behind so many.
fn padding(bytes: u64) -> u64 {
    let block = BLOCK_BYTES as u64;
    (block - bytes % block) % block
}

fn padded(bytes: u64) -> u64 {
    bytes.saturating_add(padding(bytes))
}

/// Sum of the bytes of a header, its own field counted as blanks.
fn checksum(block: &[u8]) -> u32 {
    let sum = |bytes: &[u8]| bytes.iter().map(|byte| u32::from(*byte)).sum::<u32>();
    sum(&block[..148]) + 8 * u32::from(b' ') + sum(&block[156..])
}
