//! Loops in the widest vector registers of the machine that the program runs on.
//!
//! A loop that sums in single precision is written with `pulp::Simd`, whose registers have as many
//! lanes as those of the machine. All other loops are left to the compiler, which compiles them
//! once for each instruction set.

pub(crate) mod aligned;
pub(crate) mod instruction_set;
#[cfg(target_arch = "x86_64")]
pub(crate) mod lanes;
pub(crate) mod registers;

use pulp::Simd;

/// Bytes of a line of the cache, and of the widest registers.
pub(crate) const CACHE_LINE: usize = 64;

/// Lanes of the widest registers that exist, those of AVX-512.
pub(crate) const MAX_LANES: usize = 16;

/// Terms that one lane adds in single precision before the sum is converted to double precision:
/// at most 64 / 2 rounding errors of 6e-8 with random signs.
pub(crate) const SUM_BLOCK: usize = 64;

/// Calls a function in the version that is compiled for the best instruction set of the machine.
/// `dispatch!(simd => f(...) -> T)` passes the `pulp::Simd` token as the first argument.
///
/// The function and everything that it calls must be `#[inline(always)]`: a function that is not
/// inlined is compiled once, for the oldest instruction set.
macro_rules! dispatch {
    ($function:ident($($argument:ident: $type:ty),*) -> $output:ty) => {
        dispatch!(@_simd, $function[]($($argument: $type),*) -> $output)
    };
    ($simd:ident => $function:ident($($argument:ident: $type:ty),*) -> $output:ty) => {
        dispatch!(@$simd, $function[$simd,]($($argument: $type),*) -> $output)
    };
    (@$simd:ident, $function:ident[$($first:tt)*]($($argument:ident: $type:ty),*) -> $output:ty) => {{
        struct Call<'a> {
            $($argument: $type,)*
        }
        impl<'a> pulp::WithSimd for Call<'a> {
            type Output = $output;

            #[inline(always)]
            fn with_simd<S: pulp::Simd>(self, $simd: S) -> $output {
                $function($($first)* $(self.$argument),*)
            }
        }
        $crate::simd::instruction_set::arch().dispatch(Call { $($argument),* })
    }};
}
pub(crate) use dispatch;

/// Makes the compiler align the stack of the calling function to the widest registers. Otherwise
/// registers that do not fit are stored across the borders of lines, and at worst of pages, which
/// takes a quarter of a transform's time.
#[inline(always)]
pub(crate) fn align_stack() {
    #[repr(align(64))]
    struct Line([u8; CACHE_LINE]);
    let line = Line([0; CACHE_LINE]);
    std::hint::black_box(&line.0);
}

/// The numbers 0, 1, 2, ... in the lanes.
#[inline(always)]
pub(crate) fn lane_numbers<S: Simd>() -> S::f32s {
    let mut numbers = [0.0; MAX_LANES];
    for (lane, number) in numbers.iter_mut().enumerate() {
        *number = lane as f32;
    }
    S::as_simd_f32s(&numbers[..S::F32_LANES]).0[0]
}

/// The largest lane, at least 0.
#[inline(always)]
pub(crate) fn largest<S: Simd>(simd: S, register: S::f32s) -> f32 {
    simd.reduce_max_f32s(register).max(0.0)
}

/// A number in single precision, where the rounding error is acceptable.
#[expect(clippy::cast_possible_truncation, reason = "callers accept the rounding error")]
#[inline(always)]
pub(crate) fn narrow(value: f64) -> f32 {
    value as f32
}
