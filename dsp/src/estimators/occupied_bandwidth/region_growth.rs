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

/// First block and number of blocks of the region that contains `first..first + len` and what is
/// strong beside it, up to the ends of the spectrum of `count` blocks. `is_strong` is told the first
/// block of a run and its width.
pub(super) fn grown(
    (mut first, mut len): (usize, usize),
    count: usize,
    is_strong: impl Fn(usize, usize) -> bool,
) -> (usize, usize) {
    if first + len > count {
        return (first, len);
    }
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
            let start = first.checked_sub(gap + width)?;
            is_strong(start, width).then_some(start)
        });
        let after = distances().find_map(|(width, gap)| {
            let start = first + len + gap;
            (start + width <= count && is_strong(start, width)).then_some(start + width)
        });
        let end = after.unwrap_or(first + len);
        first = before.unwrap_or(first);
        len = end - first;
        if before.is_none() && after.is_none() {
            return (first, len);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_parts_beside_a_line_are_found_and_others_are_not() {
        // Side bands from 30 to 70, and something else far away.
        let is_strong = |first: usize, width: usize| {
            let inside = (first..first + width).filter(|at| (30..70).contains(at) || *at >= 190);
            width >= 4 && inside.count() == width
        };
        assert_eq!(grown((49, 2), 200, is_strong), (30, 40));
        assert_eq!(grown((5, 2), 200, is_strong), (5, 2));
        // Not across the end of the spectrum.
        assert_eq!(grown((198, 4), 200, is_strong), (198, 4));
        assert_eq!(grown((194, 6), 200, is_strong), (190, 10));
    }
}
