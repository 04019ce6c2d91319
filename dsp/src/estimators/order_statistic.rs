//! Order statistics without sorting.

use pulp::Simd;

use crate::simd::registers::bits;
use crate::simd::{dispatch, narrow};

/// Values in the sample that estimates where an order statistic lies.
const SAMPLE: usize = 1024;

/// Distance of the brackets from the estimated rank, in ranks of the sample. The rank of the 15 %
/// quantile of 1024 values has the standard deviation sqrt(1024 x 0.15 x 0.85) = 11; this is four
/// times as much.
const MARGIN: usize = 46;

/// Half the width of the bracket around the last chunk's result, relative to it, is this over the
/// root of the number of values. The result for noise scatters by 2.6 over that root from chunk to
/// chunk, and the difference of two of them by 3.7; this is 3.5 times as much.
const CHANGE: f64 = 13.0;

/// Largest such width. A wider bracket contains too many values.
const WIDEST: f64 = 0.3;

/// Share of the bins of which the noise level is the median: the weakest 30 %.
pub(crate) const LOWER_SHARE: f64 = 0.3;

/// This share of a count, rounded down, at least one.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of a count lies between 0 and that count"
)]
pub(crate) fn share(count: usize, part: f64) -> usize {
    ((part * count as f64) as usize).max(1)
}

/// Finds the median of the weakest 30 % of successive chunks' powers.
///
/// Floyd and Rivest's selection (Algorithm 489, CACM 18, 1975): a guess brackets the rank, one pass
/// counts the values below the bracket and collects those inside, and only these are searched. The
/// first guess is the result of the last chunk, the second one comes from a small sample. The
/// result does not depend on the guesses.
#[derive(Debug, Default)]
pub(crate) struct LowerQuantile {
    /// The bits of values, which have the same order.
    candidates: Vec<u32>,
    /// The last result.
    last: f64,
}

impl LowerQuantile {
    /// Median of the weakest 30 % of `values`. Of an even number it is the mean of the middle two.
    /// `values` must not be empty, and must contain neither NaN nor negative numbers.
    pub(crate) fn median(&mut self, values: &[f32]) -> f64 {
        let count = share(values.len(), LOWER_SHARE);
        let (low, high) = ((count - 1) / 2, count / 2);
        let below = self
            .near_last(values, low, high)
            .or_else(|| self.near_sample(values, low, high))
            .unwrap_or_else(|| {
                self.candidates.clear();
                self.candidates.extend(values.iter().map(|value| value.to_bits()));
                0
            });
        let (smaller, &mut upper, _) = self.candidates.select_nth_unstable(high - below);
        let value = |bits: u32| f64::from(f32::from_bits(bits));
        self.last = if low == high {
            value(upper)
        } else {
            let lower = smaller.iter().copied().fold(0, u32::max);
            f64::midpoint(value(lower), value(upper))
        };
        self.last
    }

    /// Collects the values near the last result, and returns how many values lie below them. `None`
    /// if they do not contain the ranks `low` and `high`.
    fn near_last(&mut self, values: &[f32], low: usize, high: usize) -> Option<usize> {
        let width = CHANGE / (values.len() as f64).sqrt();
        if self.last == 0.0 || width > WIDEST {
            return None;
        }
        let (lower, upper) = (narrow(self.last * (1.0 - width)), narrow(self.last * (1.0 + width)));
        self.bracket(values, [lower, upper], low, high)
    }

    /// The same for the values around the rank as a small sample has it. `None` also if there are
    /// too few values.
    fn near_sample(&mut self, values: &[f32], low: usize, high: usize) -> Option<usize> {
        let n = values.len();
        if n < 4 * SAMPLE {
            return None;
        }
        let candidates = &mut self.candidates;
        candidates.clear();
        let sample = values.iter().step_by(n / SAMPLE).take(SAMPLE);
        candidates.extend(sample.map(|value| value.to_bits()));
        let rank = low * SAMPLE / n;
        let (smaller, &mut upper, _) = candidates.select_nth_unstable(rank + MARGIN);
        let (_, &mut lower, _) = smaller.select_nth_unstable(rank.saturating_sub(MARGIN));
        self.bracket(values, [lower, upper].map(f32::from_bits), low, high)
    }

    fn bracket(&mut self, values: &[f32], bracket: [f32; 2], low: usize, high: usize) -> Option<usize> {
        let candidates = &mut self.candidates;
        candidates.clear();
        let below =
            dispatch!(simd => collect(values: &'a [f32], bracket: [f32; 2], candidates: &'a mut Vec<u32>) -> usize);
        (below <= low && high < below + candidates.len()).then_some(below)
    }
}

/// Appends the values within the bracket to `candidates`, and returns how many values are smaller.
#[inline(always)]
fn collect<S: Simd>(simd: S, values: &[f32], [lower, upper]: [f32; 2], candidates: &mut Vec<u32>) -> usize {
    let (rows, rest) = S::as_simd_f32s(values);
    let (lowers, uppers) = (simd.splat_f32s(lower), simd.splat_f32s(upper));
    let mut below = 0;
    for (row, group) in rows.iter().zip(values.chunks_exact(S::F32_LANES)) {
        let smaller = bits(simd, simd.less_than_f32s(*row, lowers));
        let mut inside = bits(simd, simd.less_than_or_equal_f32s(*row, uppers)) & !smaller;
        below += smaller.count_ones() as usize;
        while inside != 0 {
            candidates.push(group[inside.trailing_zeros() as usize].to_bits());
            inside &= inside - 1;
        }
    }
    below += rest.iter().filter(|value| **value < lower).count();
    let inside = rest.iter().filter(|value| (lower..=upper).contains(*value));
    candidates.extend(inside.map(|value| value.to_bits()));
    below
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::instruction_set::InstructionSet;

    fn by_sorting(values: &[f32]) -> f64 {
        let mut sorted = values.to_vec();
        sorted.sort_by(f32::total_cmp);
        let weakest = &sorted[..share(values.len(), LOWER_SHARE)];
        let half = weakest.len() / 2;
        if weakest.len() % 2 == 1 {
            return f64::from(weakest[half]);
        }
        f64::midpoint(f64::from(weakest[half - 1]), f64::from(weakest[half]))
    }

    #[test]
    fn selection_equals_sorting_for_every_size_and_shape() {
        let mut state = 1_u32;
        let mut random = move || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / 16_777_216.0
        };
        let mut quantile = LowerQuantile::default();
        for n in (1..40).chain([4095, 4096, 4097, 5000, 9600, 40_000, 40_001]) {
            let shapes: [Vec<f32>; 5] = [
                (0..n).map(|_| random()).collect(),
                (0..n).map(|_| -(random().max(1e-9).ln())).collect(),
                vec![0.25; n],
                (0..n).map(|i| i as f32).collect(),
                // Misleads the strided sample: it consists of the largest values.
                (0..n)
                    .map(|i| if i % (n / SAMPLE).max(1) == 0 { 2.0 } else { random() })
                    .collect(),
            ];
            for values in shapes {
                // With a guess from other values, and with the right guess.
                for set in InstructionSet::ALL {
                    set.limit();
                    assert_eq!(quantile.median(&values), by_sorting(&values), "{n}");
                }
            }
        }
    }
}
