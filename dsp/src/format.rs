use std::fmt;
use std::str::FromStr;

use rustfft::num_complex::Complex32;
use serde::{Deserialize, Serialize};

/// How one complex sample is laid out, I before Q. Named as in the `SigMF` core specification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SampleFormat {
    /// Two little-endian 32-bit floats.
    Cf32Le,
    /// Two little-endian 64-bit floats.
    Cf64Le,
}

/// The widest sample of any format, in bytes.
pub(crate) const MAX_SAMPLE_BYTES: usize = 16;

impl SampleFormat {
    /// All formats.
    pub const ALL: [Self; 2] = [Self::Cf32Le, Self::Cf64Le];

    /// The name, as in `iq_format`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cf32Le => "cf32_le",
            Self::Cf64Le => "cf64_le",
        }
    }

    /// Bytes of one complex sample.
    #[must_use]
    pub const fn sample_bytes(self) -> usize {
        match self {
            Self::Cf32Le => 8,
            Self::Cf64Le => 16,
        }
    }

    /// Appends the samples in `bytes` to `samples`. A rest shorter than one sample is ignored.
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
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "rounding is meant; what overflows becomes infinite and is refused"
)]
fn narrow(bytes: [u8; 8]) -> f32 {
    f64::from_le_bytes(bytes) as f32
}

impl fmt::Display for SampleFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The text names no format known here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown sample format {name:?}; known are cf32_le, cf64_le")]
pub struct UnknownFormat {
    /// What was given.
    pub name: String,
}

impl FromStr for SampleFormat {
    type Err = UnknownFormat;

    /// Takes the `SigMF` name, and `NumPy`'s for the same thing; case does not matter.
    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        match name.trim().to_ascii_lowercase().as_str() {
            "cf32_le" | "cf32" | "complex64" => Ok(Self::Cf32Le),
            "cf64_le" | "cf64" | "complex128" => Ok(Self::Cf64Le),
            _ => Err(UnknownFormat { name: name.to_owned() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_survives_the_way_to_text_and_back() {
        for format in SampleFormat::ALL {
            assert_eq!(format.to_string().parse(), Ok(format));
            assert_eq!(serde_json::to_value(format).unwrap(), format.name());
            assert!(format.sample_bytes() <= MAX_SAMPLE_BYTES);
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
}
