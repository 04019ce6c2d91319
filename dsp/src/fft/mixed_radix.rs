//! Transforms of some hundred numbers, as many columns at a time as a register has lanes, in the
//! first-level cache.

use pulp::Simd;
use rustfft::num_complex::{Complex32, Complex64};

use super::butterfly::{Butterfly, Eight, Five, Four, Ten, Three, Two};
use crate::simd::lanes::Complexes;

/// Radices of the butterflies, and the cost of a pass with each per number: arithmetic, twiddle
/// factor and memory.
const RADICES: [(usize, f64); 6] = [(10, 16.8), (8, 14.5), (5, 14.4), (4, 11.0), (3, 12.0), (2, 8.0)];

/// A plan: passes of butterflies in place, with twiddle factors in between (decimation in
/// frequency, Gentleman and Sande).
#[derive(Debug)]
pub(super) struct MixedRadix {
    passes: Vec<Pass>,
    /// The bin that ends up in each row.
    bins: Vec<usize>,
}

#[derive(Debug)]
struct Pass {
    radix: usize,
    /// Rows of one transform of this pass.
    len: usize,
    /// For each butterfly, the twiddle factors of all its numbers but the first.
    twiddles: Vec<Complex32>,
}

/// Supplies the input.
pub(super) trait Source<S: Simd>: Copy {
    fn load(self, simd: S, index: usize) -> Complexes<S>;
}

/// Receives the bins.
pub(super) trait Sink<S: Simd> {
    /// Receives the bin of this `row`, which is stored in `place`.
    fn store(&mut self, simd: S, row: usize, bin: Complexes<S>, place: &mut Complexes<S>);
}

/// The cost per number and the radices of the cheapest plan for `len` numbers. `None` if no plan
/// with at least two passes exists.
pub(super) fn radices(len: usize) -> Option<(f64, Vec<usize>)> {
    fn cheapest(len: usize) -> Option<(f64, Vec<usize>)> {
        if len == 1 {
            return Some((0.0, Vec::new()));
        }
        let plans = RADICES.iter().filter(|(radix, _)| len.is_multiple_of(*radix));
        let plans = plans.filter_map(|(radix, cost)| {
            let (rest, mut radices) = cheapest(len / radix)?;
            radices.push(*radix);
            Some((cost + rest, radices))
        });
        plans.min_by(|a, b| a.0.total_cmp(&b.0))
    }
    let (cost, mut radices) = cheapest(len).filter(|(_, radices)| radices.len() > 1)?;
    // Largest first: the last pass also stores the result.
    radices.sort_unstable_by(|a, b| b.cmp(a));
    Some((cost, radices))
}

/// `exp(-2 pi i k / n)`.
pub(super) fn twiddle(k: usize, n: usize) -> Complex32 {
    let exact = Complex64::cis(-std::f64::consts::TAU * (k % n) as f64 / n as f64);
    #[expect(clippy::cast_possible_truncation, reason = "the numbers are in single precision")]
    Complex32::new(exact.re as f32, exact.im as f32)
}

impl MixedRadix {
    pub(super) fn new(radices: &[usize]) -> Self {
        let n: usize = radices.iter().product();
        let mut bins = vec![0; n];
        let mut passes = Vec::new();
        let (mut len, mut step) = (n, 1);
        for &radix in radices {
            let stride = len / radix;
            let twiddles = (0..stride).flat_map(|i| (1..radix).map(move |u| twiddle(i * u, len)));
            passes.push(Pass {
                radix,
                len,
                twiddles: twiddles.collect(),
            });
            for (row, bin) in bins.iter_mut().enumerate() {
                *bin += row % len / stride * step;
            }
            len = stride;
            step *= radix;
        }
        Self { passes, bins }
    }

    /// The bin that ends up in each row.
    pub(super) fn bins(&self) -> &[usize] {
        &self.bins
    }

    /// The row in which each bin ends up.
    pub(super) fn places(&self) -> Vec<usize> {
        let mut places = vec![0; self.bins.len()];
        for (row, bin) in self.bins.iter().enumerate() {
            places[*bin] = row;
        }
        places
    }

    /// Transforms the numbers of `source`, one for each of the `rows`. The rows are scratch.
    #[inline(always)]
    pub(super) fn run<S: Simd>(&self, simd: S, rows: &mut [Complexes<S>], source: impl Source<S>, sink: impl Sink<S>) {
        let [first, middle @ .., last] = &self.passes[..] else {
            return;
        };
        match first.radix {
            2 => first.begin::<2, Two, S>(simd, rows, source),
            3 => first.begin::<3, Three, S>(simd, rows, source),
            4 => first.begin::<4, Four, S>(simd, rows, source),
            5 => first.begin::<5, Five, S>(simd, rows, source),
            8 => first.begin::<8, Eight, S>(simd, rows, source),
            _ => first.begin::<10, Ten, S>(simd, rows, source),
        }
        for pass in middle {
            match pass.radix {
                2 => pass.advance::<2, Two, S>(simd, rows),
                3 => pass.advance::<3, Three, S>(simd, rows),
                4 => pass.advance::<4, Four, S>(simd, rows),
                5 => pass.advance::<5, Five, S>(simd, rows),
                8 => pass.advance::<8, Eight, S>(simd, rows),
                _ => pass.advance::<10, Ten, S>(simd, rows),
            }
        }
        match last.radix {
            2 => end::<2, Two, S>(simd, rows, sink),
            3 => end::<3, Three, S>(simd, rows, sink),
            4 => end::<4, Four, S>(simd, rows, sink),
            5 => end::<5, Five, S>(simd, rows, sink),
            8 => end::<8, Eight, S>(simd, rows, sink),
            _ => end::<10, Ten, S>(simd, rows, sink),
        }
    }
}

// No closures, and no iterators that take one: the compiler need not inline them, and what it does
// not inline is compiled for the oldest instruction set.
impl Pass {
    #[inline(always)]
    fn begin<const N: usize, B: Butterfly<N>, S: Simd>(
        &self,
        simd: S,
        rows: &mut [Complexes<S>],
        source: impl Source<S>,
    ) {
        let stride = self.len / N;
        for (at, twiddles) in self.twiddles.chunks_exact(N - 1).enumerate() {
            let mut x = [source.load(simd, at); N];
            for (part, x) in x.iter_mut().enumerate().skip(1) {
                *x = source.load(simd, at + stride * part);
            }
            twiddle_and_store(simd, rows, at, stride, B::transform(simd, x), twiddles);
        }
    }

    #[inline(always)]
    fn advance<const N: usize, B: Butterfly<N>, S: Simd>(&self, simd: S, rows: &mut [Complexes<S>]) {
        let stride = self.len / N;
        for rows in rows.chunks_exact_mut(self.len) {
            for (at, twiddles) in self.twiddles.chunks_exact(N - 1).enumerate() {
                let mut x = [rows[at]; N];
                for (part, x) in x.iter_mut().enumerate().skip(1) {
                    *x = rows[at + stride * part];
                }
                twiddle_and_store(simd, rows, at, stride, B::transform(simd, x), twiddles);
            }
        }
    }
}

#[inline(always)]
fn twiddle_and_store<const N: usize, S: Simd>(
    simd: S,
    rows: &mut [Complexes<S>],
    at: usize,
    stride: usize,
    bins: [Complexes<S>; N],
    twiddles: &[Complex32],
) {
    rows[at] = bins[0];
    for part in 1..N {
        rows[at + stride * part] = bins[part].times_number(simd, twiddles[part - 1]);
    }
}

#[inline(always)]
fn end<const N: usize, B: Butterfly<N>, S: Simd>(simd: S, rows: &mut [Complexes<S>], mut sink: impl Sink<S>) {
    for (number, rows) in rows.as_chunks_mut::<N>().0.iter_mut().enumerate() {
        let mut x = [rows[0]; N];
        for (x, row) in x.iter_mut().zip(rows.iter()) {
            *x = *row;
        }
        let bins = B::transform(simd, x);
        for (part, place) in rows.iter_mut().enumerate() {
            sink.store(simd, number * N + part, bins[part], place);
        }
    }
}
