//! A transform in registers of sixteen numbers (AVX-512), for lengths without prime factors above
//! five. It saves a quarter of the extractor's time; see the parent module.
//!
//! This is the four-step algorithm (Bailey, FFTs in external or hierarchical memory, J.
//! Supercomputing 4, 1990). With `n = a b`, `x[b j + l]` is a matrix of `a` rows and `b` columns.
//! First the columns are transformed, sixteen at a time, and multiplied by the twiddle factors
//! `exp(-2 pi i l k / n)`. Then the result is transposed, and its rows are transformed, again
//! sixteen at a time. The data in use stays in the first-level cache. Only the transposition moves
//! numbers within registers.

use bytemuck::{cast_slice, cast_slice_mut};
use pulp::x86::V4;
use pulp::{NullaryFnOnce, Simd};
use rustfft::num_complex::Complex32;

use super::butterfly::{Complexes, LANES, Row};
use super::lanes::{deinterleave, interleave, transpose};
use super::mixed_radix::{self, MixedRadix, Sink, Source, twiddle};

/// Largest number of rows and of columns: enough for 20 MHz. Blocks of up to 384 rows stay in the
/// first-level cache; longer ones are still faster than `rustfft`.
const LONGEST: usize = 2048;

/// Plan and buffers for one length.
pub(super) struct Avx512 {
    simd: V4,
    columns: MixedRadix,
    rows: MixedRadix,
    /// Twiddle factors of each row and lane. They are multiplied by those of the block's first
    /// column.
    lane_twiddles: Vec<Row>,
    blocks: Vec<Block>,
    /// The row of a block of columns in which each bin ends up.
    places: Vec<usize>,
    block: Vec<Row>,
    /// The tiles of all blocks of columns. Each block has a tile for every sixteen bins.
    tiles: Vec<Tile>,
    /// For each column: its block's first tile, and its row in the tiles of the block.
    tile_of: Vec<(usize, usize)>,
}

/// Sixteen columns.
struct Block {
    first: usize,
    twiddles: Vec<Complex32>,
}

/// Sixteen bins of each of sixteen columns, a row for each column.
type Tile = [Row; LANES];

impl Avx512 {
    /// Plans for `n` numbers. `None` if the machine has no AVX-512, or no plan for `n` exists.
    pub(super) fn new(n: usize) -> Option<Self> {
        let simd = V4::try_new()?;
        let splits = (LANES..=LONGEST).step_by(LANES).filter_map(|a| {
            let b = n / a;
            if a * b != n || !(LANES..=LONGEST).contains(&b) {
                return None;
            }
            let ((along_columns, columns), (along_rows, rows)) = (mixed_radix::radices(a)?, mixed_radix::radices(b)?);
            let cost = along_columns * b.next_multiple_of(LANES) as f64 / b as f64 + along_rows;
            Some((cost, columns, rows))
        });
        let (_, columns, rows) = splits.min_by(|a, b| a.0.total_cmp(&b.0))?;
        Some(Self::with(simd, &columns, &rows))
    }

    /// Plans with these radices for the columns and for the rows. The product of the columns'
    /// radices is a multiple of sixteen.
    fn with(simd: V4, columns: &[usize], rows: &[usize]) -> Self {
        let (columns, rows) = (MixedRadix::new(columns), MixedRadix::new(rows));
        let bins = columns.bins();
        let (a, b) = (bins.len(), rows.bins().len());
        let lane_twiddles = bins.iter().map(|bin| {
            let mut row = Row::ZERO;
            for lane in 0..LANES {
                let twiddle = twiddle(lane * bin, a * b);
                (row.re[lane], row.im[lane]) = (twiddle.re, twiddle.im);
            }
            row
        });
        // The last block overlaps the one before, so that it does not exceed the matrix.
        let first_of = |block: usize| (block * LANES).min(b - LANES);
        let blocks = (0..b.div_ceil(LANES)).map(|block| Block {
            first: first_of(block),
            twiddles: bins.iter().map(|bin| twiddle(first_of(block) * bin, a * b)).collect(),
        });
        let mut places = vec![0; a];
        for (row, bin) in bins.iter().enumerate() {
            places[*bin] = row;
        }
        let tiles_in_block = a / LANES;
        let tile_of = |column: usize| {
            let block = column / LANES;
            (block * tiles_in_block, column - first_of(block))
        };
        Self {
            simd,
            lane_twiddles: lane_twiddles.collect(),
            places,
            block: vec![Row::ZERO; a.max(b)],
            tiles: vec![[Row::ZERO; LANES]; tiles_in_block * b.div_ceil(LANES)],
            tile_of: (0..b).map(tile_of).collect(),
            blocks: blocks.collect(),
            columns,
            rows,
        }
    }

    /// Transforms `input` to `output`.
    pub(super) fn process(&mut self, input: &[Complex32], output: &mut [Complex32]) {
        struct Call<'a>(&'a mut Avx512, &'a [Complex32], &'a mut [Complex32]);
        impl NullaryFnOnce for Call<'_> {
            type Output = ();

            #[inline(always)]
            fn call(self) {
                self.0.transform_columns(self.1);
                self.0.transform_rows(self.2);
            }
        }
        self.simd.vectorize(Call(self, input, output));
    }

    #[inline(always)]
    fn transform_columns(&mut self, input: &[Complex32]) {
        let simd = self.simd;
        let step = self.rows.bins().len();
        let rows = &mut self.block[..self.columns.bins().len()];
        let mut tiles = self.tiles.iter_mut();
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
            for places in self.places.as_chunks::<LANES>().0 {
                let Some(tile) = tiles.next() else { return };
                let (mut re, mut im) = ([simd.splat_f32s(0.0); LANES], [simd.splat_f32s(0.0); LANES]);
                for (lane, place) in places.iter().enumerate() {
                    let bin = rows[*place].get();
                    (re[lane], im[lane]) = (bin.re, bin.im);
                }
                let (re, im) = (transpose(simd, re), transpose(simd, im));
                for (lane, row) in tile.iter_mut().enumerate() {
                    let (re, im) = (re[lane], im[lane]);
                    row.set(Complexes { re, im });
                }
            }
        }
    }

    #[inline(always)]
    fn transform_rows(&mut self, output: &mut [Complex32]) {
        let simd = self.simd;
        let step = self.columns.bins().len();
        let rows = &mut self.block[..self.rows.bins().len()];
        for group in 0..step / LANES {
            let source = Transposed {
                tiles: &self.tiles[group..],
                tile_of: &self.tile_of,
            };
            let sink = Output {
                places: &mut output[group * LANES..],
                step,
                bins: self.rows.bins(),
            };
            self.rows.run(simd, rows, source, sink);
        }
    }
}

/// Sixteen columns. `input` begins with the first number of the first column.
#[derive(Clone, Copy)]
struct Columns<'a> {
    input: &'a [Complex32],
    step: usize,
}

impl Source for Columns<'_> {
    #[inline(always)]
    fn load(self, simd: V4, index: usize) -> Complexes {
        let at = index * self.step;
        let (registers, _) = V4::as_simd_f32s(cast_slice(&self.input[at..at + LANES]));
        deinterleave(simd, [registers[0], registers[1]])
    }
}

/// Multiplies each bin by its twiddle factor, and leaves it in its row.
struct Twiddled<'a> {
    block: &'a [Complex32],
    lanes: &'a [Row],
}

impl Sink for Twiddled<'_> {
    #[inline(always)]
    fn store(&mut self, simd: V4, row: usize, bin: Complexes, place: &mut Row) {
        let twiddled = bin
            .times_number(simd, self.block[row])
            .times(simd, self.lanes[row].get());
        place.set(twiddled);
    }
}

/// Sixteen bins of each column. `tiles` begins with the tile of the first column.
#[derive(Clone, Copy)]
struct Transposed<'a> {
    tiles: &'a [Tile],
    tile_of: &'a [(usize, usize)],
}

impl Source for Transposed<'_> {
    #[inline(always)]
    fn load(self, _: V4, index: usize) -> Complexes {
        let (tile, row) = self.tile_of[index];
        self.tiles[tile][row].get()
    }
}

/// Stores the bins at their places in the output, sixteen at a time.
struct Output<'a> {
    places: &'a mut [Complex32],
    step: usize,
    bins: &'a [usize],
}

impl Sink for Output<'_> {
    #[inline(always)]
    fn store(&mut self, simd: V4, row: usize, bin: Complexes, _: &mut Row) {
        let at = self.bins[row] * self.step;
        let (registers, _) = V4::as_mut_simd_f32s(cast_slice_mut(&mut self.places[at..at + LANES]));
        [registers[0], registers[1]] = interleave(simd, bin);
    }
}
