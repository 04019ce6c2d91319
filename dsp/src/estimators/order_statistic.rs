//! Order statistics without sorting.

use crate::simd::dispatch;

/// Values looked at to guess where an order statistic lies.
const SAMPLE: usize = 1024;

/// How far from the guessed rank the brackets are set, in ranks of the sample. The 15 % quantile of 1024
/// values has a rank that scatters by sqrt(1024 x 0.15 x 0.85) = 11, so this is four times that.
const MARGIN: usize = 46;

/// How many of the weakest of `n` values the noise level is the median of: 30 %, at least one.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "0.3 of a count is between 0 and that count"
)]
pub(crate) fn lower_30_percent(n: usize) -> usize {
    ((0.3 * n as f64) as usize).max(1)
}

/// Median of the weakest 30 % of `values`, of an even number the mean of the middle two.
///
/// After Floyd and Rivest (Algorithm 489, CACM 18, 1975): a small sample brackets the rank, one pass
/// counts what lies below the bracket and collects what lies inside, and only that is searched.
/// `candidates` is scratch: the bits of values, which order as they do. `values` must not be empty, and holds neither NaN nor
/// anything negative.
pub(crate) fn lower_quantile_median(values: &[f32], candidates: &mut Vec<u32>) -> f64 {
    let count = lower_30_percent(values.len());
    let (low, high) = ((count - 1) / 2, count / 2);

    let below = bracket(values, low, high, candidates).unwrap_or_else(|| {
        candidates.clear();
        candidates.extend(values.iter().map(|value| value.to_bits()));
        0
    });
    let (smaller, &mut upper, _) = candidates.select_nth_unstable(high - below);
    let value = |bits: u32| f64::from(f32::from_bits(bits));
    if low == high {
        return value(upper);
    }
    let lower = smaller.iter().copied().fold(0, u32::max);
    f64::midpoint(value(lower), value(upper))
}

/// Leaves in `candidates` a part of `values` that holds the ranks `low` and `high`, and returns how many
/// values lie below it; `None` where there is nothing to gain, or the sample misled.
fn bracket(values: &[f32], low: usize, high: usize, candidates: &mut Vec<u32>) -> Option<usize> {
    let n = values.len();
    if n < 4 * SAMPLE {
        return None;
    }
    candidates.clear();
    let sample = values.iter().step_by(n / SAMPLE).take(SAMPLE);
    candidates.extend(sample.map(|value| value.to_bits()));
    let guess = low * SAMPLE / n;
    let (smaller, &mut upper, _) = candidates.select_nth_unstable(guess + MARGIN);
    let (_, &mut lower, _) = smaller.select_nth_unstable(guess.saturating_sub(MARGIN));

    let (lower, upper) = (f32::from_bits(lower), f32::from_bits(upper));
    candidates.clear();
    let below = dispatch!(collect(values: &'a [f32], lower: f32, upper: f32, candidates: &'a mut Vec<u32>) -> usize);
    (below <= low && high < below + candidates.len()).then_some(below)
}

/// Appends the values from `lower` to `upper` to `candidates`; returns how many values lie below.
#[inline(always)]
fn collect(values: &[f32], lower: f32, upper: f32, candidates: &mut Vec<u32>) -> usize {
    let (groups, rest) = values.as_chunks::<{ u32::BITS as usize }>();
    let mut below = 0;
    for group in groups {
        let (mut inside, mut lower_ones) = (0, 0);
        for (lane, &value) in group.iter().enumerate() {
            let is_below = u32::from(value < lower);
            lower_ones += is_below;
            inside |= (u32::from(value <= upper) ^ is_below) << lane;
        }
        below += lower_ones as usize;
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

    fn by_sorting(values: &[f32]) -> f64 {
        let mut sorted = values.to_vec();
        sorted.sort_by(f32::total_cmp);
        let weakest = &sorted[..lower_30_percent(values.len())];
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
        let mut candidates = vec![u32::MAX; 77];
        for n in (1..40).chain([4095, 4096, 4097, 5000, 9600, 40_000, 40_001]) {
            let shapes: [Vec<f32>; 5] = [
                (0..n).map(|_| random()).collect(),
                (0..n).map(|_| -(random().max(1e-9).ln())).collect(),
                vec![0.25; n],
                (0..n).map(|i| i as f32).collect(),
                // Fools the strided sample: every value it sees is the largest.
                (0..n)
                    .map(|i| if i % (n / SAMPLE).max(1) == 0 { 2.0 } else { random() })
                    .collect(),
            ];
            for values in shapes {
                assert_eq!(
                    lower_quantile_median(&values, &mut candidates),
                    by_sorting(&values),
                    "{n}"
                );
            }
        }
    }
}
