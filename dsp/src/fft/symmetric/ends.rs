//! What the two passes of the transform begin and end with.

use super::super::mixed_radix::{Sink, Source};
use super::bins::Bins;
use crate::simd::lanes::{Complexes, Lanes};

/// As many bins of the columns as a register has lanes.
pub(super) struct Group<S: Lanes> {
    /// Numbers of the bins.
    pub(super) numbers: S::f32s,
    /// Largest number of a bin of the whole transform that comes from this row. Of rows that are
    /// their own mirror image it is half the length, of superfluous rows it is -1.
    pub(super) limits: S::f32s,
    /// Bounds of the squares of all bins that come from this row.
    pub(super) bounds: S::f32s,
}

impl<S: Lanes> Group<S> {
    /// Adds the powers of a block of columns to the bounds. The mirror images of the columns count
    /// too.
    #[inline(always)]
    pub(super) fn add_powers(&mut self, simd: S, tile: &[Complexes<S>], first: usize, columns: usize) {
        for (column, row) in (first..).zip(tile) {
            let count = match 2 * column {
                0 => 1.0,
                double if double == columns => 1.0,
                double if double > columns => break,
                _ => 2.0,
            };
            let power = simd.mul_add_f32s(row.re, row.re, simd.mul_f32s(row.im, row.im));
            self.bounds = simd.mul_add_f32s(power, simd.splat_f32s(count), self.bounds);
        }
    }
}

/// Twice the transform of the real part, from bin `k` and bin `-k` of the transform.
#[inline(always)]
pub(super) fn real_part<S: Lanes>(simd: S, here: Complexes<S>, mirrored: Complexes<S>) -> Complexes<S> {
    Complexes {
        re: simd.add_f32s(here.re, mirrored.re),
        im: simd.sub_f32s(here.im, mirrored.im),
    }
}

/// Twice the transform of the imaginary part.
#[inline(always)]
pub(super) fn imaginary_part<S: Lanes>(simd: S, here: Complexes<S>, mirrored: Complexes<S>) -> Complexes<S> {
    Complexes {
        re: simd.add_f32s(here.im, mirrored.im),
        im: simd.sub_f32s(mirrored.re, here.re),
    }
}

/// Two blocks of columns of the symmetrical part, times two: one as real, one as imaginary parts.
#[derive(Clone, Copy)]
pub(super) struct Folded<'a> {
    pub(super) powers: &'a [f32],
    pub(super) firsts: [usize; 2],
    pub(super) step: usize,
}

impl Folded<'_> {
    #[inline(always)]
    fn columns<S: Lanes>(self, simd: S, at: usize) -> S::f32s {
        let lanes = S::F32_LANES;
        // The last element repeats the first.
        let end = self.powers.len() - at;
        let here = S::as_simd_f32s(&self.powers[at..at + lanes]).0[0];
        let mirrored = S::as_simd_f32s(&self.powers[end - lanes..end]).0[0];
        simd.add_f32s(here, simd.reverse(mirrored))
    }
}

impl<S: Lanes> Source<S> for Folded<'_> {
    #[inline(always)]
    fn load(self, simd: S, index: usize) -> Complexes<S> {
        let [re, im] = self.firsts.map(|first| first + index * self.step);
        Complexes {
            re: self.columns(simd, re),
            im: self.columns(simd, im),
        }
    }
}

/// Leaves each bin in its row.
pub(super) struct InPlace;

impl<S: Lanes> Sink<S> for InPlace {
    #[inline(always)]
    fn store(&mut self, _: S, _: usize, bin: Complexes<S>, place: &mut Complexes<S>) {
        *place = bin;
    }
}

/// Two groups of rows, one plus `i` times the other.
#[derive(Clone, Copy)]
pub(super) struct Mirrored<'a, S: Lanes> {
    pub(super) tiles: [&'a [Complexes<S>]; 2],
    pub(super) row_of: &'a [usize],
}

impl<S: Lanes> Source<S> for Mirrored<'_, S> {
    #[inline(always)]
    fn load(self, simd: S, index: usize) -> Complexes<S> {
        let row = self.row_of[index];
        let [first, second] = self.tiles.map(|tile| tile[row]);
        if 2 * index <= self.row_of.len() {
            Complexes {
                re: simd.sub_f32s(first.re, second.im),
                im: simd.add_f32s(first.im, second.re),
            }
        } else {
            Complexes {
                re: simd.add_f32s(first.re, second.im),
                im: simd.sub_f32s(second.re, first.im),
            }
        }
    }
}

/// Passes the bins on with their numbers.
pub(super) struct Numbered<'a, S: Lanes, B: Bins<S>> {
    pub(super) bins: &'a mut B,
    pub(super) bins_of_row: &'a [usize],
    /// Difference of the numbers of successive bins of a row.
    pub(super) step: f32,
    pub(super) length: S::f32s,
    pub(super) groups: &'a [Group<S>],
}

impl<S: Lanes, B: Bins<S>> Numbered<'_, S, B> {
    #[inline(always)]
    fn numbered(&self, simd: S, row: usize, group: &Group<S>, bins: S::f32s) -> (S::f32s, S::f32s) {
        let start = simd.splat_f32s(self.bins_of_row[row] as f32 * self.step);
        let number = simd.add_f32s(group.numbers, start);
        let is_bin = simd.less_than_or_equal_f32s(number, group.limits);
        // Bins above half the length are those below, mirrored.
        let number = simd.min_f32s(number, simd.sub_f32s(self.length, number));
        (simd.select_f32s(is_bin, bins, simd.splat_f32s(0.0)), number)
    }
}

impl<S: Lanes, B: Bins<S>> Sink<S> for Numbered<'_, S, B> {
    #[inline(always)]
    fn store(&mut self, simd: S, row: usize, bin: Complexes<S>, _: &mut Complexes<S>) {
        let zero = simd.splat_f32s(0.0);
        let first = self.numbered(simd, row, &self.groups[0], bin.re);
        // A closure would not be compiled for these instructions.
        let second = match self.groups.get(1) {
            Some(group) => self.numbered(simd, row, group, bin.im),
            None => (zero, zero),
        };
        self.bins.add(simd, [first.0, second.0], [first.1, second.1]);
    }
}
