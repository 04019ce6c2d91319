//! The floor of a band: how strong the noise is where it is visible.

use std::ops::Range;

use super::band::Band;
use super::groups::sum_between;
use super::shape::{COLOUR_SEEN, GAP, SLOPE};
use crate::estimators::order_statistic;

const SHORTEST_GAP: usize = 4;

/// How far the floor next to a signal is above that in the middle of the gap, if slopes hide the
/// noise. At least by this part, and by this many standard deviations.
const HIDDEN: f64 = 0.06;
const HIDDEN_DEVIATIONS: f64 = 3.0;

/// Weaker parts of the groups of the noise, and how far their mean is below that of all, in
/// standard deviations of a group (mean of a normal variable below its quantile).
const WEAKER_PARTS: [(f64, f64); 3] = [(0.5, 0.798), (0.25, 1.271), (0.125, 1.647)];
const FEWEST_WEAKER: usize = 3;

/// Standard deviations by which the weaker part must be below, to count alone.
const CONTAMINATED: f64 = 2.5;

impl Band<'_> {
    /// Whether a strong signal's own slopes hide the noise: in the longest gap between signals, the
    /// floor next to them is higher than in the middle.
    pub(super) fn is_hidden(&self, floor: f64) -> bool {
        let is_strong = |density: &f64| *density > GAP * floor;
        let count = self.densities.len();
        let Some(from) = self.densities.iter().position(is_strong) else {
            return false;
        };
        if !self.densities.iter().any(|density| *density > COLOUR_SEEN * floor) {
            return false;
        }
        // From a strong group once round the circle, so that no gap is cut.
        let at = |offset: usize| self.densities[(from + offset) % count];
        let (mut longest, mut run) = (0..0, 0..0);
        for offset in 0..count {
            run = if is_strong(&at(offset)) {
                offset + 1..offset + 1
            } else {
                run.start..offset + 1
            };
            if run.len() > longest.len() {
                longest = run.clone();
            }
        }
        if longest.len() < SHORTEST_GAP {
            return true;
        }
        let sixth = longest.len().div_ceil(6);
        let third = longest.len() / 3;
        let mean = |offsets: Range<usize>| {
            let noise = offsets.map(at).filter(|density| *density >= SLOPE * floor);
            let (count, sum) = noise.fold((0.0, 0.0), |(count, sum), density| (count + 1.0, sum + density));
            (count, sum)
        };
        // The sixths at the ends are steep slopes, which hide nothing.
        let left = mean(longest.start + sixth..longest.start + 2 * sixth);
        let right = mean(longest.end - 2 * sixth..longest.end - sixth);
        let middle = mean(longest.start + third..longest.end - third);
        let near_count = f64::max(left.0 + right.0, 1.0);
        let middle_count = f64::max(middle.0, 1.0);
        let scatter = self.deviation * (1.0 / near_count + 1.0 / middle_count).sqrt();
        let least = HIDDEN.max(HIDDEN_DEVIATIONS * scatter);
        (left.1 + right.1) / near_count > (1.0 + least) * middle.1 / middle_count
    }

    /// How many groups are as strong as noise of this level, and their sum.
    pub(super) fn near(&self, level: f64) -> (usize, f64) {
        sum_between(self.densities, SLOPE * level, self.factor * level)
    }

    /// Mean of the groups that are noise of this level, without slopes, and how many they are.
    /// Where the slopes of a signal are among them, the weaker half has a smaller mean than that of
    /// noise; then it counts alone, and so on.
    pub(super) fn mean_near(&self, level: f64, ranked: &mut Vec<f64>) -> (f64, usize) {
        let (count, sum) = self.near(level);
        if count == 0 || level <= 0.0 {
            return (0.0, 0);
        }
        ranked.clear();
        let is_near = |density: &&f64| (SLOPE * level..=self.factor * level).contains(*density);
        ranked.extend(self.densities.iter().filter(is_near));
        ranked.sort_unstable_by(f64::total_cmp);
        let mut best = (sum / count as f64, count);
        for (part, below) in WEAKER_PARTS {
            let used = order_statistic::share(count, part);
            let mean = ranked[..used].iter().sum::<f64>() / used as f64 / (1.0 - below * self.deviation);
            let scatter = CONTAMINATED * self.deviation / (used as f64).sqrt();
            if used < FEWEST_WEAKER || mean > best.0 * (1.0 - scatter) {
                break;
            }
            best = (mean, used);
        }
        best
    }
}
