//! Layouts of a complex sample, and their names.

pub(crate) mod claim;

use std::fmt;
use std::str::FromStr;

use rustfft::num_complex::Complex32;
use serde::{Deserialize, Serialize};

/// Layout of one complex sample, I before Q. Named as in the `SigMF` core specification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SampleFormat {
    /// Two little-endian 32-bit floats.
    Cf32Le,
    /// Two little-endian 64-bit floats.
    Cf64Le,
    /// Two little-endian 16-bit integers, full scale 32,768.
    Ci16Le,
    /// Two little-endian 24-bit integers, three bytes each, full scale 8,388,608. `SigMF` does not
    /// have it, WAV does.
    Ci24Le,
    /// Two little-endian 32-bit integers, full scale 2^31.
    Ci32Le,
    /// Two signed bytes, full scale 128.
    Ci8,
    /// Two unsigned bytes around 127.5, full scale 127.5.
    Cu8,
}

/// Bytes of the largest sample of any format.
pub(crate) const MAX_SAMPLE_BYTES: usize = 16;

impl SampleFormat {
    /// All formats.
    pub const ALL: [Self; 7] = [
        Self::Cf32Le,
        Self::Cf64Le,
        Self::Ci16Le,
        Self::Ci24Le,
        Self::Ci32Le,
        Self::Ci8,
        Self::Cu8,
    ];

    /// The name, for `iq_format`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.properties().0
    }

    /// Bytes of one complex sample.
    #[must_use]
    pub const fn sample_bytes(self) -> usize {
        self.properties().1
    }

    /// The formula that scales a stored component `x`. Other programs divide by 32,767 or 127, or
    /// centre on 127.4 or 128.
    #[must_use]
    pub const fn scale(self) -> &'static str {
        self.properties().2
    }

    /// The smallest and the largest component of an integer format. `None` for floats.
    pub(crate) const fn ends(self) -> Option<(f32, f32)> {
        match self.properties().3 {
            0.0 => None,
            _ => Some((-1.0, self.properties().4)),
        }
    }

    /// Difference between adjacent codes of an integer format. 0 for floats.
    pub(crate) const fn step(self) -> f32 {
        self.properties().3
    }

    /// Name, bytes of a sample, scale, step, and the largest component of an integer format. In
    /// single precision the largest 32-bit codes are rounded to 1.
    const fn properties(self) -> (&'static str, usize, &'static str, f32, f32) {
        match self {
            Self::Cf32Le => ("cf32_le", 8, "x", 0.0, 0.0),
            Self::Cf64Le => ("cf64_le", 16, "x", 0.0, 0.0),
            Self::Ci16Le => ("ci16_le", 4, "x / 32768", 1.0 / 32_768.0, 32_767.0 / 32_768.0),
            Self::Ci24Le => (
                "ci24_le",
                6,
                "x / 8388608",
                1.0 / 8_388_608.0,
                8_388_607.0 / 8_388_608.0,
            ),
            Self::Ci32Le => ("ci32_le", 8, "x / 2147483648", 1.0 / 2_147_483_648.0, 1.0),
            Self::Ci8 => ("ci8", 2, "x / 128", 1.0 / 128.0, 127.0 / 128.0),
            Self::Cu8 => ("cu8", 2, "(x - 127.5) / 127.5", 1.0 / 127.5, 1.0),
        }
    }

    /// For integer formats of up to 16 bits: code number = (component - second) x first.
    pub(crate) const fn codes(self) -> Option<(f32, f32)> {
        match self {
            Self::Cf32Le | Self::Cf64Le | Self::Ci24Le | Self::Ci32Le => None,
            Self::Ci16Le => Some((32_768.0, -1.0)),
            Self::Ci8 => Some((128.0, -1.0)),
            Self::Cu8 => Some((127.5, -1.0)),
        }
    }

    /// Appends the samples in `bytes` to `samples`. Bytes after the last whole sample are ignored.
    pub(crate) fn decode(self, bytes: &[u8], samples: &mut Vec<Complex32>) {
        match self {
            Self::Cf32Le => samples.extend(bytes.as_chunks::<8>().0.iter().map(|b| {
                Complex32::new(
                    f32::from_le_bytes([b[0], b[1], b[2], b[3]]),
                    f32::from_le_bytes([b[4], b[5], b[6], b[7]]),
                )
            })),
            Self::Cf64Le => samples.extend(bytes.as_chunks::<16>().0.iter().map(|b| {
                Complex32::new(
                    narrow([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]]),
                    narrow([b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]]),
                )
            })),
            Self::Ci16Le => samples.extend(bytes.as_chunks::<4>().0.iter().map(|b| {
                let component = |b: [u8; 2]| f32::from(i16::from_le_bytes(b)) / 32_768.0;
                Complex32::new(component([b[0], b[1]]), component([b[2], b[3]]))
            })),
            Self::Ci24Le => samples.extend(bytes.as_chunks::<6>().0.iter().map(|b| {
                // In the upper three bytes, so that the sign is in its place.
                let component = |low, middle, high| integer([0, low, middle, high]);
                Complex32::new(component(b[0], b[1], b[2]), component(b[3], b[4], b[5]))
            })),
            Self::Ci32Le => samples.extend(
                bytes
                    .as_chunks::<8>()
                    .0
                    .iter()
                    .map(|b| Complex32::new(integer([b[0], b[1], b[2], b[3]]), integer([b[4], b[5], b[6], b[7]]))),
            ),
            Self::Ci8 => samples.extend(bytes.as_chunks::<2>().0.iter().map(|b| {
                let component = |b: u8| f32::from(b.cast_signed()) / 128.0;
                Complex32::new(component(b[0]), component(b[1]))
            })),
            Self::Cu8 => samples.extend(bytes.as_chunks::<2>().0.iter().map(|b| {
                let component = |b: u8| (f32::from(b) - 127.5) / 127.5;
                Complex32::new(component(b[0]), component(b[1]))
            })),
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "rounding is intended; an overflow becomes infinite and is refused"
)]
fn narrow(bytes: [u8; 8]) -> f32 {
    f64::from_le_bytes(bytes) as f32
}

/// A 32-bit integer over its full scale, rounded to single precision.
fn integer(bytes: [u8; 4]) -> f32 {
    i32::from_le_bytes(bytes) as f32 / 2_147_483_648.0
}

impl fmt::Display for SampleFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A text that names no known format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown sample format {name:?}; known are cf32_le, cf64_le, ci16_le, ci24_le, ci32_le, ci8, cu8")]
pub struct UnknownFormat {
    /// The text.
    pub name: String,
}

impl FromStr for SampleFormat {
    type Err = UnknownFormat;

    /// Takes the name of `SigMF`, of `NumPy` and of other programs, in any case.
    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        match name.trim().to_ascii_lowercase().as_str() {
            "cf32_le" | "cf32" | "cf32le" | "fc32" | "cfile" | "complex64" | "<c8" | "c8" | "float32" | "f32" => {
                Ok(Self::Cf32Le)
            }
            "cf64_le" | "cf64" | "cf64le" | "fc64" | "complex128" | "<c16" | "c16" | "float64" | "f64" => {
                Ok(Self::Cf64Le)
            }
            "ci16_le" | "ci16" | "ci16le" | "cs16" | "cs16le" | "sc16" | "sc16le" | "int16" | "i16" | "s16"
            | "s16le" => Ok(Self::Ci16Le),
            "ci24_le" | "ci24" | "ci24le" | "cs24" | "sc24" | "int24" | "s24le" => Ok(Self::Ci24Le),
            "ci32_le" | "ci32" | "ci32le" | "cs32" | "cs32le" | "sc32" | "sc32le" | "int32" | "i32" | "s32"
            | "s32le" => Ok(Self::Ci32Le),
            "ci8" | "cs8" | "sc8" | "int8" | "i8" | "s8" => Ok(Self::Ci8),
            "cu8" | "uc8" | "uint8" | "u8" => Ok(Self::Cu8),
            _ => Err(UnknownFormat { name: name.to_owned() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_parsed_back_to_its_format() {
        for format in SampleFormat::ALL {
            assert_eq!(format.to_string().parse(), Ok(format));
            assert_eq!(serde_json::to_value(format).unwrap(), format.name());
            assert!(format.sample_bytes() <= MAX_SAMPLE_BYTES && !format.scale().is_empty());
        }
        assert!("mp3".parse::<SampleFormat>().is_err());
    }

    #[test]
    fn samples_keep_their_order_and_value() {
        let mut samples = Vec::new();
        let floats: Vec<u8> = [1.0f32, -2.0, 0.5, 0.25].iter().flat_map(|v| v.to_le_bytes()).collect();
        SampleFormat::Cf32Le.decode(&floats, &mut samples);
        let doubles: Vec<u8> = [1.0f64, -2.0, 0.5, 0.25].iter().flat_map(|v| v.to_le_bytes()).collect();
        SampleFormat::Cf64Le.decode(&doubles, &mut samples);
        let once = [Complex32::new(1.0, -2.0), Complex32::new(0.5, 0.25)];
        assert_eq!(samples, [once, once].concat());
    }

    #[test]
    fn integers_reach_their_full_scale() {
        let mut samples = Vec::new();
        SampleFormat::Ci16Le.decode(&[0, 128, 255, 127], &mut samples);
        SampleFormat::Ci8.decode(&[128, 64], &mut samples);
        SampleFormat::Cu8.decode(&[0, 255], &mut samples);
        SampleFormat::Ci24Le.decode(&[0, 0, 128, 255, 255, 127], &mut samples);
        SampleFormat::Ci24Le.decode(&[255, 255, 255, 1, 0, 0], &mut samples);
        SampleFormat::Ci32Le.decode(&[0, 0, 0, 128, 0, 0, 0, 64], &mut samples);
        let lsb = 1.0 / 8_388_608.0;
        let expected = [
            (-1.0, 32_767.0 / 32_768.0),
            (-1.0, 0.5),
            (-1.0, 1.0),
            (-1.0, 1.0 - lsb),
            (-lsb, lsb),
            (-1.0, 0.5),
        ];
        assert_eq!(samples, expected.map(|(re, im)| Complex32::new(re, im)));
    }
}
