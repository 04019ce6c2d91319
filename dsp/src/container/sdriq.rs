//! `SDRangel`'s `.sdriq` files: a header, and samples of 16 or 24 bits up to the end.
//!
//! The header has, little-endian: u32 sample rate, u64 centre frequency in Hz, u64 start in
//! milliseconds since 1970 (earlier versions: in seconds), u32 bits of a sample, u32 filler, u32
//! CRC-32 of these 28 bytes (`SDRangel`'s documentation of its file input). The first versions
//! wrote neither filler nor CRC. Samples of 24 bits are stored in 32 bits each.
//!
//! A header is recognised by its CRC. A header without one is recognised by its values: 16 or 24
//! bits, a rate that is read, a frequency up to 1 THz, and a start from 2014, when `SDRangel`
//! began, to 2100. If that start is in milliseconds there must be a CRC, so its header is damaged.

use std::borrow::Cow;

use super::payload::Payload;
use crate::error::Error;
use crate::format::SampleFormat;
use crate::input::{Hint, Hints, Interpretation, MAX_SAMPLE_RATE_HZ, MIN_SAMPLE_RATE_HZ};
use crate::recording_info::{Anomaly, RecordingInfo};

const NAME: &str = "sdriq";
const SOURCE: &str = "sdriq header";

/// Size of the header of the first versions.
const OLD_HEADER_BYTES: usize = 24;
/// Bytes that the CRC is computed from.
const CHECKED_BYTES: usize = 28;
const HEADER_BYTES: usize = 32;

/// Bytes of a pair of 24-bit samples as they are stored.
const WIDE_BYTES: usize = 8;

const MAX_FREQUENCY_HZ: u64 = 1_000_000_000_000;
/// The years 2014 and 2100 in seconds since 1970.
const FIRST_S: u64 = 1_388_534_400;
const LAST_S: u64 = 4_102_444_800;

/// Reads a file as it arrives.
#[derive(Debug)]
pub(crate) struct Sdriq {
    header: Header,
    /// Bytes of the header that have not arrived.
    header_left: usize,
    has_checksum: bool,
    /// The first bytes of a pair of 24-bit samples.
    partial: Vec<u8>,
    /// Bytes of whole 24-bit samples, as they are stored.
    wide_bytes: u64,
}

#[derive(Debug, Clone, Copy)]
struct Header {
    sample_rate_hz: u32,
    centre_frequency_hz: u64,
    start: u64,
    bits: u32,
}

impl Header {
    fn parse(head: &[u8]) -> Option<Self> {
        Some(Self {
            sample_rate_hz: u32_at(head, 0)?,
            centre_frequency_hz: u64_at(head, 4)?,
            start: u64_at(head, 12)?,
            bits: u32_at(head, 20)?,
        })
    }

    /// Whether the values apart from the time can only be those of a header.
    fn is_plausible(self) -> bool {
        matches!(self.bits, 16 | 24)
            && (MIN_SAMPLE_RATE_HZ..=MAX_SAMPLE_RATE_HZ).contains(&f64::from(self.sample_rate_hz))
            && self.centre_frequency_hz <= MAX_FREQUENCY_HZ
    }

    fn starts_in_s(self) -> bool {
        (FIRST_S..LAST_S).contains(&self.start)
    }

    fn starts_in_ms(self) -> bool {
        (FIRST_S..LAST_S).contains(&(self.start / 1000))
    }

    /// The start as ISO 8601, if there is one.
    fn start_time(self) -> Option<String> {
        match (self.starts_in_s(), self.starts_in_ms()) {
            (true, _) => Some(iso_8601(self.start, 0)),
            (_, true) => Some(iso_8601(self.start / 1000, self.start % 1000)),
            _ => None,
        }
    }
}

impl Sdriq {
    /// Recognises a file by its first bytes. `None` if they are those of another file.
    pub(crate) fn sniff(head: &[u8]) -> Result<Option<Self>, Error> {
        let Some(header) = Header::parse(head) else {
            return Ok(None);
        };
        let stored = u32_at(head, CHECKED_BYTES);
        let computed = head.get(..CHECKED_BYTES).map(crc32);
        if stored.is_some() && stored == computed && head.iter().any(|byte| *byte != 0) {
            if !matches!(header.bits, 16 | 24) {
                return Err(bad(format!("samples of {} bits, 16 and 24 are read", header.bits)));
            }
            return Ok(Some(Self::new(header, true)));
        }
        if !header.is_plausible() {
            return Ok(None);
        }
        if header.starts_in_s() {
            return Ok(Some(Self::new(header, false)));
        }
        match (stored, computed) {
            (Some(stored), Some(computed)) if header.starts_in_ms() => Err(bad(format!(
                "its CRC-32 is {stored:08x}, that of its bytes is {computed:08x}: the header is damaged"
            ))),
            _ => Ok(None),
        }
    }

    fn new(header: Header, has_checksum: bool) -> Self {
        Self {
            header,
            header_left: if has_checksum { HEADER_BYTES } else { OLD_HEADER_BYTES },
            has_checksum,
            partial: Vec::new(),
            wide_bytes: 0,
        }
    }

    fn is_wide(&self) -> bool {
        self.header.bits == 24
    }

    /// See [`super::Container::decode`].
    pub(crate) fn decode<'a>(&mut self, input: &mut &'a [u8]) -> Option<Payload<'a>> {
        let skipped = input.len().min(self.header_left);
        self.header_left -= skipped;
        let bytes = &std::mem::take(input)[skipped..];
        if bytes.is_empty() {
            return None;
        }
        if !self.is_wide() {
            return Some(Payload::Samples(Cow::Borrowed(bytes)));
        }
        self.partial.extend_from_slice(bytes);
        let whole = self.partial.len() - self.partial.len() % WIDE_BYTES;
        let narrow: Vec<u8> = self.partial[..whole]
            .as_chunks::<4>()
            .0
            .iter()
            .flat_map(|word| narrow(*word))
            .collect();
        self.partial.drain(..whole);
        self.wide_bytes += whole as u64;
        (!narrow.is_empty()).then_some(Payload::Samples(Cow::Owned(narrow)))
    }

    /// See [`super::Container::interpret`].
    pub(crate) fn interpret(&self, hints: &Hints) -> Result<Interpretation, Error> {
        let format = Hint {
            value: if self.is_wide() {
                SampleFormat::Ci24Le
            } else {
                SampleFormat::Ci16Le
            },
            source: SOURCE,
        };
        let rate = (self.header.sample_rate_hz > 0).then_some(Hint {
            value: f64::from(self.header.sample_rate_hz),
            source: SOURCE,
        });
        Interpretation::settle(NAME, Some(format), rate, hints)
    }

    /// See [`super::Container::fill`].
    pub(crate) fn fill(self, info: &mut RecordingInfo) {
        info.start_time = self.header.start_time();
        let frequency_hz = self.header.centre_frequency_hz;
        info.centre_frequency_hz = (frequency_hz > 0).then_some(frequency_hz as f64);
        if !self.has_checksum {
            info.add_anomaly(Anomaly::NoChecksum);
        }
        if !self.partial.is_empty() {
            info.add_anomaly(Anomaly::PartialSample {
                at_byte: self.wide_bytes,
                bytes: self.partial.len() as u64,
            });
        }
    }
}

/// The lower three bytes of a number of 24 bits that is stored in 32. One out of range becomes the
/// end of the range.
fn narrow(word: [u8; 4]) -> [u8; 3] {
    const END: i32 = 1 << 23;
    let [low, middle, high, _] = i32::from_le_bytes(word).clamp(-END, END - 1).to_le_bytes();
    [low, middle, high]
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..at + 4)?.as_array::<4>()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.get(at..at + 8)?.as_array::<8>()?))
}

fn bad(problem: String) -> Error {
    Error::Header {
        container: NAME,
        problem,
    }
}

/// CRC-32 as in Ethernet and ZIP.
fn crc32(bytes: &[u8]) -> u32 {
    let register = bytes.iter().fold(u32::MAX, |register, byte| {
        (0..8).fold(register ^ u32::from(*byte), |register, _| {
            (register >> 1) ^ (0xedb8_8320 & (register & 1).wrapping_neg())
        })
    });
    !register
}

/// A time after 1970 in UTC. The calendar is that of H. Hinnant, "chrono-Compatible Low-Level Date
/// Algorithms": years begin in March, and 400 of them have 146,097 days.
fn iso_8601(seconds: u64, ms: u64) -> String {
    let (days, second) = (seconds / 86_400 + 719_468, seconds % 86_400);
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_the_calendar() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00.007Z"),
            (951_782_400, "2000-02-29T00:00:00.007Z"),
            (1_700_000_000, "2023-11-14T22:13:20.007Z"),
            (1_735_689_599, "2024-12-31T23:59:59.007Z"),
            (4_107_542_400, "2100-03-01T00:00:00.007Z"),
        ] {
            assert_eq!(iso_8601(seconds, 7), text);
        }
    }

    #[test]
    fn numbers_of_24_bits_keep_their_value() {
        let check = |value: i32, bytes: [u8; 3]| assert_eq!(narrow(value.to_le_bytes()), bytes, "{value}");
        check(1, [1, 0, 0]);
        check(-1, [255, 255, 255]);
        check(8_388_607, [255, 255, 127]);
        check(8_388_608, [255, 255, 127]);
        check(-8_388_608, [0, 0, 128]);
        check(i32::MIN, [0, 0, 128]);
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926, "the check value of the CRC catalogue");
    }
}
