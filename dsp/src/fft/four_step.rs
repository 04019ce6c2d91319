//! A transform in vector registers (AVX2 or AVX-512), for lengths without prime factors above five.
//!
//! This is the four-step algorithm (Bailey, FFTs in external or hierarchical memory, J.
//! Supercomputing 4, 1990). With `n = a b`, `x[b j + l]` is a matrix of `a` rows and `b` columns.
//! First the columns are transformed, one in each lane of the registers, and multiplied by the
//! twiddle factors `exp(-2 pi i l k / n)`. Then the result is transposed, and its rows are
//! transformed, again one in each lane. The data in use stays in the first-level cache. Only the
//! transposition moves numbers within registers.

use bytemuck::{cast_slice, cast_slice_mut};
use pulp::NullaryFnOnce;
use rustfft::num_complex::Complex32;

use super::mixed_radix::{self, MixedRadix, Sink, Source, twiddle};
use crate::simd::lanes::{Complexes, Lanes};
use crate::simd::{MAX_LANES, align_stack};

/// Largest number of rows and of columns: enough for 20 MHz. Blocks of up to 384 rows stay in the
/// first-level cache; longer ones are still faster than `rustfft`.
pub(super) const LONGEST: usize = 2048;

/// Plan and buffers for one length.
pub(super) struct FourStep<S: Lanes> {
    simd: S,
    columns: MixedRadix,
    rows: MixedRadix,
    /// Twiddle factors of each row and lane. They are multiplied by those of the block's first
    /// column.
    lane_twiddles: Vec<Complexes<S>>,
    blocks: Vec<Block>,
    /// The row of a block of columns in which each bin ends up.
    places: Vec<usize>,
    block: Vec<Complexes<S>>,
    /// The blocks of columns transposed: for each block and each group of bins a tile of the
    /// group's bins of each column, a row for each column.
    tiles: Vec<Complexes<S>>,
    /// For each column its row in the tiles of the first group of bins.
    row_of: Vec<usize>,
}

/// As many columns as a register has lanes.
struct Block {
    first: usize,
    twiddles: Vec<Complex32>,
}

/// The twiddle factors of `bin` in the lanes.
pub(super) fn lane_twiddles<S: Lanes>(bin: usize, n: usize) -> Complexes<S> {
    let (mut re, mut im) = ([0.0; MAX_LANES], [0.0; MAX_LANES]);
    for lane in 0..S::F32_LANES {
        let twiddle = twiddle(lane * bin, n);
        (re[lane], im[lane]) = (twiddle.re, twiddle.im);
    }
    let first = |numbers: &[f32]| S::as_simd_f32s(&numbers[..S::F32_LANES]).0[0];
    Complexes {
        re: first(&re),
        im: first(&im),
    }
}

impl<S: Lanes> FourStep<S> {
    /// Plans for `n` numbers. `None` if no plan for `n` exists.
    pub(super) fn new(simd: S, n: usize) -> Option<Self> {
        let lanes = S::F32_LANES;
        let splits = (lanes..=LONGEST).step_by(lanes).filter_map(|a| {
            let b = n / a;
            if a * b != n || !(lanes..=LONGEST).contains(&b) {
                return None;
            }
            let ((along_columns, columns), (along_rows, rows)) = (mixed_radix::radices(a)?, mixed_radix::radices(b)?);
            let cost = along_columns * b.next_multiple_of(lanes) as f64 / b as f64 + along_rows;
            Some((cost, columns, rows))
        });
        let (_, columns, rows) = splits.min_by(|a, b| a.0.total_cmp(&b.0))?;
        Some(Self::with(simd, &columns, &rows))
    }

    /// Plans with these radices for the columns and for the rows. The product of the columns'
    /// radices is a multiple of the lanes.
    fn with(simd: S, columns: &[usize], rows: &[usize]) -> Self {
        let lanes = S::F32_LANES;
        let (columns, rows) = (MixedRadix::new(columns), MixedRadix::new(rows));
        let bins = columns.bins();
        let (a, b) = (bins.len(), rows.bins().len());
        // The last block overlaps the one before, so that it does not exceed the matrix.
        let first_of = |block: usize| (block * lanes).min(b - lanes);
        let blocks = (0..b.div_ceil(lanes)).map(|block| Block {
            first: first_of(block),
            twiddles: bins.iter().map(|bin| twiddle(first_of(block) * bin, a * b)).collect(),
        });
        let row_of = |column: usize| {
            let block = column / lanes;
            block * a + column - first_of(block)
        };
        Self {
            simd,
            lane_twiddles: bins.iter().map(|bin| lane_twiddles(*bin, a * b)).collect(),
            places: columns.places(),
            block: vec![Complexes::zero(simd); a.max(b)],
            tiles: vec![Complexes::zero(simd); a * b.div_ceil(lanes)],
            row_of: (0..b).map(row_of).collect(),
            blocks: blocks.collect(),
            columns,
            rows,
        }
    }

    /// Transforms `input` to `output`.
    pub(super) fn process(&mut self, input: &[Complex32], output: &mut [Complex32]) {
        // Two functions, since each needs a large stack where it is compiled without optimisation.
        struct Columns<'a, S: Lanes>(&'a mut FourStep<S>, &'a [Complex32]);
        struct Rows<'a, S: Lanes>(&'a mut FourStep<S>, &'a mut [Complex32]);
        impl<S: Lanes> NullaryFnOnce for Columns<'_, S> {
            type Output = ();

            #[inline(always)]
            fn call(self) {
                align_stack();
                self.0.transform_columns(self.1);
            }
        }
        impl<S: Lanes> NullaryFnOnce for Rows<'_, S> {
            type Output = ();

            #[inline(always)]
            fn call(self) {
                align_stack();
                self.0.transform_rows(self.1);
            }
        }
        let simd = self.simd;
        simd.vectorize(Columns(self, input));
        simd.vectorize(Rows(self, output));
    }

    #[inline(always)]
    fn transform_columns(&mut self, input: &[Complex32]) {
        let simd = self.simd;
        let step = self.rows.bins().len();
        let rows = &mut self.block[..self.columns.bins().len()];
        let mut tiles = self.tiles.chunks_exact_mut(S::F32_LANES);
        for block in &self.blocks {
            let source = Columns {
                input: &input[block.first..],
                step,
            };
            let sink = Twiddled {
                block: &block.twiddles,
                lanes: &self.lane_twiddles,
            };
            self.columns.run(simd, rows, source, sink);
            for places in self.places.chunks_exact(S::F32_LANES) {
                let Some(tile) = tiles.next() else { return };
                let (mut re, mut im) = (simd.square(), simd.square());
                for (lane, place) in places.iter().enumerate() {
                    let bin = rows[*place];
                    (re.as_mut()[lane], im.as_mut()[lane]) = (bin.re, bin.im);
                }
                store_transposed(simd, re, im, tile);
            }
        }
    }

    #[inline(always)]
    fn transform_rows(&mut self, output: &mut [Complex32]) {
        let simd = self.simd;
        let step = self.columns.bins().len();
        let rows = &mut self.block[..self.rows.bins().len()];
        for first in (0..step).step_by(S::F32_LANES) {
            let source = Transposed {
                tiles: &self.tiles[first..],
                row_of: &self.row_of,
            };
            let sink = Output {
                places: &mut output[first..],
                step,
                bins: self.rows.bins(),
            };
            self.rows.run(simd, rows, source, sink);
        }
    }
}

/// Stores real and imaginary parts transposed, a row for each lane.
#[inline(always)]
pub(super) fn store_transposed<S: Lanes>(simd: S, re: S::Square, im: S::Square, tile: &mut [Complexes<S>]) {
    let (re, im) = (simd.transpose(re), simd.transpose(im));
    for (lane, row) in tile.iter_mut().enumerate() {
        *row = Complexes {
            re: re.as_ref()[lane],
            im: im.as_ref()[lane],
        };
    }
}

/// A column in each lane. `input` begins with the first number of the first column.
#[derive(Clone, Copy)]
struct Columns<'a> {
    input: &'a [Complex32],
    step: usize,
}

impl<S: Lanes> Source<S> for Columns<'_> {
    #[inline(always)]
    fn load(self, simd: S, index: usize) -> Complexes<S> {
        let at = index * self.step;
        let (registers, _) = S::as_simd_f32s(cast_slice(&self.input[at..at + S::F32_LANES]));
        simd.deinterleave([registers[0], registers[1]])
    }
}

/// Multiplies each bin by its twiddle factor, and leaves it in its row.
struct Twiddled<'a, S: Lanes> {
    block: &'a [Complex32],
    lanes: &'a [Complexes<S>],
}

impl<S: Lanes> Sink<S> for Twiddled<'_, S> {
    #[inline(always)]
    fn store(&mut self, simd: S, row: usize, bin: Complexes<S>, place: &mut Complexes<S>) {
        *place = bin.times_number(simd, self.block[row]).times(simd, self.lanes[row]);
    }
}

/// A group of bins of each column. `tiles` begins with the group's first tile.
#[derive(Clone, Copy)]
struct Transposed<'a, S: Lanes> {
    tiles: &'a [Complexes<S>],
    row_of: &'a [usize],
}

impl<S: Lanes> Source<S> for Transposed<'_, S> {
    #[inline(always)]
    fn load(self, _: S, index: usize) -> Complexes<S> {
        self.tiles[self.row_of[index]]
    }
}

/// Stores the bins at their places in the output, as many at a time as a register has lanes.
struct Output<'a> {
    places: &'a mut [Complex32],
    step: usize,
    bins: &'a [usize],
}

impl<S: Lanes> Sink<S> for Output<'_> {
    #[inline(always)]
    fn store(&mut self, simd: S, row: usize, bin: Complexes<S>, _: &mut Complexes<S>) {
        let at = self.bins[row] * self.step;
        let (registers, _) = S::as_mut_simd_f32s(cast_slice_mut(&mut self.places[at..at + S::F32_LANES]));
        [registers[0], registers[1]] = simd.interleave(bin);
    }
}
