//! A band whose ends are nothing but the rounding of the format.

use std::ops::Range;

use super::NARROWEST;
use super::band::{Band, Decision};
use super::shape::{BandShape, Knowledge};

/// Ratio to the rounding of the format: up to the first, groups have nothing else. Beyond the second, they
/// are far above it: 20 dB. Least part of what a filter passes that is far above, and fewest groups.
const ROUNDING_SCATTER: f64 = 2.0;
const FAR_ABOVE_ROUNDING: f64 = 100.0;
const PASSED: f64 = 0.8;
const FEWEST_PASSED: usize = 8;

impl Band<'_> {
    /// The part of the band that a narrow filter passes, if the rest is the format's rounding and nothing
    /// else. A `KiwiSDR` passes 6 kHz of 12 kHz, or whatever its user has chosen.
    pub(super) fn above_rounding(&self) -> Option<Range<usize>> {
        let count = self.densities.len();
        if self.rounding <= 0.0 {
            return None;
        }
        let passed = self.between_ends(ROUNDING_SCATTER * self.rounding);
        let far = FAR_ABOVE_ROUNDING * self.rounding;
        let are_far = self.densities[passed.clone()]
            .iter()
            .filter(|density| **density > far)
            .count();
        let is_narrow = (passed.len() as f64) < NARROWEST * count as f64;
        let has_ends = passed.start > 0 && passed.end < count;
        let is_steep = are_far as f64 >= PASSED * passed.len() as f64;
        (is_narrow && has_ends && is_steep && passed.len() >= FEWEST_PASSED).then_some(passed)
    }

    /// The decision about the part of the band that a filter passes. Noise in it and a signal that
    /// fills it look the same.
    pub(super) fn within(&self, passed: Range<usize>, ranked: &mut Vec<f64>) -> Decision {
        // Without the slopes of the filter.
        let (core, _) = self.core(&passed, ranked);
        let decision = Band {
            densities: &self.densities[core],
            rounding: 0.0,
            ..*self
        }
        .decide(ranked);
        match decision.shape {
            BandShape::Signal | BandShape::Filled => decision,
            BandShape::Noise | BandShape::Undecidable => Decision {
                shape: BandShape::Undecidable,
                knowledge: Knowledge::Ambiguous,
                ..decision
            },
        }
    }
}
