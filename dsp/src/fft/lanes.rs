//! Transposition of sixteen registers of sixteen numbers, and splitting and joining of complex
//! numbers.

use pulp::x86::V4;
use pulp::{cast, f32x16};

use super::butterfly::{Complexes, LANES};

/// Splits sixteen complex numbers into real and imaginary parts.
#[inline(always)]
pub(super) fn deinterleave(simd: V4, [a, b]: [f32x16; 2]) -> Complexes {
    const RE: [i32; LANES] = [0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30];
    const IM: [i32; LANES] = [1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31];
    Complexes {
        re: pick(simd, RE, a, b),
        im: pick(simd, IM, a, b),
    }
}

/// The reverse of [`deinterleave`].
#[inline(always)]
pub(super) fn interleave(simd: V4, numbers: Complexes) -> [f32x16; 2] {
    const LOW: [i32; LANES] = [0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23];
    const HIGH: [i32; LANES] = [8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31];
    let (re, im) = (numbers.re, numbers.im);
    [pick(simd, LOW, re, im), pick(simd, HIGH, re, im)]
}

#[inline(always)]
fn pick(simd: V4, at: [i32; LANES], a: f32x16, b: f32x16) -> f32x16 {
    cast(simd.avx512f._mm512_permutex2var_ps(cast(a), cast(at), cast(b)))
}

/// Number `i` of register `k` becomes number `k` of register `i`.
#[inline(always)]
pub(super) fn transpose(simd: V4, registers: [f32x16; LANES]) -> [f32x16; LANES] {
    let avx = simd.avx512f;
    // Interleaves the numbers of two registers, then of four; then exchanges quarters of registers.
    let mut pairs = registers;
    for i in 0..LANES / 2 {
        let (a, b) = (cast(registers[2 * i]), cast(registers[2 * i + 1]));
        pairs[2 * i] = cast(avx._mm512_unpacklo_ps(a, b));
        pairs[2 * i + 1] = cast(avx._mm512_unpackhi_ps(a, b));
    }
    let mut fours = pairs;
    for i in 0..LANES / 4 {
        for half in 0..2 {
            let (a, b) = (cast(pairs[4 * i + half]), cast(pairs[4 * i + 2 + half]));
            fours[4 * i + 2 * half] = cast(avx._mm512_unpacklo_pd(a, b));
            fours[4 * i + 2 * half + 1] = cast(avx._mm512_unpackhi_pd(a, b));
        }
    }
    let mut transposed = fours;
    for i in 0..LANES / 4 {
        let [a, b, c, d] = [fours[i], fours[4 + i], fours[8 + i], fours[12 + i]];
        let (even, odd) = (quarters::<0x88>(simd, a, b), quarters::<0xdd>(simd, a, b));
        let (even_after, odd_after) = (quarters::<0x88>(simd, c, d), quarters::<0xdd>(simd, c, d));
        transposed[i] = quarters::<0x88>(simd, even, even_after);
        transposed[4 + i] = quarters::<0x88>(simd, odd, odd_after);
        transposed[8 + i] = quarters::<0xdd>(simd, even, even_after);
        transposed[12 + i] = quarters::<0xdd>(simd, odd, odd_after);
    }
    transposed
}

/// Two quarters of each register.
#[inline(always)]
fn quarters<const WHICH: i32>(simd: V4, a: f32x16, b: f32x16) -> f32x16 {
    cast(simd.avx512f._mm512_shuffle_f32x4::<WHICH>(cast(a), cast(b)))
}
