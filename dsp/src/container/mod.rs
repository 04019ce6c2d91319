//! What the samples are wrapped in: found out from the first bytes, then peeled off as they stream by.

pub(crate) mod archive;
mod non_conforming;
mod npy;
pub(crate) mod payload;
mod wav;

use std::borrow::Cow;

use crate::error::Error;
use crate::input::{Hint, Hints, Interpretation, Sigmf};
use crate::plausibility::magic;
use crate::recording_info::RecordingInfo;
use archive::Archive;
use non_conforming::NonConformingDataset;
use npy::Npy;
use payload::Payload;
use wav::Wav;

/// Bytes looked at before the container is decided: enough for every signature below.
pub(crate) const SNIFF_BYTES: usize = archive::BLOCK_BYTES;

/// A container being peeled off.
#[derive(Debug)]
pub(crate) enum Container {
    /// Samples from the first byte to the last.
    Raw,
    /// Samples, and here and there something else, as `SigMF` metadata beside them say.
    NonConforming(NonConformingDataset),
    /// A `SigMF` archive.
    Archive(Box<Archive>),
    /// A `NumPy` array.
    Npy(Npy),
    /// A sound file.
    Wav(Box<Wav>),
}

impl Container {
    /// Decides by content. `head` is the first [`SNIFF_BYTES`], or the whole object if it is shorter.
    pub(crate) fn sniff(head: &[u8], hints: &Hints) -> Result<Self, Error> {
        if head.starts_with(npy::MAGIC) {
            return Ok(Self::Npy(Npy::default()));
        }
        if let Some(wav) = Wav::sniff(head) {
            return Ok(Self::Wav(Box::new(wav)));
        }
        if Archive::is_tar(head) {
            return Ok(Self::Archive(Box::new(Archive::new(hints.sigmf().cloned()))));
        }
        match (magic::recognise(head), hints.sigmf()) {
            (Some(looks_like), _) => Err(Error::NotARecording { looks_like }),
            (None, Some(meta)) if meta.is_non_conforming() => {
                let format = meta.sample_format(hints.sigmf_source())?;
                Ok(Self::NonConforming(NonConformingDataset::new(
                    meta,
                    format,
                    hints.object_bytes(),
                    false,
                )?))
            }
            (None, _) => Ok(Self::Raw),
        }
    }

    /// Takes bytes from the front of `input`; returns the next piece once there is one.
    /// `None` means that all of `input` was taken.
    pub(crate) fn decode<'a>(&mut self, input: &mut &'a [u8]) -> Result<Option<Payload<'a>>, Error> {
        let payload = match self {
            Self::Raw => Some(std::mem::take(input)).filter(|payload| !payload.is_empty()),
            Self::NonConforming(dataset) => return Ok(dataset.decode(input)),
            Self::Archive(archive) => return archive.decode(input),
            Self::Npy(npy) => npy.decode(input)?,
            Self::Wav(wav) => return wav.decode(input),
        };
        Ok(payload.map(|payload| Payload::Samples(Cow::Borrowed(payload))))
    }

    /// The interpretation, as far as the header has been read. Complete once `decode` returned samples.
    pub(crate) fn interpret(&self, hints: &Hints) -> Result<Interpretation, Error> {
        match self {
            Self::Raw => Interpretation::settle("none", None, None, hints),
            // The places of what is no sample hold for this format alone.
            Self::NonConforming(_) => {
                let format = hints.sigmf().map(|meta| meta.sample_format(hints.sigmf_source()));
                let format = format.transpose()?.map(|value| Hint {
                    value,
                    source: hints.sigmf_source(),
                });
                Interpretation::settle("none", format, None, hints)
            }
            Self::Archive(archive) => archive.interpret(hints),
            Self::Npy(npy) => {
                let format = npy.format().map(|value| Hint {
                    value,
                    source: "npy header",
                });
                Interpretation::settle("npy", format, None, hints)
            }
            Self::Wav(wav) => wav.interpret(hints),
        }
    }

    /// Says that no more bytes come. What was held back can be peeled off afterwards, from empty input.
    pub(crate) fn end(&mut self) -> Result<(), Error> {
        match self {
            Self::Raw => Ok(()),
            Self::NonConforming(dataset) => dataset.finish(),
            Self::Archive(archive) => archive.end(),
            Self::Npy(npy) => npy.finish(),
            Self::Wav(wav) => wav.end(),
        }
    }

    /// Whether an object that ends inside a sample is merely odd: the header says what the samples are, so
    /// that a wrong format cannot be the reason.
    pub(crate) fn allows_partial_sample(&self) -> bool {
        match self {
            Self::Raw | Self::NonConforming(_) | Self::Archive(_) | Self::Npy(_) => false,
            Self::Wav(_) => true,
        }
    }

    /// Adds what the object said beside the samples.
    pub(crate) fn fill(self, info: &mut RecordingInfo) {
        match self {
            Self::Raw | Self::NonConforming(_) | Self::Npy(_) => {}
            Self::Archive(archive) => archive.fill(info),
            Self::Wav(wav) => wav.fill(info),
        }
    }

    /// The `SigMF` metadata that were found inside.
    pub(crate) fn sigmf(&self) -> Option<&Sigmf> {
        match self {
            Self::Archive(archive) => archive.meta(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_recording_is_called_by_its_name() {
        let page = b"  <!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head></html>";
        for (head, name) in [
            (&page[..], "an HTML page"),
            (
                b"<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>NoSuchKey</Code>",
                "an XML document",
            ),
            (b"{\"error\": \"station is busy\"}", "a JSON document"),
            (b"\x89HDF\r\n\x1a\n\0\0\0\0\0\0\0\0\0\0", "an HDF5 file"),
            (b"RIFX\0\0\0\x24WAVEfmt \0\0\0\x10", "a big-endian WAV file (RIFX)"),
            (
                b"RIFF\x24\0\0\0AVI LIST\x10\0\0\0",
                "a RIFF file without WAVE in it (AVI, WebP and others are)",
            ),
        ] {
            let found = Container::sniff(head, &Hints::default()).unwrap_err();
            assert_eq!(found, Error::NotARecording { looks_like: name });
        }
    }

    #[test]
    fn samples_that_begin_like_a_signature_are_still_samples() {
        for head in [
            &b"<htm"[..],
            b"",
            b"BZ",
            &[0; SNIFF_BYTES],
            b"\x1f\x8b\x09\x00\0\0\0\0\0\0\0\0\0\0\0\0\0",
        ] {
            assert!(matches!(Container::sniff(head, &Hints::default()), Ok(Container::Raw)));
        }
    }
}
