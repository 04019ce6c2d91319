//! The `fmt` chunk: sample format and rate.

use super::bytes::u32_at;
use crate::format::SampleFormat;

/// The bytes that are read: all of the extensible form.
pub(super) const MAX_BYTES: usize = 40;
/// The form without extension.
const MIN_BYTES: usize = 16;

const PCM: u16 = 1;
const FLOAT: u16 = 3;
const EXTENSIBLE: u16 = 0xFFFE;
/// In the sub-format of an extensible header, the bytes after the number of the format: the rest of
/// the base GUID of RFC 2361.
const GUID_TAIL: [u8; 14] = [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71];

/// What the header says about the samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Layout {
    pub format: SampleFormat,
    /// Zero if the header does not say.
    pub sample_rate_hz: f64,
}

impl Layout {
    /// Reads the first bytes of the chunk. The error says why its samples cannot be read.
    pub(super) fn parse(body: &[u8]) -> Result<Self, String> {
        if body.len() < MIN_BYTES {
            return Err(format!(
                "the fmt chunk has {} bytes, at least {MIN_BYTES} are needed",
                body.len()
            ));
        }
        let u16_at = |at: usize| u16::from_le_bytes([body[at], body[at + 1]]);
        let (mut tag, channels, block_bytes, bits) = (u16_at(0), u16_at(2), u16_at(12), u16_at(14));
        if tag == EXTENSIBLE {
            if body.len() < MAX_BYTES {
                return Err(format!(
                    "an extensible fmt chunk has {MAX_BYTES} bytes, this one {}",
                    body.len()
                ));
            }
            tag = u16_at(24);
            if body[26..MAX_BYTES] != GUID_TAIL {
                return Err(format!("the sub-format {tag:#06x} is not one of WAVE's"));
            }
        }
        match channels {
            2 => {}
            1 => return Err("1 channel: IQ takes two, left is I and right is Q".to_owned()),
            _ => return Err(format!("{channels} channels: IQ takes two, left is I and right is Q")),
        }
        let format = match (tag, bits) {
            (PCM, 8) => SampleFormat::Cu8,
            (PCM, 16) => SampleFormat::Ci16Le,
            (PCM, 24) => SampleFormat::Ci24Le,
            (PCM, 32) => SampleFormat::Ci32Le,
            (FLOAT, 32) => SampleFormat::Cf32Le,
            (FLOAT, 64) => SampleFormat::Cf64Le,
            _ => {
                return Err(format!(
                    "{bits} bits of {} (format {tag:#06x}): PCM of 8, 16, 24 or 32 bits and float of 32 or 64 are read",
                    name_of(tag)
                ));
            }
        };
        if usize::from(block_bytes) != format.sample_bytes() {
            return Err(format!(
                "a pair of {bits}-bit samples takes {} bytes, not {block_bytes}",
                format.sample_bytes()
            ));
        }
        Ok(Self {
            format,
            sample_rate_hz: f64::from(u32_at(body, 4)),
        })
    }
}

/// Names of usual encodings, from the list in RFC 2361.
fn name_of(tag: u16) -> &'static str {
    match tag {
        PCM => "PCM",
        FLOAT => "float",
        0x0002 => "Microsoft ADPCM",
        0x0006 => "A-law",
        0x0007 => "mu-law",
        0x0011 => "IMA ADPCM",
        0x0031 => "GSM 6.10",
        0x0040 => "G.721 ADPCM",
        0x0050 => "MPEG",
        0x0055 => "MP3",
        0x00FF => "AAC",
        0x0161 => "Windows Media Audio",
        0xF1AC => "FLAC",
        _ => "an unknown encoding",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(tag: u16, channels: u16, bits: u16) -> Vec<u8> {
        let block = channels * bits.div_ceil(8);
        let mut bytes = [tag.to_le_bytes(), channels.to_le_bytes()].concat();
        bytes.extend(48_000_u32.to_le_bytes());
        bytes.extend((48_000 * u32::from(block)).to_le_bytes());
        bytes.extend(block.to_le_bytes());
        bytes.extend(bits.to_le_bytes());
        bytes
    }

    fn extensible(sub_format: u16, bits: u16, tail: [u8; 14]) -> Vec<u8> {
        let mut bytes = chunk(EXTENSIBLE, 2, bits);
        bytes.extend(22_u16.to_le_bytes());
        bytes.extend(bits.to_le_bytes());
        bytes.extend(3_u32.to_le_bytes());
        bytes.extend(sub_format.to_le_bytes());
        bytes.extend(tail);
        bytes
    }

    #[test]
    fn every_format_is_read_in_both_forms() {
        for (tag, bits, format) in [
            (PCM, 8, SampleFormat::Cu8),
            (PCM, 16, SampleFormat::Ci16Le),
            (PCM, 24, SampleFormat::Ci24Le),
            (PCM, 32, SampleFormat::Ci32Le),
            (FLOAT, 32, SampleFormat::Cf32Le),
            (FLOAT, 64, SampleFormat::Cf64Le),
        ] {
            let expected = Layout {
                format,
                sample_rate_hz: 48_000.0,
            };
            assert_eq!(Layout::parse(&chunk(tag, 2, bits)), Ok(expected));
            assert_eq!(Layout::parse(&extensible(tag, bits, GUID_TAIL)), Ok(expected));
        }
    }

    #[test]
    fn a_layout_that_is_no_iq_is_refused_by_name_and_number() {
        let of = |body: &[u8]| Layout::parse(body).unwrap_err();
        assert_eq!(
            of(&chunk(PCM, 1, 16)),
            "1 channel: IQ takes two, left is I and right is Q"
        );
        assert_eq!(
            of(&chunk(PCM, 6, 16)),
            "6 channels: IQ takes two, left is I and right is Q"
        );
        let only = "PCM of 8, 16, 24 or 32 bits and float of 32 or 64 are read";
        for (tag, bits, name) in [
            (0x0002, 4, "Microsoft ADPCM (format 0x0002)"),
            (0x0006, 8, "A-law (format 0x0006)"),
            (0x0007, 8, "mu-law (format 0x0007)"),
            (0x0011, 4, "IMA ADPCM (format 0x0011)"),
            (0x0055, 0, "MP3 (format 0x0055)"),
            (0x4242, 16, "an unknown encoding (format 0x4242)"),
            (PCM, 12, "PCM (format 0x0001)"),
            (FLOAT, 16, "float (format 0x0003)"),
        ] {
            assert_eq!(of(&chunk(tag, 2, bits)), format!("{bits} bits of {name}: {only}"));
        }
        assert!(of(&extensible(0x0007, 8, GUID_TAIL)).contains("mu-law"));
        assert_eq!(
            of(&extensible(PCM, 16, [1; 14])),
            "the sub-format 0x0001 is not one of WAVE's"
        );
        let mut padded = chunk(PCM, 2, 24);
        padded[12] = 8;
        assert_eq!(of(&padded), "a pair of 24-bit samples takes 6 bytes, not 8");
    }

    #[test]
    fn a_truncated_chunk_is_refused_with_its_length() {
        let whole = extensible(PCM, 16, GUID_TAIL);
        for length in 0..whole.len() {
            let problem = Layout::parse(&whole[..length]).unwrap_err();
            assert!(problem.contains(&format!("{length}")), "{problem}");
        }
    }
}
