//! Recognises the file format from the first bytes, and returns the bytes of the samples as they
//! arrive.

pub(crate) mod archive;
mod non_conforming;
mod npy;
pub(crate) mod payload;
mod rtl_tcp;
mod sdriq;
mod tar_headers;
mod wav;

use std::borrow::Cow;

use crate::error::Error;
use crate::format::SampleFormat;
use crate::input::{Hint, Hints, Interpretation, Sigmf};
use crate::plausibility::magic;
use crate::recording_info::{Anomaly, RecordingInfo};
use archive::Archive;
use non_conforming::NonConformingDataset;
use npy::Npy;
use payload::Payload;
use rtl_tcp::RtlTcp;
use sdriq::Sdriq;
use wav::Wav;

/// Bytes needed to recognise the container: enough for every signature.
pub(crate) const SNIFF_BYTES: usize = tar_headers::BLOCK_BYTES;

/// Reads the samples out of a container.
#[derive(Debug)]
pub(crate) enum Container {
    /// Samples from the first byte to the last.
    Raw,
    /// The same, of which the caller knows the format.
    Samples,
    /// Samples with other bytes between them, which `SigMF` metadata describe.
    NonConforming(NonConformingDataset),
    /// A `SigMF` archive.
    Archive(Box<Archive>),
    /// A `NumPy` array.
    Npy(Npy),
    /// A file of `SDRangel`.
    Sdriq(Sdriq),
    /// A WAV file.
    Wav(Box<Wav>),
    /// A stored stream of `rtl_tcp`.
    RtlTcp(RtlTcp),
}

impl Container {
    /// Recognises the container. `head` is the first [`SNIFF_BYTES`], or the whole object if it is
    /// shorter.
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
        if let Some(sdriq) = Sdriq::sniff(head)? {
            return Ok(Self::Sdriq(sdriq));
        }
        match (magic::recognise(head), hints.sigmf()) {
            // Metadata can describe headers of GNU Radio.
            (None | Some(magic::GNU_RADIO), Some(meta)) if meta.is_non_conforming() => {
                let format = meta.sample_format(hints.sigmf_source())?;
                Ok(Self::NonConforming(NonConformingDataset::new(
                    meta,
                    format,
                    hints.object_bytes,
                    false,
                )?))
            }
            (Some(looks_like), _) => Err(Error::NotARecording { looks_like }),
            (None, _) => Ok(RtlTcp::sniff(head).map_or(Self::Raw, Self::RtlTcp)),
        }
    }

    /// Takes bytes from the front of `input`. Returns the next payload, or `None` once all of
    /// `input` is taken.
    pub(crate) fn decode<'a>(&mut self, input: &mut &'a [u8]) -> Result<Option<Payload<'a>>, Error> {
        let payload = match self {
            Self::Raw | Self::Samples => Some(std::mem::take(input)).filter(|payload| !payload.is_empty()),
            Self::NonConforming(dataset) => return Ok(dataset.decode(input)),
            Self::Archive(archive) => return archive.decode(input),
            Self::Npy(npy) => npy.decode(input)?,
            Self::RtlTcp(stream) => stream.decode(input),
            Self::Sdriq(sdriq) => return Ok(sdriq.decode(input)),
            Self::Wav(wav) => return wav.decode(input),
        };
        Ok(payload.map(|payload| Payload::Samples(Cow::Borrowed(payload))))
    }

    /// How the samples are to be read. Call it after `decode` has returned a payload, or at the
    /// end.
    pub(crate) fn interpret(&self, hints: &Hints) -> Result<Interpretation, Error> {
        match self {
            Self::Raw => Interpretation::settle("none", None, None, hints),
            Self::Samples => Interpretation::settle("array", None, None, hints),
            // The metadata count in samples of their own format, so no other format can be used.
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
            Self::Sdriq(sdriq) => sdriq.interpret(hints),
            Self::Wav(wav) => wav.interpret(hints),
            // The header does not name the format, and other servers send other formats.
            Self::RtlTcp(_) => {
                let usual = Hint {
                    value: SampleFormat::Cu8,
                    source: "rtl_tcp header",
                };
                let format = (!hints.names_samples()).then_some(usual);
                Interpretation::settle("rtl_tcp", format, None, hints)
            }
        }
    }

    /// Must be called after the last byte. Then `decode` with empty input returns what was held
    /// back.
    pub(crate) fn end(&mut self) -> Result<(), Error> {
        match self {
            Self::Raw | Self::Samples | Self::RtlTcp(_) | Self::Sdriq(_) => Ok(()),
            Self::NonConforming(dataset) => dataset.finish(),
            Self::Archive(archive) => archive.end(),
            Self::Npy(npy) => npy.finish(),
            Self::Wav(wav) => wav.end(),
        }
    }

    /// Whether an object may end inside a sample. Not if the reason may be a wrong format; the
    /// header of WAV and `SDRangel` excludes that.
    pub(crate) fn allows_partial_sample(&self) -> bool {
        match self {
            Self::Raw | Self::Samples | Self::NonConforming(_) | Self::Archive(_) | Self::Npy(_) | Self::RtlTcp(_) => {
                false
            }
            Self::Sdriq(_) | Self::Wav(_) => true,
        }
    }

    /// Adds what the object says apart from its samples.
    pub(crate) fn fill(self, info: &mut RecordingInfo) {
        match self {
            Self::Raw | Self::Samples | Self::NonConforming(_) | Self::Npy(_) => {}
            Self::Archive(archive) => archive.fill(info),
            Self::Sdriq(sdriq) => sdriq.fill(info),
            Self::Wav(wav) => wav.fill(info),
            Self::RtlTcp(_) => info.add_anomaly(Anomaly::HeaderSkipped {
                header: "rtl_tcp",
                bytes: rtl_tcp::HEADER_BYTES as u64,
            }),
        }
    }

    /// The `SigMF` metadata of an archive.
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
    fn an_object_that_is_no_recording_is_named() {
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
