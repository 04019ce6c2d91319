//! Exchanging numbers within and between registers: what differs from one set of instructions to
//! the next.

use pulp::x86::{V3, V4};
use pulp::{Simd, cast, f32x8, f32x16};

/// Complex numbers, one in each lane: real and imaginary parts in a register each.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub(crate) struct Complexes<S: Simd> {
    pub re: S::f32s,
    pub im: S::f32s,
}

/// Registers whose numbers can be exchanged.
pub(crate) trait Lanes: Simd {
    /// As many registers as a register has numbers.
    type Square: Copy + AsRef<[Self::f32s]> + AsMut<[Self::f32s]>;

    /// Zeros.
    fn square(self) -> Self::Square;

    /// Splits complex numbers into real and imaginary parts.
    fn deinterleave(self, pair: [Self::f32s; 2]) -> Complexes<Self>;

    /// The reverse of [`Lanes::deinterleave`].
    fn interleave(self, numbers: Complexes<Self>) -> [Self::f32s; 2];

    /// Number `i` of register `k` becomes number `k` of register `i`.
    fn transpose(self, square: Self::Square) -> Self::Square;

    /// The numbers from the last to the first.
    fn reverse(self, numbers: Self::f32s) -> Self::f32s;
}

impl Lanes for V4 {
    type Square = [f32x16; 16];

    #[inline(always)]
    fn square(self) -> Self::Square {
        [self.splat_f32s(0.0); 16]
    }

    #[inline(always)]
    fn deinterleave(self, [a, b]: [f32x16; 2]) -> Complexes<Self> {
        const RE: [i32; 16] = [0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30];
        const IM: [i32; 16] = [1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31];
        Complexes {
            re: pick(self, RE, a, b),
            im: pick(self, IM, a, b),
        }
    }

    #[inline(always)]
    fn interleave(self, numbers: Complexes<Self>) -> [f32x16; 2] {
        const LOW: [i32; 16] = [0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23];
        const HIGH: [i32; 16] = [8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31];
        let (re, im) = (numbers.re, numbers.im);
        [pick(self, LOW, re, im), pick(self, HIGH, re, im)]
    }

    #[inline(always)]
    fn transpose(self, square: Self::Square) -> Self::Square {
        let avx = self.avx512f;
        // Interleaves the numbers of two registers, then of four; then exchanges quarters of registers.
        let mut pairs = square;
        for i in 0..8 {
            let (a, b) = (cast(square[2 * i]), cast(square[2 * i + 1]));
            pairs[2 * i] = cast(avx._mm512_unpacklo_ps(a, b));
            pairs[2 * i + 1] = cast(avx._mm512_unpackhi_ps(a, b));
        }
        let mut fours = pairs;
        for i in 0..4 {
            for half in 0..2 {
                let (a, b) = (cast(pairs[4 * i + half]), cast(pairs[4 * i + 2 + half]));
                fours[4 * i + 2 * half] = cast(avx._mm512_unpacklo_pd(a, b));
                fours[4 * i + 2 * half + 1] = cast(avx._mm512_unpackhi_pd(a, b));
            }
        }
        let mut transposed = fours;
        for i in 0..4 {
            let [a, b, c, d] = [fours[i], fours[4 + i], fours[8 + i], fours[12 + i]];
            let (even, odd) = (quarters::<0x88>(self, a, b), quarters::<0xdd>(self, a, b));
            let (even_after, odd_after) = (quarters::<0x88>(self, c, d), quarters::<0xdd>(self, c, d));
            transposed[i] = quarters::<0x88>(self, even, even_after);
            transposed[4 + i] = quarters::<0x88>(self, odd, odd_after);
            transposed[8 + i] = quarters::<0xdd>(self, even, even_after);
            transposed[12 + i] = quarters::<0xdd>(self, odd, odd_after);
        }
        transposed
    }

    #[inline(always)]
    fn reverse(self, numbers: f32x16) -> f32x16 {
        const BACK: [i32; 16] = [15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0];
        cast(self.avx512f._mm512_permutexvar_ps(cast(BACK), cast(numbers)))
    }
}

#[inline(always)]
fn pick(simd: V4, at: [i32; 16], a: f32x16, b: f32x16) -> f32x16 {
    cast(simd.avx512f._mm512_permutex2var_ps(cast(a), cast(at), cast(b)))
}

/// Two quarters of each register.
#[inline(always)]
fn quarters<const WHICH: i32>(simd: V4, a: f32x16, b: f32x16) -> f32x16 {
    cast(simd.avx512f._mm512_shuffle_f32x4::<WHICH>(cast(a), cast(b)))
}

impl Lanes for V3 {
    type Square = [f32x8; 8];

    #[inline(always)]
    fn square(self) -> Self::Square {
        [self.splat_f32s(0.0); 8]
    }

    #[inline(always)]
    fn deinterleave(self, [a, b]: [f32x8; 2]) -> Complexes<Self> {
        // The halves of the registers stay apart: 0 1 4 5 | 2 3 6 7.
        let re = self.avx._mm256_shuffle_ps::<0x88>(cast(a), cast(b));
        let im = self.avx._mm256_shuffle_ps::<0xdd>(cast(a), cast(b));
        Complexes {
            re: cast(self.avx2._mm256_permute4x64_pd::<0xd8>(cast(re))),
            im: cast(self.avx2._mm256_permute4x64_pd::<0xd8>(cast(im))),
        }
    }

    #[inline(always)]
    fn interleave(self, numbers: Complexes<Self>) -> [f32x8; 2] {
        let (re, im) = (cast(numbers.re), cast(numbers.im));
        let (low, high) = (self.avx._mm256_unpacklo_ps(re, im), self.avx._mm256_unpackhi_ps(re, im));
        [
            cast(self.avx._mm256_permute2f128_ps::<0x20>(low, high)),
            cast(self.avx._mm256_permute2f128_ps::<0x31>(low, high)),
        ]
    }

    #[inline(always)]
    fn transpose(self, square: Self::Square) -> Self::Square {
        let avx = self.avx;
        let mut pairs = square;
        for i in 0..4 {
            let (a, b) = (cast(square[2 * i]), cast(square[2 * i + 1]));
            pairs[2 * i] = cast(avx._mm256_unpacklo_ps(a, b));
            pairs[2 * i + 1] = cast(avx._mm256_unpackhi_ps(a, b));
        }
        let mut fours = pairs;
        for i in 0..2 {
            for half in 0..2 {
                let (a, b) = (cast(pairs[4 * i + half]), cast(pairs[4 * i + 2 + half]));
                fours[4 * i + 2 * half] = cast(avx._mm256_unpacklo_pd(a, b));
                fours[4 * i + 2 * half + 1] = cast(avx._mm256_unpackhi_pd(a, b));
            }
        }
        let mut transposed = fours;
        for i in 0..4 {
            let (a, b) = (cast(fours[i]), cast(fours[4 + i]));
            transposed[i] = cast(avx._mm256_permute2f128_ps::<0x20>(a, b));
            transposed[4 + i] = cast(avx._mm256_permute2f128_ps::<0x31>(a, b));
        }
        transposed
    }

    #[inline(always)]
    fn reverse(self, numbers: f32x8) -> f32x8 {
        const BACK: [i32; 8] = [7, 6, 5, 4, 3, 2, 1, 0];
        cast(self.avx2._mm256_permutevar8x32_ps(cast(numbers), cast(BACK)))
    }
}
