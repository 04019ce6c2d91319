//! Loops in the widest vector registers of the machine that the program runs on.
//!
//! A loop that sums in single precision is written with `pulp::Simd`, whose registers have as many lanes as the machine
//! has; everything else is left to the compiler, which has it once for each instruction set.

use pulp::Simd;
use rustfft::num_complex::Complex32;

/// Lanes of the widest registers there are, those of AVX-512.
pub(crate) const MAX_LANES: usize = 16;

/// Terms that are added in one lane in single precision before the sum goes to double: at most 64 / 2 roundings of
/// 6e-8, random in sign.
pub(crate) const SUM_BLOCK: usize = 64;

/// Complex numbers that are taken apart at a time: what is worked on stays in the first-level cache.
pub(crate) const SPLIT_LEN: usize = SUM_BLOCK * MAX_LANES;

/// Real and imaginary parts of up to [`SPLIT_LEN`] complex numbers and of some neighbours, each in a row of its own, as vector
/// registers want them.
#[repr(align(64))]
pub(crate) struct SplitComplex {
    pub re: [f32; SPLIT_LEN + MAX_LANES],
    pub im: [f32; SPLIT_LEN + MAX_LANES],
}

impl SplitComplex {
    pub(crate) const ZERO: Self = Self {
        re: [0.0; SPLIT_LEN + MAX_LANES],
        im: [0.0; SPLIT_LEN + MAX_LANES],
    };

    /// Takes numbers apart, from index `at` on. There must be room for them.
    #[inline(always)]
    pub(crate) fn fill(&mut self, at: usize, numbers: &[Complex32]) {
        let (re, im) = (&mut self.re[at..][..numbers.len()], &mut self.im[at..][..numbers.len()]);
        for ((number, re), im) in numbers.iter().zip(re).zip(im) {
            *re = number.re;
            *im = number.im;
        }
    }
}

/// Calls a function as compiled for the best instruction set there is. The function has to be one that is always inlined,
/// and so has everything that it calls: what is not is compiled once, for the oldest.
macro_rules! dispatch {
    ($function:ident($($argument:ident: $type:ty),*) -> $output:ty) => {{
        struct Call<'a> {
            $($argument: $type,)*
        }
        impl<'a> pulp::WithSimd for Call<'a> {
            type Output = $output;

            #[inline(always)]
            fn with_simd<S: pulp::Simd>(self, _: S) -> $output {
                $function($(self.$argument),*)
            }
        }
        pulp::Arch::new().dispatch(Call { $($argument),* })
    }};
}
pub(crate) use dispatch;

/// Sum of the lanes in double precision, pair by pair: one after the other each would wait for the one before.
#[inline(always)]
pub(crate) fn total<S: Simd>(register: S::f32s) -> f64 {
    let lanes = lanes::<S>(register);
    let mut sums = [0.0; MAX_LANES];
    for (sum, lane) in sums.iter_mut().zip(lanes) {
        *sum = f64::from(lane);
    }
    let mut count = MAX_LANES;
    while count > 1 {
        count /= 2;
        for lane in 0..count {
            sums[lane] += sums[lane + count];
        }
    }
    sums[0]
}

/// Sum of the lanes of counts.
#[inline(always)]
pub(crate) fn count<S: Simd>(register: S::u32s) -> usize {
    let mut lanes = [0; MAX_LANES];
    let (registers, _) = S::as_mut_simd_u32s(&mut lanes[..S::F32_LANES]);
    registers[0] = register;
    lanes.iter().map(|lane| *lane as usize).sum()
}

/// The largest lane, or 0.
#[inline(always)]
pub(crate) fn largest<S: Simd>(simd: S, register: S::f32s) -> f32 {
    simd.reduce_max_f32s(register).max(0.0)
}

#[inline(always)]
fn lanes<S: Simd>(register: S::f32s) -> [f32; MAX_LANES] {
    let mut lanes = [0.0; MAX_LANES];
    let (registers, _) = S::as_mut_simd_f32s(&mut lanes[..S::F32_LANES]);
    registers[0] = register;
    lanes
}
