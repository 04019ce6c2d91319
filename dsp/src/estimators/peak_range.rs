//! The most negative and the most positive component of samples.

use rustfft::num_complex::Complex32;

use crate::simd::dispatch;

/// The range of the components of some samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct PeakRange {
    /// The most negative component, or zero.
    pub low: f32,
    /// The most positive component, or zero.
    pub high: f32,
}

impl PeakRange {
    /// The larger magnitude of both; infinity for NaN and infinity.
    pub(crate) fn largest(self) -> f32 {
        let size = |value: f32| value.to_bits() & !SIGN;
        f32::from_bits(size(self.low).max(size(self.high)).min(f32::INFINITY.to_bits()))
    }

    /// The range of samples without NaN or infinity.
    pub(crate) fn of(samples: &[Complex32]) -> Self {
        dispatch!(peak_range(samples: &'a [Complex32]) -> PeakRange)
    }
}

const SIGN: u32 = 1 << 31;

/// Compares the bits of the floats. As signed integers, the largest is the most positive float; as
/// unsigned integers, the largest is the most negative float.
#[inline(always)]
fn peak_range(samples: &[Complex32]) -> PeakRange {
    let (mut signed, mut unsigned) = (0_i32, 0_u32);
    for sample in samples {
        let (re, im) = (sample.re.to_bits(), sample.im.to_bits());
        signed = signed.max(re.cast_signed()).max(im.cast_signed());
        unsigned = unsigned.max(re).max(im);
    }
    PeakRange {
        high: f32::from_bits(signed.cast_unsigned()),
        low: if unsigned & SIGN == 0 {
            0.0
        } else {
            f32::from_bits(unsigned)
        },
    }
}
