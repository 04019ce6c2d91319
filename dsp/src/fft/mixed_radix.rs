//! Transforms of some hundred numbers, sixteen columns at a time, in the first-level cache.

use pulp::x86::V4;
use rustfft::num_complex::{Complex32, Complex64};

use super::butterfly::{Butterfly, Complexes, Eight, Five, Four, Row, Ten, Three, Two};

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
pub(super) trait Source: Copy {
    fn load(self, simd: V4, index: usize) -> Complexes;
}

/// Receives the bins.
pub(super) trait Sink {
    /// Receives the bin of this `row`, which is stored in `place`.
    fn store(&mut self, simd: V4, row: usize, bin: Complexes, place: &mut Row);
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

    /// Transforms the numbers of `source`, one for each of the `rows`. The rows are scratch.
    #[inline(always)]
    pub(super) fn run(&self, simd: V4, rows: &mut [Row], source: impl Source, sink: impl Sink) {
        let [first, middle @ .., last] = &self.passes[..] else {
            return;
        };
        match first.radix {
            2 => first.begin::<2, Two>(simd, rows, source),
            3 => first.begin::<3, Three>(simd, rows, source),
            4 => first.begin::<4, Four>(simd, rows, source),
            5 => first.begin::<5, Five>(simd, rows, source),
            8 => first.begin::<8, Eight>(simd, rows, source),
            _ => first.begin::<10, Ten>(simd, rows, source),
        }
        for pass in middle {
            match pass.radix {
                2 => pass.advance::<2, Two>(simd, rows),
                3 => pass.advance::<3, Three>(simd, rows),
                4 => pass.advance::<4, Four>(simd, rows),
                5 => pass.advance::<5, Five>(simd, rows),
                8 => pass.advance::<8, Eight>(simd, rows),
                _ => pass.advance::<10, Ten>(simd, rows),
            }
        }
        match last.radix {
            2 => end::<2, Two>(simd, rows, sink),
            3 => end::<3, Three>(simd, rows, sink),
            4 => end::<4, Four>(simd, rows, sink),
            5 => end::<5, Five>(simd, rows, sink),
            8 => end::<8, Eight>(simd, rows, sink),
            _ => end::<10, Ten>(simd, rows, sink),
        }
    }
}

// No closures, and no iterators that take one: the compiler need not inline them, and what it does
// not inline is compiled for the oldest instruction set.
impl Pass {
    #[inline(always)]
    fn begin<const N: usize, B: Butterfly<N>>(&self, simd: V4, rows: &mut [Row], source: impl Source) {
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
    fn advance<const N: usize, B: Butterfly<N>>(&self, simd: V4, rows: &mut [Row]) {
        let stride = self.len / N;
        for rows in rows.chunks_exact_mut(self.len) {
            for (at, twiddles) in self.twiddles.chunks_exact(N - 1).enumerate() {
                let mut x = [rows[at].get(); N];
                for (part, x) in x.iter_mut().enumerate().skip(1) {
                    *x = rows[at + stride * part].get();
                }
                twiddle_and_store(simd, rows, at, stride, B::transform(simd, x), twiddles);
            }
        }
    }
}

#[inline(always)]
fn twiddle_and_store<const N: usize>(
    simd: V4,
    rows: &mut [Row],
    at: usize,
    stride: usize,
    bins: [Complexes; N],
    twiddles: &[Complex32],
) {
    rows[at].set(bins[0]);
    for part in 1..N {
        rows[at + stride * part].set(bins[part].times_number(simd, twiddles[part - 1]));
    }
}

#[inline(always)]
fn end<const N: usize, B: Butterfly<N>>(simd: V4, rows: &mut [Row], mut sink: impl Sink) {
    for (number, rows) in rows.as_chunks_mut::<N>().0.iter_mut().enumerate() {
        let mut x = [rows[0].get(); N];
        for (x, row) in x.iter_mut().zip(rows.iter()) {
            *x = row.get();
        }
        let bins = B::transform(simd, x);
        for (part, place) in rows.iter_mut().enumerate() {
            sink.store(simd, number * N + part, bins[part], place);
        }
    }
}
