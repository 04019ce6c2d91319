//! Transforms of some hundred numbers, of sixteen columns at a time, in the first-level cache.

use pulp::x86::V4;
use rustfft::num_complex::{Complex32, Complex64};

use super::butterfly::{Butterfly, Complexes, Eight, Five, Four, Row, Ten, Three, Two};

/// How many numbers the butterflies take, and what a pass with each costs a number: arithmetic, turn, and memory.
const RADICES: [(usize, f64); 6] = [(10, 16.8), (8, 14.5), (5, 14.4), (4, 11.0), (3, 12.0), (2, 8.0)];

/// A plan: passes of butterflies in place, with turns in between (Gentleman and Sande's decimation in frequency).
#[derive(Debug)]
pub(super) struct MixedRadix {
    passes: Vec<Pass>,
    /// Which bin is left in which row.
    bins: Vec<usize>,
}

#[derive(Debug)]
struct Pass {
    radix: usize,
    /// Rows that belong together.
    len: usize,
    /// For each butterfly of these, what its numbers but the first are turned by.
    twiddles: Vec<Complex32>,
}

/// Where the numbers come from.
pub(super) trait Source: Copy {
    fn load(self, simd: V4, index: usize) -> Complexes;
}

/// Where the bins go.
pub(super) trait Sink {
    /// Takes the bin of this `row`, which is in `place`.
    fn store(&mut self, simd: V4, row: usize, bin: Complexes, place: &mut Row);
}

/// The radices of a cheapest plan for `len` numbers, and what it costs a number; `None` if there is none of two passes or more.
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
    // The last pass has other things to do.
    radices.sort_unstable_by(|a, b| b.cmp(a));
    Some((cost, radices))
}

/// `exp(-2 pi i k / n)`.
pub(super) fn twiddle(k: usize, n: usize) -> Complex32 {
    let exact = Complex64::cis(-std::f64::consts::TAU * (k % n) as f64 / n as f64);
    #[expect(clippy::cast_possible_truncation, reason = "what is turned is in single precision")]
    Complex32::new(exact.re as f32, exact.im as f32)
}

impl MixedRadix {
    pub(super) fn new(radices: &[usize]) -> Self {
        let n: usize = radices.iter().product();
        let mut bins = vec![0; n];
        let mut passes = Vec::new();
        let (mut len, mut step) = (n, 1);
        for &radix in radices {
            let apart = len / radix;
            let twiddles = (0..apart).flat_map(|i| (1..radix).map(move |u| twiddle(i * u, len)));
            passes.push(Pass {
                radix,
                len,
                twiddles: twiddles.collect(),
            });
            for (row, bin) in bins.iter_mut().enumerate() {
                *bin += row % len / apart * step;
            }
            len = apart;
            step *= radix;
        }
        Self { passes, bins }
    }

    /// Which bin is left in which row.
    pub(super) fn bins(&self) -> &[usize] {
        &self.bins
    }

    /// Transforms the numbers of `source`, as many as there are `rows`, which are scratch.
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
                2 => pass.go_on::<2, Two>(simd, rows),
                3 => pass.go_on::<3, Three>(simd, rows),
                4 => pass.go_on::<4, Four>(simd, rows),
                5 => pass.go_on::<5, Five>(simd, rows),
                8 => pass.go_on::<8, Eight>(simd, rows),
                _ => pass.go_on::<10, Ten>(simd, rows),
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

// Neither closures nor iterators that take one: they are not bound to be inlined, and what is not is compiled for the oldest
// instruction set.
impl Pass {
    #[inline(always)]
    fn begin<const N: usize, B: Butterfly<N>>(&self, simd: V4, rows: &mut [Row], source: impl Source) {
        let apart = self.len / N;
        for (at, twiddles) in self.twiddles.chunks_exact(N - 1).enumerate() {
            let mut x = [source.load(simd, at); N];
            for (part, x) in x.iter_mut().enumerate().skip(1) {
                *x = source.load(simd, at + apart * part);
            }
            twiddle_and_store(simd, rows, at, apart, B::transform(simd, x), twiddles);
        }
    }

    #[inline(always)]
    fn go_on<const N: usize, B: Butterfly<N>>(&self, simd: V4, rows: &mut [Row]) {
        let apart = self.len / N;
        for rows in rows.chunks_exact_mut(self.len) {
            for (at, twiddles) in self.twiddles.chunks_exact(N - 1).enumerate() {
                let mut x = [rows[at].get(); N];
                for (part, x) in x.iter_mut().enumerate().skip(1) {
                    *x = rows[at + apart * part].get();
                }
                twiddle_and_store(simd, rows, at, apart, B::transform(simd, x), twiddles);
            }
        }
    }
}

#[inline(always)]
fn twiddle_and_store<const N: usize>(
    simd: V4,
    rows: &mut [Row],
    at: usize,
    apart: usize,
    bins: [Complexes; N],
    twiddles: &[Complex32],
) {
    rows[at].set(bins[0]);
    for part in 1..N {
        rows[at + apart * part].set(bins[part].turned(simd, twiddles[part - 1]));
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
