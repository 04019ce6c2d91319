//! Finds signals that are in some chunks of a segment and not in the others.
//!
//! The receiver determines the shape of the noise, so it is the same in all chunks. For noise, the
//! logarithm of a block's density in one chunk minus its mean over `K` others has the mean 0,
//! whatever the shape, and the variance `(1 + 1 / K) / L` for blocks of `L` looks. Over a run of
//! blocks, the sum of these differences minus its average over all runs is nearly normal. The
//! logarithm of a mean of exponential variables has its longer tail below, so the sum exceeds a
//! normal quantile less often than a normal variable does. A signal that starts or ends adds a
//! step. No shape of the noise can look like it, so this test finds signals that
//! [`super::baseline`] must reject.

use crate::estimators::distributions;
use crate::simd::dispatch;

/// Each width is larger than the one before by this factor, at least by one block.
const WIDTH_STEP: f64 = 1.25;

/// Blocks in the narrowest run. The test of a single chunk finds narrower signals of the same
/// strength.
const NARROWEST: usize = 4;

/// Runs tested in parallel.
const LANES: usize = 8;

/// Blocks weaker than this part of the median block are outside the pass-band. They contain leakage
/// from inside it, which is the same in many blocks.
const PASS_BAND: f64 = 0.25;

/// Least number of chunks. With two, the test cannot decide which one contains the signal.
const FEWEST_CHUNKS: usize = 3;

/// Which chunks contain a signal that others do not.
///
/// `logarithms` are those of the densities, chunk after chunk, of `blocks` blocks with `bins` bins
/// in all. Chunks that are `known` to contain a signal are not used for comparison; a chunk in
/// which a signal is found becomes known. Noise has at most this false-alarm `probability`.
pub(super) fn find(
    logarithms: &[f64],
    blocks: usize,
    bins: usize,
    mut known: Vec<bool>,
    probability: f64,
) -> Vec<bool> {
    let mut found = vec![false; known.len()];
    let widths = widths(blocks);
    let tests = widths.len() * blocks;
    if tests == 0 {
        return found;
    }
    let threshold = distributions::normal(probability / (tests * known.len()) as f64);
    let looks = bins as f64 / blocks as f64;
    let chunk = |at: usize| &logarithms[at * blocks..][..blocks];
    let (mut differences, mut sums) = (Vec::new(), Vec::new());
    loop {
        let quiet: Vec<usize> = (0..known.len()).filter(|at| !known[*at]).collect();
        if quiet.len() < FEWEST_CHUNKS {
            return found;
        }
        let totals: Vec<f64> = (0..blocks)
            .map(|block| quiet.iter().map(|at| chunk(*at)[block]).sum())
            .collect();
        let middle = *totals.clone().select_nth_unstable_by(blocks / 2, f64::total_cmp).1;
        let lowest = middle + quiet.len() as f64 * PASS_BAND.ln();
        let others = (quiet.len() - 1) as f64;
        let deviation = ((1.0 + 1.0 / others) / looks).sqrt();
        let mut strongest = (threshold, None);
        for &at in &quiet {
            differences.clear();
            let pairs = chunk(at).iter().zip(&totals).filter(|(_, total)| **total > lowest);
            differences.extend(pairs.map(|(value, total)| value - (total - value) / others));
            let deviations = rise(&differences, &widths, &mut sums) / deviation;
            if deviations > strongest.0 {
                strongest = (deviations, Some(at));
            }
        }
        let Some(at) = strongest.1 else { return found };
        (known[at], found[at]) = (true, true);
    }
}

/// The widths of the runs that are tested.
fn widths(blocks: usize) -> Vec<usize> {
    let mut widths = Vec::new();
    let mut width = NARROWEST;
    while 2 * width <= blocks {
        widths.push(width);
        width = (width + 1).max(super::reference_cells::rounded(width as f64 * WIDTH_STEP));
    }
    widths
}

/// How far the values of a run rise above the mean, in units of the standard deviation of one
/// value. Runs may continue from the end at the start. 0 if some run falls farther below the mean:
/// then the other chunks contain a signal, and everything outside its band rises.
fn rise(values: &[f64], widths: &[usize], sums: &mut Vec<f64>) -> f64 {
    let count = values.len();
    let mean = values.iter().sum::<f64>() / count as f64;
    let mut sum = 0.0;
    sums.clear();
    sums.push(sum);
    for value in values.iter().chain(values) {
        sum += value - mean;
        sums.push(sum);
    }
    let (mut highest, mut lowest) = (0.0_f64, 0.0_f64);
    for &width in widths.iter().take_while(|width| 2 * **width <= count) {
        let (starts, ends) = (&sums[..count], &sums[width..width + count]);
        let (least, most) = dispatch!(extremes(starts: &'a [f64], ends: &'a [f64]) -> (f64, f64));
        let part = width as f64 / count as f64;
        let deviation = (width as f64 * (1.0 - part)).sqrt();
        highest = highest.max(most / deviation);
        lowest = lowest.min(least / deviation);
    }
    if highest > -lowest { highest } else { 0.0 }
}

/// The smallest difference `end - start`, at most 0, and the largest, at least 0.
#[inline(always)]
fn extremes(starts: &[f64], ends: &[f64]) -> (f64, f64) {
    let (mut least, mut most) = ([0.0; LANES], [0.0; LANES]);
    let (starts, starts_rest) = starts.as_chunks::<LANES>();
    let (ends, ends_rest) = ends.as_chunks::<LANES>();
    for (starts, ends) in starts.iter().zip(ends) {
        for lane in 0..LANES {
            let difference = ends[lane] - starts[lane];
            (least[lane], most[lane]) = (smaller(difference, least[lane]), larger(difference, most[lane]));
        }
    }
    let rest = starts_rest.iter().zip(ends_rest).map(|(start, end)| end - start);
    (
        rest.clone().chain(least).fold(0.0, f64::min),
        rest.chain(most).fold(0.0, f64::max),
    )
}

/// Unlike `f64::min` this is one instruction: it need not handle NaN.
#[inline(always)]
fn smaller(a: f64, b: f64) -> f64 {
    if a < b { a } else { b }
}

#[inline(always)]
fn larger(a: f64, b: f64) -> f64 {
    if a > b { a } else { b }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOCKS: usize = 300;
    const BINS: usize = 9_600;

    /// Five chunks with a shape that harmonics cannot fit, without the scatter of noise, each with
    /// its signal.
    fn found(known: [bool; 5], signal: impl Fn(usize, usize) -> f64) -> Vec<bool> {
        let shape = |block: usize| 0.5 * f64::from(u8::from(block % 100 < 50)) - 0.1 * (block % 7) as f64;
        let logarithms: Vec<f64> = (0..5 * BLOCKS)
            .map(|at| shape(at % BLOCKS) + signal(at / BLOCKS, at % BLOCKS))
            .collect();
        find(&logarithms, BLOCKS, BINS, known.to_vec(), 1e-4)
    }

    #[test]
    fn a_step_in_one_chunk_or_two_is_found_there_and_in_no_other() {
        let band = |block: usize| if (40..115).contains(&block) { 0.25 } else { 0.0 };
        assert_eq!(found([false; 5], |_, _| 0.0), [false; 5]);
        for present in [vec![3], vec![0, 4]] {
            let signal = |chunk, block| if present.contains(&chunk) { band(block) } else { 0.0 };
            let expected: Vec<bool> = (0..5).map(|chunk| present.contains(&chunk)).collect();
            assert_eq!(found([false; 5], signal), expected);
        }
        // A change of the level in all of the band comes from an amplifier.
        assert_eq!(found([false; 5], |chunk, _| chunk as f64), [false; 5]);
    }

    #[test]
    fn a_chunk_without_the_signal_of_all_others_contains_none() {
        let others = |chunk, block| {
            if chunk != 2 && (40..115).contains(&block) {
                0.3
            } else {
                0.0
            }
        };
        assert!(!found([false; 5], others)[2]);
        // Known chunks are not tested again, however strong. Of two unknown chunks none is found.
        let strong = |chunk, block| if chunk < 2 { 10.0 * others(0, block) } else { 0.0 };
        assert_eq!(found([true, true, false, false, false], strong), [false; 5]);
        assert_eq!(found([true, true, true, false, false], others), [false; 5]);
    }

    #[test]
    fn nothing_is_found_in_too_few_blocks() {
        assert_eq!(find(&[0.0; 15], 3, 30, vec![false; 5], 1e-4), [false; 5]);
    }
}
