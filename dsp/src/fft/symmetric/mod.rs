//! The real part of the transform of real numbers, with a quarter of the arithmetic of a complex
//! transform of the same length.
//!
//! The real part is the transform of the symmetrical part `s[k] = (p[k] + p[n-k]) / 2`. With the
//! four-step algorithm of [`super::four_step`] and `n = a b` the symmetry halves the work twice:
//!
//! - The columns are real, so two are transformed as one complex column and then separated. Columns
//!   `l` and `b - l` are mirrored, so half of them suffice.
//! - Of a real column, bins `k` and `a - k` are conjugate, so half of the rows suffice. Each row is
//!   conjugate to its own mirror image, `y[b-l] = y*[l]`, so its transform is real, and two rows are
//!   transformed as one complex row.
//!
//! Row `k` yields the bins `k, k + a, k + 2 a, ...`. Parseval's theorem bounds their squares before
//! the row is transformed. Rows whose bins are all too small to matter are left out.

pub(crate) mod bins;
mod ends;

use pulp::NullaryFnOnce;
use rustfft::num_complex::Complex32;

use super::four_step::{LONGEST, lane_twiddles, store_transposed};
use super::mixed_radix::{self, MixedRadix, twiddle};
use crate::simd::aligned::Aligned;
use crate::simd::lanes::{Complexes, Lanes};
use crate::simd::{MAX_LANES, align_stack, narrow};
use bins::{Bins, SCALE};
use ends::{Folded, Group, InPlace, Mirrored, Numbered, imaginary_part, real_part};

/// Plan and buffers for one length.
pub(crate) struct Symmetric<S: Lanes> {
    simd: S,
    columns: MixedRadix,
    rows: MixedRadix,
    /// The row of a pair of columns in which each bin ends up.
    places: Vec<usize>,
    /// For each block of columns, the twiddle factors of its first column for each bin.
    block_twiddles: Vec<Vec<Complex32>>,
    /// For each bin, the twiddle factors in the lanes.
    lane_twiddles: Vec<Complexes<S>>,
    block: Vec<Complexes<S>>,
    /// For each block of columns and each group of bins, a row for each column. If the number of
    /// groups is odd, there is one more of zeros.
    tiles: Vec<Complexes<S>>,
    /// For each column its row in the tiles of the first group of bins.
    row_of: Vec<usize>,
    groups: Vec<Group<S>>,
    /// The powers, and the first one again.
    padded: Aligned<f32>,
}

/// Numbers in the lanes of a register.
fn register<S: Lanes>(value: impl Fn(usize) -> f32) -> S::f32s {
    let mut lanes = [0.0; MAX_LANES];
    for (lane, number) in lanes.iter_mut().enumerate() {
        *number = value(lane);
    }
    S::as_simd_f32s(&lanes[..S::F32_LANES]).0[0]
}

impl<S: Lanes> Symmetric<S> {
    /// Plans for `n` numbers. `None` if no plan for `n` exists.
    pub(crate) fn new(simd: S, n: usize) -> Option<Self> {
        let lanes = S::F32_LANES;
        let lengths = 2 * lanes..=LONGEST;
        let splits = lengths.clone().filter_map(|a| {
            let b = n / a;
            if a * b != n || !lengths.contains(&b) {
                return None;
            }
            let ((along_columns, columns), (along_rows, rows)) = (mixed_radix::radices(a)?, mixed_radix::radices(b)?);
            let pairs = |len: usize| (len / 2 + 1).div_ceil(2 * lanes) as f64;
            let cost = along_columns * a as f64 * pairs(b) + along_rows * b as f64 * pairs(a);
            Some((cost, columns, rows))
        });
        let (_, columns, rows) = splits.min_by(|a, b| a.0.total_cmp(&b.0))?;
        let (columns, rows) = (MixedRadix::new(&columns), MixedRadix::new(&rows));
        let (a, b) = (columns.bins().len(), rows.bins().len());
        let group = |first: usize| Group {
            numbers: register::<S>(|lane| (first + lane) as f32),
            limits: register::<S>(|lane| match first + lane {
                row if 2 * row > a => -1.0,
                row if row == 0 || 2 * row == a => (n / 2) as f32,
                _ => n as f32,
            }),
            bounds: simd.splat_f32s(0.0),
        };
        let groups: Vec<_> = (0..=a / 2).step_by(lanes).map(group).collect();
        let blocks = (b / 2 + 1).div_ceil(lanes);
        let in_block = groups.len().next_multiple_of(2) * lanes;
        let row_of = |index: usize| {
            let column = index.min(b - index);
            column / lanes * in_block + column % lanes
        };
        Some(Self {
            simd,
            places: columns.places(),
            block_twiddles: (0..blocks)
                .map(|block| (0..in_block).map(|bin| twiddle(block * lanes * bin, n)).collect())
                .collect(),
            lane_twiddles: (0..in_block).map(|bin| lane_twiddles(bin, n)).collect(),
            block: vec![Complexes::zero(simd); a.max(b)],
            tiles: vec![Complexes::zero(simd); blocks * in_block],
            row_of: (0..b).map(row_of).collect(),
            groups,
            padded: Aligned::new(0.0, n + 1, 0),
            columns,
            rows,
        })
    }

    /// The planned length.
    pub(crate) fn len(&self) -> usize {
        self.padded.len() - 1
    }

    /// The instructions that the plan is for.
    pub(crate) fn simd(&self) -> S {
        self.simd
    }

    /// Transforms `powers`, of which `sum` is the sum, and gives the bins to `bins`.
    pub(crate) fn process(&mut self, powers: &[f32], sum: f64, bins: &mut impl Bins<S>) {
        // Two functions, since each needs a large stack where it is compiled without optimisation.
        struct Columns<'a, S: Lanes>(&'a mut Symmetric<S>, &'a [f32]);
        struct Rows<'a, S: Lanes, B: Bins<S>>(&'a mut Symmetric<S>, f32, &'a mut B);
        impl<S: Lanes> NullaryFnOnce for Columns<'_, S> {
            type Output = ();

            #[inline(always)]
            fn call(self) {
                align_stack();
                self.0.transform_columns(self.1);
            }
        }
        impl<S: Lanes, B: Bins<S>> NullaryFnOnce for Rows<'_, S, B> {
            type Output = ();

            #[inline(always)]
            fn call(self) {
                align_stack();
                self.0.transform_rows(self.1, self.2);
            }
        }
        let simd = self.simd;
        simd.vectorize(Columns(self, powers));
        simd.vectorize(Rows(self, narrow(SCALE * sum), bins));
    }
}

impl<S: Lanes> Symmetric<S> {
    #[inline(always)]
    fn transform_columns(&mut self, powers: &[f32]) {
        let simd = self.simd;
        let lanes = S::F32_LANES;
        let (n, a, b) = (powers.len(), self.columns.bins().len(), self.rows.bins().len());
        self.padded[..n].copy_from_slice(powers);
        self.padded[n] = powers[0];
        for group in &mut self.groups {
            group.bounds = simd.splat_f32s(0.0);
        }
        let rows = &mut self.block[..a];
        let in_block = self.groups.len().next_multiple_of(2) * lanes;
        let pairs = self.tiles.chunks_mut(2 * in_block).zip(self.block_twiddles.chunks(2));
        for (pair, (tiles, block_twiddles)) in pairs.enumerate() {
            let first = 2 * pair * lanes;
            let source = Folded {
                powers: &self.padded,
                // The last block may have no partner.
                firsts: [first, first + (block_twiddles.len() - 1) * lanes],
                step: b,
            };
            self.columns.run(simd, rows, source, InPlace);
            let blocks = tiles.chunks_exact_mut(in_block).zip(block_twiddles);
            for (half, (tiles, block_twiddles)) in blocks.enumerate() {
                let first = source.firsts[half];
                for (number, (group, tile)) in self.groups.iter_mut().zip(tiles.chunks_exact_mut(lanes)).enumerate() {
                    let (mut re, mut im) = (simd.square(), simd.square());
                    for lane in 0..lanes {
                        let bin = number * lanes + lane;
                        let here = rows[self.places[bin]];
                        let mirrored = rows[self.places[if bin == 0 { 0 } else { a - bin }]];
                        let column = if half == 0 {
                            real_part(simd, here, mirrored)
                        } else {
                            imaginary_part(simd, here, mirrored)
                        };
                        let twiddled = column
                            .times_number(simd, block_twiddles[bin])
                            .times(simd, self.lane_twiddles[bin]);
                        (re.as_mut()[lane], im.as_mut()[lane]) = (twiddled.re, twiddled.im);
                    }
                    store_transposed(simd, re, im, tile);
                    group.add_powers(simd, tile, first, b);
                }
            }
        }
        for group in &mut self.groups {
            group.bounds = simd.mul_f32s(group.bounds, simd.splat_f32s(b as f32));
        }
    }

    #[inline(always)]
    fn transform_rows(&mut self, zero_bin: f32, bins: &mut impl Bins<S>) {
        let simd = self.simd;
        let (n, a) = (self.padded.len() - 1, self.columns.bins().len());
        let rows = &mut self.block[..self.rows.bins().len()];
        let lanes = S::F32_LANES;
        // Bin 0 is known. Often it is the only one that matters.
        let only_zero = register::<S>(|lane| if lane == 0 { zero_bin } else { 0.0 });
        let first_bounds = &mut self.groups[0].bounds;
        *first_bounds = simd.negate_mul_add_f32s(only_zero, only_zero, *first_bounds);
        for (pair, groups) in self.groups.chunks(2).enumerate() {
            let mut may_matter = false;
            for group in groups {
                may_matter |= bins.may_matter(simd, group.bounds);
            }
            if !may_matter {
                if pair == 0 {
                    let zero = simd.splat_f32s(0.0);
                    bins.add(simd, [only_zero, zero], [zero, zero]);
                }
                continue;
            }
            let first = 2 * pair * lanes;
            let source = Mirrored {
                tiles: [&self.tiles[first..], &self.tiles[first + lanes..]],
                row_of: &self.row_of,
            };
            let sink = Numbered {
                bins,
                bins_of_row: self.rows.bins(),
                step: a as f32,
                length: simd.splat_f32s(n as f32),
                groups,
            };
            self.rows.run(simd, rows, source, sink);
        }
    }
}

#[cfg(test)]
mod tests;
