//! Layouts of a sample, and their names.

pub(crate) mod claim;
pub(crate) mod names;
mod number;

use std::fmt;

use bytemuck::try_cast_slice;
use rustfft::num_complex::Complex32;
use serde::{Deserialize, Serialize};

use number::{ByteOrder, Components, Number};

/// Declares the formats once: the variants, the names, and what a sample consists of.
macro_rules! formats {
    ($($(#[$doc:meta])* $variant:ident = $name:literal: $parts:ident $number:ident $order:ident,)*) => {
        /// Layout of one sample: I before Q, or one real number. Named as in the `SigMF` core
        /// specification, which lacks `ci24_le` and `sc16q11`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum SampleFormat {
            $($(#[$doc])* #[serde(rename = $name)] $variant,)*
        }

        impl SampleFormat {
            /// All formats.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name, for `iq_format`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            const fn properties(self) -> (Parts, Number, ByteOrder) {
                match self {
                    $(Self::$variant => (Parts::$parts, Number::$number, ByteOrder::$order),)*
                }
            }
        }
    };
}

formats! {
    /// Two little-endian 32-bit floats.
    Cf32Le = "cf32_le": Complex F32 Little,
    /// Two big-endian 32-bit floats.
    Cf32Be = "cf32_be": Complex F32 Big,
    /// Two little-endian 64-bit floats.
    Cf64Le = "cf64_le": Complex F64 Little,
    /// Two big-endian 64-bit floats.
    Cf64Be = "cf64_be": Complex F64 Big,
    /// Two little-endian 16-bit integers, full scale 32,768.
    Ci16Le = "ci16_le": Complex I16 Little,
    /// Two big-endian 16-bit integers, full scale 32,768.
    Ci16Be = "ci16_be": Complex I16 Big,
    /// Two little-endian 16-bit integers, full scale 2048: the 12 bits of a bladeRF.
    Sc16Q11 = "sc16q11": Complex Q11 Little,
    /// Two little-endian 24-bit integers, three bytes each, full scale 8,388,608. `SigMF` does not
    /// have it, WAV does.
    Ci24Le = "ci24_le": Complex I24 Little,
    /// Two little-endian 32-bit integers, full scale 2^31.
    Ci32Le = "ci32_le": Complex I32 Little,
    /// Two big-endian 32-bit integers, full scale 2^31.
    Ci32Be = "ci32_be": Complex I32 Big,
    /// Two little-endian unsigned 16-bit integers around 32,768.
    Cu16Le = "cu16_le": Complex U16 Little,
    /// Two big-endian unsigned 16-bit integers around 32,768.
    Cu16Be = "cu16_be": Complex U16 Big,
    /// Two little-endian unsigned 32-bit integers around 2^31.
    Cu32Le = "cu32_le": Complex U32 Little,
    /// Two big-endian unsigned 32-bit integers around 2^31.
    Cu32Be = "cu32_be": Complex U32 Big,
    /// Two signed bytes, full scale 128.
    Ci8 = "ci8": Complex I8 Little,
    /// Two unsigned bytes around 127.5, full scale 127.5.
    Cu8 = "cu8": Complex U8 Little,
    /// A little-endian 32-bit float.
    Rf32Le = "rf32_le": Real F32 Little,
    /// A big-endian 32-bit float.
    Rf32Be = "rf32_be": Real F32 Big,
    /// A little-endian 64-bit float.
    Rf64Le = "rf64_le": Real F64 Little,
    /// A big-endian 64-bit float.
    Rf64Be = "rf64_be": Real F64 Big,
    /// A little-endian 16-bit integer, full scale 32,768.
    Ri16Le = "ri16_le": Real I16 Little,
    /// A big-endian 16-bit integer, full scale 32,768.
    Ri16Be = "ri16_be": Real I16 Big,
    /// A little-endian 32-bit integer, full scale 2^31.
    Ri32Le = "ri32_le": Real I32 Little,
    /// A big-endian 32-bit integer, full scale 2^31.
    Ri32Be = "ri32_be": Real I32 Big,
    /// A little-endian unsigned 16-bit integer around 32,768.
    Ru16Le = "ru16_le": Real U16 Little,
    /// A big-endian unsigned 16-bit integer around 32,768.
    Ru16Be = "ru16_be": Real U16 Big,
    /// A little-endian unsigned 32-bit integer around 2^31.
    Ru32Le = "ru32_le": Real U32 Little,
    /// A big-endian unsigned 32-bit integer around 2^31.
    Ru32Be = "ru32_be": Real U32 Big,
    /// A signed byte, full scale 128.
    Ri8 = "ri8": Real I8 Little,
    /// An unsigned byte around 127.5, full scale 127.5.
    Ru8 = "ru8": Real U8 Little,
}

/// Bytes of the largest sample of any format.
pub(crate) const MAX_SAMPLE_BYTES: usize = 16;

/// Whether a sample has two numbers or one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Parts {
    Complex,
    Real,
}

impl SampleFormat {
    /// Bytes of one sample: of I and Q, or of one real number.
    #[must_use]
    pub const fn sample_bytes(self) -> usize {
        let (parts, number, _) = self.properties();
        match parts {
            Parts::Complex => 2 * number.bytes(),
            Parts::Real => number.bytes(),
        }
    }

    /// Whether the samples are real. They are measured as an analytic signal at half the rate.
    #[must_use]
    pub const fn is_real(self) -> bool {
        matches!(self.properties().0, Parts::Real)
    }

    /// The formula that scales a stored component `x`. Other programs divide by 32,767 or 127, or
    /// centre on 127.4 or 128.
    #[must_use]
    pub const fn scale(self) -> &'static str {
        self.properties().1.scale()
    }

    /// The smallest and the largest component of an integer format. `None` for floats, and for real
    /// samples, whose analytic signal has no such ends.
    pub(crate) const fn ends(self) -> Option<(f32, f32)> {
        match self.properties() {
            (Parts::Complex, number, _) => number.ends(),
            _ => None,
        }
    }

    /// Difference between adjacent codes of an integer format. 0 for floats.
    pub(crate) const fn step(self) -> f32 {
        self.properties().1.step()
    }

    /// For integer formats of up to 16 bits: code number = (component - second) x first.
    pub(crate) const fn codes(self) -> Option<(f32, f32)> {
        match self.properties() {
            (Parts::Complex, number, _) => number.codes(),
            _ => None,
        }
    }

    /// Whether the samples are 16-bit integers on the scale of 32,768.
    pub(crate) const fn is_16_bit_integer(self) -> bool {
        matches!(self, Self::Ci16Le | Self::Ci16Be)
    }

    /// Appends the complex samples in `bytes` to `samples`. Bytes after the last whole sample are
    /// ignored.
    pub(crate) fn decode(self, bytes: &[u8], samples: &mut Vec<Complex32>) {
        // Where the bytes are numbers of the machine already, copying is faster.
        if self == Self::Cf32Le
            && cfg!(target_endian = "little")
            && let Ok(numbers) = try_cast_slice(bytes.as_chunks::<8>().0)
        {
            samples.extend_from_slice(numbers);
            return;
        }
        let (_, number, order) = self.properties();
        number.decode(order, bytes, Components::Complex(samples));
    }

    /// Appends the real samples in `bytes` to `samples`.
    pub(crate) fn decode_real(self, bytes: &[u8], samples: &mut Vec<f32>) {
        let (_, number, order) = self.properties();
        number.decode(order, bytes, Components::Real(samples));
    }
}

impl fmt::Display for SampleFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_parsed_back_to_its_format() {
        for format in SampleFormat::ALL {
            assert_eq!(format.to_string().parse(), Ok(*format));
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
        SampleFormat::Sc16Q11.decode(&[0, 0xf8, 0xff, 7], &mut samples);
        SampleFormat::Cu16Le.decode(&[0, 0, 255, 255], &mut samples);
        SampleFormat::Cu32Le.decode(&[0, 0, 0, 0, 0, 0, 0, 0xc0], &mut samples);
        let lsb = 1.0 / 8_388_608.0;
        let expected = [
            (-1.0, 32_767.0 / 32_768.0),
            (-1.0, 0.5),
            (-1.0, 1.0),
            (-1.0, 1.0 - lsb),
            (-lsb, lsb),
            (-1.0, 0.5),
            (-1.0, 2047.0 / 2048.0),
            (-1.0, 32_767.0 / 32_768.0),
            (-1.0, 0.5),
        ];
        assert_eq!(samples, expected.map(|(re, im)| Complex32::new(re, im)));
    }

    /// The bytes of a format, and the same bytes reversed number by number in its counterpart.
    #[test]
    fn big_endian_numbers_are_the_little_endian_ones_reversed() {
        for format in SampleFormat::ALL {
            let Some(stem) = format.name().strip_suffix("_be") else {
                continue;
            };
            let little: SampleFormat = format!("{stem}_le").parse().unwrap();
            let width = format.properties().1.bytes();
            let bytes: Vec<u8> = (0..96_u8).map(|i| i.wrapping_mul(37) & 0x7f).collect();
            let reversed: Vec<u8> = bytes.chunks(width).flat_map(|n| n.iter().rev().copied()).collect();
            let (mut ours, mut expected) = (Vec::new(), Vec::new());
            format.decode_real(&bytes, &mut ours);
            little.decode_real(&reversed, &mut expected);
            assert_eq!((ours.len(), ours), (96 / width, expected), "{format}");
        }
    }
}
