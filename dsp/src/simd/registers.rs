//! Operations on registers that `pulp` does not have for every set of instructions.

#[cfg(target_arch = "x86_64")]
use std::any::Any;

use bytemuck::cast;
use pulp::Simd;
#[cfg(target_arch = "x86_64")]
use pulp::x86::{V3, V4};
#[cfg(target_arch = "x86_64")]
use pulp::{f32x8, f32x16};
use rustfft::num_complex::Complex32;

use super::MAX_LANES;
#[cfg(target_arch = "x86_64")]
use super::lanes::Lanes;

/// The token of these instructions, if `simd` is it. The compiler knows the answer.
#[cfg(target_arch = "x86_64")]
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

/// Sum of the lanes in double precision.
#[inline(always)]
pub(crate) fn total<S: Simd>(simd: S, register: S::f32s) -> f64 {
    #[cfg(target_arch = "x86_64")]
    {
        if let Some(simd) = token::<V4>(simd) {
            let register = pulp::cast(cast::<_, f32x16>(register));
            let low = simd.avx512f._mm512_castps512_ps256(register);
            let high = simd.avx512dq._mm512_extractf32x8_ps::<1>(register);
            let (low, high) = (simd.avx512f._mm512_cvtps_pd(low), simd.avx512f._mm512_cvtps_pd(high));
            return simd.reduce_sum_f64s(pulp::cast(simd.avx512f._mm512_add_pd(low, high)));
        }
        if let Some(simd) = token::<V3>(simd) {
            let register = pulp::cast(cast::<_, f32x8>(register));
            let low = simd.avx._mm256_castps256_ps128(register);
            let high = simd.avx._mm256_extractf128_ps::<1>(register);
            let (low, high) = (simd.avx._mm256_cvtps_pd(low), simd.avx._mm256_cvtps_pd(high));
            return simd.reduce_sum_f64s(pulp::cast(simd.avx._mm256_add_pd(low, high)));
        }
    }
    let lanes: &[f32] = bytemuck::cast_slice(std::slice::from_ref(&register));
    lanes.iter().map(|lane| f64::from(*lane)).sum()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn check<S: Simd>(simd: S) {
        let lanes = S::F32_LANES;
        let numbers: Vec<_> = (0..lanes)
            .map(|i| Complex32::new(i as f32, -(i as f32) - 1.0))
            .collect();
        let parts = deinterleave(simd, pairs::<S>(&numbers)[0]);
        let parts: &[f32] = bytemuck::cast_slice(&parts);
        for (i, number) in numbers.iter().enumerate() {
            assert_eq!((parts[i], parts[lanes + i]), (number.re, number.im));
        }
        let re = S::as_simd_f32s(&parts[..lanes]).0[0];
        let reversed = [reverse(simd, re)];
        let reversed: &[f32] = bytemuck::cast_slice(&reversed);
        for (i, value) in reversed.iter().enumerate() {
            assert_eq!(*value, (lanes - 1 - i) as f32);
        }
        assert_eq!(total(simd, re), (lanes * (lanes - 1) / 2) as f64);
        let is_above = simd.greater_than_f32s(re, simd.splat_f32s(1.5));
        assert_eq!(bits(simd, is_above), (u32::MAX >> (32 - lanes)) & !3);
    }

    #[test]
    fn numbers_are_where_they_belong_with_every_set_of_instructions() {
        check(pulp::Scalar);
        #[cfg(target_arch = "x86_64")]
        {
            if let Some(simd) = V3::try_new() {
                check(simd);
            }
            if let Some(simd) = V4::try_new() {
                check(simd);
            }
        }
    }
}
