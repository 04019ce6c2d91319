//! Loops in the widest vector registers of the machine that the program runs on.
//!
//! A loop is written over [`LANES`] values side by side, in functions that are always inlined, and called within
//! [`widest`], where the compiler has it once for each instruction set. Sums are kept in the same lanes on all of
//! them and nothing is contracted, so the results are the same to the last bit.

/// Values side by side: one AVX-512 register, two of AVX or four of SSE or NEON.
pub(crate) const LANES: usize = 16;

/// Runs `operation` as compiled for the best instruction set there is.
#[inline]
pub(crate) fn widest<R>(operation: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(operation)
}

/// The larger of two numbers, compiled to one instruction. Where either is NaN: `b`.
#[inline(always)]
pub(crate) fn larger(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

/// Sum of the lanes in double precision.
#[inline(always)]
pub(crate) fn total(lanes: &[f32; LANES]) -> f64 {
    lanes.iter().map(|lane| f64::from(*lane)).sum()
}

/// Sum of counts.
#[inline(always)]
pub(crate) fn count(lanes: &[u32; LANES]) -> usize {
    lanes.iter().map(|lane| *lane as usize).sum()
}
