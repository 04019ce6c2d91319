//! Transforms of a few numbers, one column in each lane of the registers: real parts in one
//! register, imaginary parts in another.

use pulp::Simd;
use rustfft::num_complex::Complex32;

use crate::simd::lanes::Complexes;

impl<S: Simd> Complexes<S> {
    #[inline(always)]
    pub(super) fn zero(simd: S) -> Self {
        Self {
            re: simd.splat_f32s(0.0),
            im: simd.splat_f32s(0.0),
        }
    }

    #[inline(always)]
    pub(super) fn times(self, simd: S, by: Self) -> Self {
        Self {
            re: simd.negate_mul_add_f32s(self.im, by.im, simd.mul_f32s(self.re, by.re)),
            im: simd.mul_add_f32s(self.im, by.re, simd.mul_f32s(self.re, by.im)),
        }
    }

    #[inline(always)]
    pub(super) fn times_number(self, simd: S, by: Complex32) -> Self {
        let (re, im) = (simd.splat_f32s(by.re), simd.splat_f32s(by.im));
        self.times(simd, Self { re, im })
    }

    #[inline(always)]
    fn plus(self, simd: S, other: Self) -> Self {
        Self {
            re: simd.add_f32s(self.re, other.re),
            im: simd.add_f32s(self.im, other.im),
        }
    }

    #[inline(always)]
    fn minus(self, simd: S, other: Self) -> Self {
        Self {
            re: simd.sub_f32s(self.re, other.re),
            im: simd.sub_f32s(self.im, other.im),
        }
    }

    /// `self - i other`.
    #[inline(always)]
    fn minus_i(self, simd: S, other: Self) -> Self {
        Self {
            re: simd.add_f32s(self.re, other.im),
            im: simd.sub_f32s(self.im, other.re),
        }
    }

    /// `self + i other`.
    #[inline(always)]
    fn plus_i(self, simd: S, other: Self) -> Self {
        Self {
            re: simd.sub_f32s(self.re, other.im),
            im: simd.add_f32s(self.im, other.re),
        }
    }

    #[inline(always)]
    fn scaled(self, simd: S, by: f32) -> Self {
        let by = simd.splat_f32s(by);
        Self {
            re: simd.mul_f32s(self.re, by),
            im: simd.mul_f32s(self.im, by),
        }
    }

    /// `self + by other`.
    #[inline(always)]
    fn plus_scaled(self, simd: S, by: f32, other: Self) -> Self {
        let by = simd.splat_f32s(by);
        Self {
            re: simd.mul_add_f32s(other.re, by, self.re),
            im: simd.mul_add_f32s(other.im, by, self.im),
        }
    }
}

/// A transform of `N` numbers: `X[k] = sum x[j] exp(-2 pi i j k / N)`.
pub(super) trait Butterfly<const N: usize> {
    fn transform<S: Simd>(simd: S, x: [Complexes<S>; N]) -> [Complexes<S>; N];
}

/// Transform of two numbers.
pub(super) struct Two;
/// Of three numbers.
pub(super) struct Three;
/// Of four numbers.
pub(super) struct Four;
/// Of five numbers.
pub(super) struct Five;
/// Of eight numbers.
pub(super) struct Eight;
/// Of ten numbers.
pub(super) struct Ten;

impl Butterfly<2> for Two {
    #[inline(always)]
    fn transform<S: Simd>(simd: S, [a, b]: [Complexes<S>; 2]) -> [Complexes<S>; 2] {
        [a.plus(simd, b), a.minus(simd, b)]
    }
}

impl Butterfly<3> for Three {
    #[inline(always)]
    fn transform<S: Simd>(simd: S, [a, b, c]: [Complexes<S>; 3]) -> [Complexes<S>; 3] {
        const SINE: f32 = 0.866_025_4;
        let (sum, difference) = (b.plus(simd, c), b.minus(simd, c).scaled(simd, SINE));
        let middle = a.plus_scaled(simd, -0.5, sum);
        [
            a.plus(simd, sum),
            middle.minus_i(simd, difference),
            middle.plus_i(simd, difference),
        ]
    }
}

impl Butterfly<4> for Four {
    #[inline(always)]
    fn transform<S: Simd>(simd: S, [a, b, c, d]: [Complexes<S>; 4]) -> [Complexes<S>; 4] {
        let (even, odd) = (a.plus(simd, c), b.plus(simd, d));
        let (even_turned, odd_turned) = (a.minus(simd, c), b.minus(simd, d));
        [
            even.plus(simd, odd),
            even_turned.minus_i(simd, odd_turned),
            even.minus(simd, odd),
            even_turned.plus_i(simd, odd_turned),
        ]
    }
}

impl Butterfly<5> for Five {
    #[inline(always)]
    fn transform<S: Simd>(simd: S, x: [Complexes<S>; 5]) -> [Complexes<S>; 5] {
        // Cosines and sines of a fifth and of two fifths of a turn.
        const COS: [f32; 2] = [0.309_017, -0.809_017];
        const SIN: [f32; 2] = [0.951_056_5, 0.587_785_25];
        let (outer, inner) = (x[1].plus(simd, x[4]), x[2].plus(simd, x[3]));
        let (outer_turned, inner_turned) = (x[1].minus(simd, x[4]), x[2].minus(simd, x[3]));
        let first = x[0].plus_scaled(simd, COS[0], outer).plus_scaled(simd, COS[1], inner);
        let second = x[0].plus_scaled(simd, COS[1], outer).plus_scaled(simd, COS[0], inner);
        let first_turned = outer_turned
            .scaled(simd, SIN[0])
            .plus_scaled(simd, SIN[1], inner_turned);
        let second_turned = outer_turned
            .scaled(simd, SIN[1])
            .plus_scaled(simd, -SIN[0], inner_turned);
        [
            x[0].plus(simd, outer).plus(simd, inner),
            first.minus_i(simd, first_turned),
            second.minus_i(simd, second_turned),
            second.plus_i(simd, second_turned),
            first.plus_i(simd, first_turned),
        ]
    }
}

impl Butterfly<8> for Eight {
    #[inline(always)]
    fn transform<S: Simd>(simd: S, x: [Complexes<S>; 8]) -> [Complexes<S>; 8] {
        use std::f32::consts::FRAC_1_SQRT_2;
        let even = Four::transform(simd, [x[0], x[2], x[4], x[6]]);
        let odd = Four::transform(simd, [x[1], x[3], x[5], x[7]]);
        // An eighth of a turn is (1 - i) / sqrt(2), three eighths are -(1 + i) / sqrt(2).
        let one = odd[1].minus_i(simd, odd[1]).scaled(simd, FRAC_1_SQRT_2);
        let three = odd[3].plus_i(simd, odd[3]).scaled(simd, FRAC_1_SQRT_2);
        [
            even[0].plus(simd, odd[0]),
            even[1].plus(simd, one),
            even[2].minus_i(simd, odd[2]),
            even[3].minus(simd, three),
            even[0].minus(simd, odd[0]),
            even[1].minus(simd, one),
            even[2].plus_i(simd, odd[2]),
            even[3].plus(simd, three),
        ]
    }
}

impl Butterfly<10> for Ten {
    /// Two transforms of five, without twiddle factors (Good and Thomas): number `5 a + 2 b`
    /// becomes bin `5 a + 6 b`, modulo 10.
    #[inline(always)]
    fn transform<S: Simd>(simd: S, x: [Complexes<S>; 10]) -> [Complexes<S>; 10] {
        let even = [x[0], x[2], x[4], x[6], x[8]];
        let odd = [x[5], x[7], x[9], x[1], x[3]];
        let (mut sums, mut differences) = (even, odd);
        for at in 0..5 {
            [sums[at], differences[at]] = Two::transform(simd, [even[at], odd[at]]);
        }
        let [a0, a6, a2, a8, a4] = Five::transform(simd, sums);
        let [a5, a1, a7, a3, a9] = Five::transform(simd, differences);
        [a0, a1, a2, a3, a4, a5, a6, a7, a8, a9]
    }
}
