//! Operations on registers that `pulp` does not have for every set of instructions.

use std::any::Any;

use bytemuck::cast;
use pulp::Simd;
#[cfg(target_arch = "x86_64")]
use pulp::x86::{V3, V4};
use rustfft::num_complex::Complex32;

use super::MAX_LANES;
#[cfg(target_arch = "x86_64")]
use super::lanes::Lanes;

/// The token of these instructions, if `simd` is it. The compiler knows the answer.
#[inline(always)]
fn token<T: Simd>(simd: impl Simd) -> Option<T> {
    (&simd as &dyn Any).downcast_ref::<T>().copied()
}

/// Pairs of registers of complex numbers, from the first on. The rest is left out.
#[inline(always)]
pub(crate) fn pairs<S: Simd>(numbers: &[Complex32]) -> &[[S::f32s; 2]] {
    S::as_simd_f32s(bytemuck::cast_slice(numbers)).0.as_chunks().0
}

/// Splits complex numbers into real and imaginary parts.
#[inline(always)]
pub(crate) fn deinterleave<S: Simd>(simd: S, pair: [S::f32s; 2]) -> [S::f32s; 2] {
    #[cfg(target_arch = "x86_64")]
    {
        if let Some(simd) = token::<V4>(simd) {
            let parts = simd.deinterleave(cast(pair));
            return [cast(parts.re), cast(parts.im)];
        }
        if let Some(simd) = token::<V3>(simd) {
            let parts = simd.deinterleave(cast(pair));
            return [cast(parts.re), cast(parts.im)];
        }
    }
    let numbers: &[f32] = bytemuck::cast_slice(&pair);
    let mut parts = [simd.splat_f32s(0.0); 2];
    let [re, im] = &mut parts;
    let (re, im): (&mut [f32], &mut [f32]) = (
        bytemuck::cast_slice_mut(std::slice::from_mut(re)),
        bytemuck::cast_slice_mut(std::slice::from_mut(im)),
    );
    for ((number, re), im) in numbers.as_chunks::<2>().0.iter().zip(re).zip(im) {
        [*re, *im] = *number;
    }
    parts
}

/// The numbers from the last to the first.
#[inline(always)]
pub(crate) fn reverse<S: Simd>(simd: S, numbers: S::f32s) -> S::f32s {
    #[cfg(target_arch = "x86_64")]
    {
        if let Some(simd) = token::<V4>(simd) {
            return cast(simd.reverse(cast(numbers)));
        }
        if let Some(simd) = token::<V3>(simd) {
            return cast(simd.reverse(cast(numbers)));
        }
    }
    let mut reversed = numbers;
    let lanes: &mut [f32] = bytemuck::cast_slice_mut(std::slice::from_mut(&mut reversed));
    lanes.reverse();
    reversed
}

/// A bit for each lane, the lowest for the first.
#[inline(always)]
pub(crate) fn bits<S: Simd>(simd: S, mask: S::m32s) -> u32 {
    #[cfg(target_arch = "x86_64")]
    {
        if token::<V4>(simd).is_some() {
            let pulp::b16(bits) = bytemuck::checked::cast(mask);
            return u32::from(bits);
        }
        if let Some(simd) = token::<V3>(simd) {
            let mask: pulp::u32x8 = bytemuck::checked::cast(mask);
            return simd.avx._mm256_movemask_ps(pulp::cast(mask)).cast_unsigned();
        }
    }
    let ones = simd.select_u32s(mask, simd.splat_u32s(1), simd.splat_u32s(0));
    let mut lanes = [0; MAX_LANES];
    S::as_mut_simd_u32s(&mut lanes[..S::F32_LANES]).0[0] = ones;
    lanes
        .iter()
        .enumerate()
        .fold(0, |bits, (lane, one)| bits | (one << lane))
}
