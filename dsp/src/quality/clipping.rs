//! Clipping: a pile of components at the end of the scale, with a cut-off beside it.
//!
//! Reaching the end of the scale is not clipping. The density of a sine wave of amplitude `A` is
//! `1 / (pi sqrt(A^2 - x^2))` (the arcsine law): it rises to its end without a cut-off. It is the
//! sharpest rise of all signals without clipping. If the amplitude ends `u` steps above the lower edge
//! of the last step, the last step has `sqrt(u) / (sqrt(u + k) - sqrt(u))` times as many components as
//! the `k` steps below it. `u` is at most 1 without clipping: `1 / (sqrt(2) - 1) = 2.4` times as many as
//! the next step. Signals that are limited by less than about 1.5 % of the scale pass too.

use rustfft::num_complex::Complex32;

use crate::estimators::envelope::ClippingLevels;
use crate::estimators::peak_range::PeakRange;
use crate::format::SampleFormat;

/// Where the end of the scale is unknown, components within 0.1 % of the extreme count as clipped
/// if there are many of them compared with those within 1 % and with those within 10 %. A sine wave
/// has 0.46 and 0.11 times as many at the extreme. For Gaussian noise of which 0.01 % is clipped
/// the factors are 6 and 0.28. At the end of a format only the first comparison is necessary. If
/// the steps are so coarse that none is within 1 %, the next lower step is compared.
const RAIL: f32 = 0.999;
const NEAR: f32 = 0.99;
const AROUND: f32 = 0.9;
const OVER_NEAR: usize = 4;
const OVER_AROUND: f64 = 0.25;

/// Fewest components of a pile at an end of the format, and elsewhere.
const FEWEST_AT_END: usize = 4;
const FEWEST: usize = 10;

/// Clipping levels of a chunk with these peaks: the ends of an integer format if the peaks reach
/// them, otherwise levels close to the peaks. Many converters leave the lowest code out.
pub(crate) fn clipping_levels(format: SampleFormat, peaks: PeakRange) -> ClippingLevels {
    let PeakRange { low, high } = peaks;
    let ends = format.ends().map_or([false; 2], |(lowest, highest)| {
        [low <= lowest + 1.5 * format.step(), high >= highest]
    });
    // Silence does not clip.
    let near = |peak: f32, none: f32| if peak == 0.0 { none } else { RAIL * peak };
    ClippingLevels {
        low: if ends[0] { low } else { near(low, f32::NEG_INFINITY) },
        high: if ends[1] { high } else { near(high, f32::INFINITY) },
        at_ends: ends,
    }
}

/// Numbers of components at one end of the scale and below it.
#[derive(Debug, Default, Clone, Copy)]
struct Pile {
    last: usize,
    /// Those within 1 % below the level, or in the next lower step, whichever are more.
    near: usize,
    /// Those within 10 %.
    around: usize,
}

impl Pile {
    /// Counts the components times `sign` that reach a positive `level`, and those below it.
    fn of(samples: &[Complex32], sign: f32, level: f32, is_end: bool) -> Self {
        let components = || samples.iter().flat_map(|sample| [sign * sample.re, sign * sample.im]);
        let next = components().filter(|part| *part < level).fold(0.0, f32::max);
        let full = if is_end { level } else { level / RAIL };
        let (near, around) = ((NEAR * full).min(next), AROUND * full);
        let mut pile = Self::default();
        for part in components() {
            pile.last += usize::from(part >= level);
            pile.near += usize::from(part >= near);
            pile.around += usize::from(part >= around);
        }
        pile.near -= pile.last;
        pile.around = pile.around.saturating_sub(pile.last);
        pile
    }

    /// The components that are clipped: all of the pile, or none.
    fn clipped(self, is_end: bool) -> usize {
        let is_cut_off = self.last > OVER_NEAR * self.near;
        let is_pile = if is_end {
            self.last >= FEWEST_AT_END
        } else {
            self.last >= FEWEST && self.last as f64 > OVER_AROUND * self.around as f64
        };
        if is_cut_off && is_pile { self.last } else { 0 }
    }
}

/// The clipped components of a chunk.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Clipped {
    /// Those at both ends of the format, which are the same in every chunk.
    at_ends: Pile,
    /// Those elsewhere.
    elsewhere: usize,
}

impl Clipped {
    /// Examines a chunk, of which so many components are `at_clipping_levels`.
    pub(crate) fn of(samples: &[Complex32], clipping: ClippingLevels, at_clipping_levels: usize) -> Self {
        let mut clipped = Self::default();
        // One value beside zeros is a carrier without noise.
        let has_both_signs = clipping.low.is_finite() && clipping.high.is_finite();
        for (is_end, sign, level) in [
            (clipping.at_ends[0], -1.0, -clipping.low),
            (clipping.at_ends[1], 1.0, clipping.high),
        ] {
            if level == f32::INFINITY || (!is_end && (at_clipping_levels < FEWEST || !has_both_signs)) {
                continue;
            }
            let pile = Pile::of(samples, sign, level, is_end);
            if is_end {
                clipped.at_ends.add(pile);
            } else {
                clipped.elsewhere += pile.clipped(false);
            }
        }
        clipped
    }

    /// Components that are clipped at an end of the format.
    pub(crate) fn at_ends(self) -> usize {
        self.at_ends.clipped(true)
    }

    /// All clipped components.
    pub(super) fn total(self) -> usize {
        self.at_ends() + self.elsewhere
    }

    /// Adds those of another chunk.
    pub(super) fn add(&mut self, other: Self) {
        self.at_ends.add(other.at_ends);
        self.elsewhere += other.elsewhere;
    }
}

impl Pile {
    fn add(&mut self, other: Self) {
        self.last += other.last;
        self.near += other.near;
        self.around += other.around;
    }
}
