//! Order statistics without sorting.

use crate::simd::dispatch;

/// Values in the sample that estimates where an order statistic lies.
const SAMPLE: usize = 1024;

/// Distance of the brackets from the estimated rank, in ranks of the sample. The rank of the 15 %
/// quantile of 1024 values has the standard deviation sqrt(1024 x 0.15 x 0.85) = 11; this is four
/// times as much.
const MARGIN: usize = 46;

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

/// Median of the weakest 30 % of `values`. Of an even number it is the mean of the middle two.
///
/// Floyd and Rivest's selection (Algorithm 489, CACM 18, 1975): a small sample brackets the rank,
/// one pass counts the values below the bracket and collects those inside, and only these are
/// searched. `candidates` is scratch: the bits of values, which have the same order. `values` must
/// not be empty, and must contain neither NaN nor negative numbers.
pub(crate) fn lower_quantile_median(values: &[f32], candidates: &mut Vec<u32>) -> f64 {
    let count = share(values.len(), LOWER_SHARE);
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

/// Collects in `candidates` a part of `values` that contains the ranks `low` and `high`, and
/// returns how many values lie below it. `None` if there are too few values, or the bracket missed
/// the ranks.
fn bracket(values: &[f32], low: usize, high: usize, candidates: &mut Vec<u32>) -> Option<usize> {
    let n = values.len();
    if n < 4 * SAMPLE {
        return None;
    }
    candidates.clear();
    let sample = values.iter().step_by(n / SAMPLE).take(SAMPLE);
    candidates.extend(sample.map(|value| value.to_bits()));
    let rank = low * SAMPLE / n;
    let (smaller, &mut upper, _) = candidates.select_nth_unstable(rank + MARGIN);
    let (_, &mut lower, _) = smaller.select_nth_unstable(rank.saturating_sub(MARGIN));

    let (lower, upper) = (f32::from_bits(lower), f32::from_bits(upper));
    candidates.clear();
    let below = dispatch!(collect(values: &'a [f32], lower: f32, upper: f32, candidates: &'a mut Vec<u32>) -> usize);
    (below <= low && high < below + candidates.len()).then_some(below)
}

/// Appends the values from `lower` to `upper` to `candidates`, and returns how many values are
/// smaller.
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
        let mut candidates = vec![u32::MAX; 77];
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
                assert_eq!(
                    lower_quantile_median(&values, &mut candidates),
                    by_sorting(&values),
                    "{n}"
                );
            }
        }
    }
}
