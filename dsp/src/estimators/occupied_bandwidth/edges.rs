//! The edges of the occupied bandwidth, and their variance.

use rustfft::num_complex::Complex32;

use super::place::Place;
use crate::estimators::noise::Noise;
use crate::estimators::spectrum::{self, Block, HANN_VARIANCE, PAD};

/// Part of the power below the lower edge of the occupied bandwidth, and the part above the upper
/// edge (ITU-R SM.328, article 1.153 of the Radio Regulations).
pub(super) const OUTSIDE: f64 = 0.005;

/// Standard deviations of the noise to either side by which an edge must be certain. Between the lines of a
/// spectrum an edge stays where it is, and then jumps.
const CERTAIN: f64 = 1.0;

/// Part of the power up to which an edge is searched, and the most that its deviation can move it.
const MIDDLE: f64 = 0.5;
const FARTHEST: f64 = 0.45;

/// Power of a block above the noise.
pub(super) fn residual(block: &Block, noise: &Noise) -> f64 {
    block.hann - noise.density * block.bins as f64
}

/// Sums over the region that holds the signal.
pub(super) struct RegionSums<'a> {
    pub(super) noise: &'a Noise,
    /// Power above the noise.
    pub(super) total: f64,
    pub(super) bins: f64,
}

/// Where a sum reaches a power.
#[derive(Debug, Clone, Copy)]
pub(super) struct Edge {
    /// Number of the block in its region.
    pub(super) ordinal: usize,
    pub(super) bin: usize,
    /// Part of the bin before the edge.
    pub(super) before: f64,
    /// Bins in the blocks up to the edge, and the sum of the squares of their powers.
    bins: f64,
    squares: f64,
}

impl RegionSums<'_> {
    /// The edge outside which half a percent of the power lies. The blocks begin outside. `inside`
    /// finds the bin in a block, given the sum before it and the power to reach; `place` is its
    /// frequency in bins.
    ///
    /// The bins of a spectrum are exponential variables (Welch 1967), so the variance of the power
    /// outside the edge is the sum of their squares, times that of the window. The estimate of the
    /// noise adds its own. The edges for this power plus and minus its standard deviation give the
    /// deviation of the edge, whatever the slope of the spectrum (Woodruff, J. Am. Stat. Ass. 47,
    /// 1952). The second number is how far the edge may be from there because of the noise alone.
    pub(super) fn edge<'a>(
        &self,
        blocks: &(impl Iterator<Item = (usize, &'a Block)> + Clone),
        inside: impl Fn(&Block, f64, f64) -> Option<(usize, f64)>,
        place: impl Fn(&Edge) -> f64,
    ) -> Option<(Place, f64)> {
        let at = |target: f64| self.reach(blocks.clone(), target, &inside);
        let outside = OUTSIDE * self.total;
        let edge = at(outside)?;
        let from_noise = self.noise.relative_variance_beside_signals()
            * (self.noise.density * (edge.bins - OUTSIDE * self.bins)).powi(2);
        let found = place(&edge);
        let distance = |target: f64| at(target).map(|edge| (place(&edge) - found).abs());
        let inner = |deviation: f64| distance((outside + deviation).min(FARTHEST * self.total));
        let outer = |deviation: f64| (deviation < outside).then(|| distance(outside - deviation)).flatten();
        let moved = |variance: f64| {
            let distances = [inner(variance.sqrt()), outer(variance.sqrt())].into_iter().flatten();
            distances.clone().sum::<f64>() / distances.count().max(1) as f64
        };
        let noise_squares = (self.noise.density.powi(2) * edge.bins).min(edge.squares);
        let by_noise = (HANN_VARIANCE * noise_squares + from_noise).sqrt();
        let edge = Place {
            at: found,
            variance: moved(HANN_VARIANCE * edge.squares + from_noise).powi(2),
        };
        let distances = [inner(CERTAIN * by_noise), outer(CERTAIN * by_noise)];
        Some((edge, distances.into_iter().flatten().fold(0.0, f64::max)))
    }

    /// The last bin, before half of the power is reached, at which the sum reaches the target.
    fn reach<'a>(
        &self,
        blocks: impl Iterator<Item = (usize, &'a Block)>,
        target: f64,
        inside: impl Fn(&Block, f64, f64) -> Option<(usize, f64)>,
    ) -> Option<Edge> {
        let (mut sum, mut bins, mut squares) = (0.0, 0.0, 0.0);
        let mut found = None;
        for (ordinal, block) in blocks {
            let after = sum + residual(block, self.noise);
            if sum < target && after >= target {
                found = Some((ordinal, block, sum, bins, squares));
            }
            sum = after;
            bins += block.bins as f64;
            squares += block.hann.powi(2) / block.bins as f64;
            if sum >= MIDDLE * self.total {
                break;
            }
        }
        let (ordinal, block, sum, bins, squares) = found?;
        let (bin, before) = inside(block, sum, target)?;
        // The block's power up to the edge: what was missing, and the noise of half of its bins.
        let half = 0.5 * block.bins as f64;
        let part = (target - sum + self.noise.density * half).min(block.hann);
        Some(Edge {
            ordinal,
            bin,
            before,
            bins: bins + half,
            squares: squares + part.powi(2) / half,
        })
    }
}

/// The last of these bins at which the sum reaches the target, and the part of that bin before the
/// edge. `before` is the sum over all bins before these.
pub(super) fn crossing(
    bins: impl Iterator<Item = usize>,
    spectrum: &[Complex32],
    noise: &Noise,
    before: f64,
    target: f64,
) -> Option<(usize, f64)> {
    let mut sum = before;
    let mut found = None;
    for bin in bins {
        let power = f64::from(spectrum::hann(
            spectrum[bin],
            spectrum[bin + PAD],
            spectrum[bin + 2 * PAD],
        ));
        let missing = target - sum;
        let residual = power - noise.density;
        if missing > 0.0 && residual >= missing {
            found = Some((bin, missing / residual));
        }
        sum += residual;
    }
    found
}
