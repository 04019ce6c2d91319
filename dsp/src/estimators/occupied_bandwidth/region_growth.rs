//! Extends a region of strong blocks by weaker parts of the same signal beside it.
//!
//! The blocks that exceed the noise one by one are the strongest part of a signal: the carrier of
//! an AM transmission, without its side bands. Runs of several blocks beside them are compared with
//! the noise, until none is stronger.

/// Widths of the runs.
const WIDTHS: [usize; 3] = [1, 4, 16];

/// Widest run beside a region of a few blocks. Beside others a run is at most as wide as they are.
const WIDEST_BESIDE_LINE: usize = 4;

/// Farthest run, as a part of the region's width.
const FARTHEST: f64 = 0.5;

/// First block and number of blocks of the region that contains `len` blocks from `first` on and what
/// is strong beside it, on the circle of `count` blocks: after the last block comes the first. `is_strong`
/// is told the first block of a run and its width.
pub(super) fn grown(
    (mut first, mut len): (usize, usize),
    count: usize,
    is_strong: impl Fn(usize, usize) -> bool,
) -> (usize, usize) {
    loop {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a small positive number"
        )]
        let farthest = ((FARTHEST * len as f64) as usize).max(1);
        let widths = || WIDTHS.into_iter().filter(|width| *width <= len.max(WIDEST_BESIDE_LINE));
        let distances = || widths().flat_map(|width| (0..farthest).rev().map(move |gap| (width, gap)));
        let before = distances().find_map(|(width, gap)| {
            let start = (first + count).checked_sub(gap + width)? % count;
            (len + gap + width <= count && is_strong(start, width)).then_some(gap + width)
        });
        let after = distances().find_map(|(width, gap)| {
            let start = (first + len + gap) % count;
            (len + gap + width <= count && is_strong(start, width)).then_some(gap + width)
        });
        let (before, after) = (before.unwrap_or(0), after.unwrap_or(0));
        if before + after == 0 || len + before + after > count {
            return (first, len);
        }
        first = (first + count - before) % count;
        len += before + after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_parts_beside_a_line_are_found_and_others_are_not() {
        // Side bands from 30 to 70, and something else across the end of the spectrum.
        let is_inside = |at: usize| (30..70).contains(&at) || at % 200 >= 190 || at % 200 < 4;
        let is_strong = |first: usize, width: usize| width >= 4 && (first..first + width).all(is_inside);
        assert_eq!(grown((49, 2), 200, is_strong), (30, 40));
        assert_eq!(grown((12, 2), 200, is_strong), (12, 2));
        assert_eq!(grown((194, 2), 200, is_strong), (190, 14));
        assert_eq!(grown((0, 2), 200, is_strong), (190, 12));
        assert_eq!(grown((0, 200), 200, is_strong), (0, 200));
    }
}
