//! Whether a chunk holds a signal: a constant-false-alarm-rate test on its periodogram.
//!
//! Under noise alone the powers of the bins of a periodogram are independent and exponential, with the
//! noise's density as their mean (Brillinger, Time Series, theorem 5.2.6), whatever the distribution of
//! the samples, as long as the density changes little within the bins compared. Two tests share the
//! false alarms of a chunk, [`FALSE_ALARMS`]:
//!
//! - **Lines.** Each bin, and each point half-way between two, against the mean of `R` bins on its left and
//!   of `R` on its right, whichever is larger (greatest-of cell averaging, Hansen and Sawyers 1980), so that the edge of a
//!   pass-band is no signal. Against one such mean, the factor `a` is exceeded with probability `(1 + a / R)^-R`
//!   (Finn and Johnson 1968), against the larger of two less often. There are `2 N` points: `2 N (1 + a / R)^-R`
//!   bounds the probability of any false alarm, hence `a`. Looking between the bins
//!   brings the loss of a tone that fits no bin from 3.9 down to 1.25 dB.
//! - **Bands.** The mean of `M` bins against the larger of the means of `G` bins on either side, for widths from
//!   one block to half the band. The quotient of two such means has the F distribution with
//!   `2 M` and `2 G` degrees of freedom; its quantile is Wilson and Hilferty's cube-root approximation.
//!   The number of tests again divides the probability. What passes must also stand out of a smooth
//!   baseline (harmonics through the logarithms of the whole pass-band, see `baseline`), so that coloured noise,
//!   whose density rises and falls slowly, is no signal. Being a further condition, this can
//!   only lower the false alarms. It also sets what coloured noise is: what four harmonics of the band explain.
//!   A hump much narrower than a quarter of the band cannot be told from a signal, and is called one.
//!
//! The bin at 0 Hz is special: receivers leave their own offset there, 15 to 23 dB above the noise in the bin where
//! that was measured, and carriers tuned to exactly 0 Hz stood 49 dB and more above it. It counts above
//! [`ZERO_HZ_RATIO`] only.

mod baseline;

use crate::quantile;
use crate::spectrum::Block;
use baseline::Baseline;

/// False alarms per chunk of noise: five chunks make a segment, of which one in 1000 may be wrong, and a factor of two is kept for what the derivation neglects.
const FALSE_ALARMS: f64 = 1e-4;

/// Half the false alarms for lines, half for bands.
const SHARE: f64 = 0.5;

/// Power at 0 Hz over the noise in a bin, from which on it is taken for a carrier: 35 dB.
pub(crate) const ZERO_HZ_RATIO: f64 = 3162.0;

/// Below this part of the mean density nothing is called a signal: the rounding of the transform lies there, 18 dB lower.
const LOWEST_DENSITY: f64 = 1e-12;

/// Each band tested is wider than the one before by this factor, or by one block.
const WIDTH_STEP: f64 = 1.25;

/// Thresholds for one division of the band into blocks, and sums over the blocks.
#[derive(Debug, Default)]
pub(crate) struct Detector {
    sums: Vec<f64>,
    bins: Vec<usize>,
    thresholds: Option<Thresholds>,
}

#[derive(Debug)]
struct Thresholds {
    /// Blocks on either side that a line is compared with.
    line_reference: usize,
    /// Factor over their mean.
    line_factor: f64,
    bands: Vec<Band>,
}

/// A width that is searched for.
#[derive(Debug)]
struct Band {
    width: usize,
    reference: usize,
    step: usize,
    factor: f64,
}

impl Detector {
    /// Looks for a signal. `blocks` describe all bins but that at 0 Hz, whose power is `zero_hz`.
    pub(crate) fn signal_present(&mut self, blocks: &[Block], zero_hz: f32) -> bool {
        let total: f64 = blocks.iter().map(|block| block.power).sum();
        if total <= 0.0 {
            return zero_hz > 0.0;
        }
        self.sums.clear();
        self.bins.clear();
        let (mut sum, mut bins) = (0.0, 0);
        // Twice around, so that a run of blocks may pass the end of the band.
        for block in blocks.iter().chain(blocks) {
            self.sums.push(sum);
            self.bins.push(bins);
            sum += block.power;
            bins += block.bins;
        }
        self.sums.push(sum);
        self.bins.push(bins);
        let n = bins / 2;
        let lowest = LOWEST_DENSITY * total / n as f64;
        let count = blocks.len();
        let thresholds = self.thresholds.take().unwrap_or_else(|| Thresholds::new(n, count));
        let found =
            self.lines(blocks, f64::from(zero_hz), lowest, &thresholds) || self.bands(blocks, lowest, &thresholds);
        self.thresholds = Some(thresholds);
        found
    }

    /// Mean power of the bins of `width` blocks from `first` on.
    fn mean(&self, first: usize, width: usize) -> f64 {
        let bins = self.bins[first + width] - self.bins[first];
        (self.sums[first + width] - self.sums[first]) / bins as f64
    }

    /// The larger of the means of `reference` blocks on the left and on the right.
    fn around(&self, first: usize, width: usize, reference: usize, count: usize) -> f64 {
        let left = self.mean((first + count - reference) % count, reference);
        let right = self.mean((first + width) % count, reference);
        left.max(right)
    }

    fn lines(&self, blocks: &[Block], zero_hz: f64, lowest: f64, thresholds: &Thresholds) -> bool {
        blocks.iter().enumerate().any(|(at, block)| {
            let noise = self.around(at, 1, thresholds.line_reference, blocks.len()).max(lowest);
            f64::from(block.line) > thresholds.line_factor * noise
                || (block.first == 0 && zero_hz > ZERO_HZ_RATIO * noise)
        })
    }

    fn bands(&self, blocks: &[Block], lowest: f64, thresholds: &Thresholds) -> bool {
        let count = blocks.len();
        let mut baseline = None;
        thresholds.bands.iter().any(|band| {
            (0..count).step_by(band.step).any(|first| {
                let noise = self.around(first, band.width, band.reference, count).max(lowest);
                self.mean(first, band.width) > band.factor * noise
                    && baseline
                        .get_or_insert_with(|| Baseline::new(blocks))
                        .stands_out(first, band.width)
            })
        })
    }
}

impl Thresholds {
    /// For `n` bins in `count` blocks.
    fn new(n: usize, count: usize) -> Self {
        let block = (n / count).max(1);
        let line_reference = (n / 32).clamp(64, 512).div_ceil(block).clamp(1, count);
        let cells = (line_reference * block) as f64;
        let probability = FALSE_ALARMS * SHARE / (2.0 * n as f64);
        let line_factor = cells * (probability.powf(-1.0 / cells) - 1.0);

        let mut bands = Vec::new();
        let mut width = 1;
        while 2 * width <= count && count > 2 {
            // Wider on both sides than the band itself, but not so wide that it meets the band again.
            let reference = (2 * width).max(line_reference).min((count - width) / 2).max(1);
            bands.push(Band {
                width,
                reference,
                step: (width / 8).max(1),
                factor: 0.0,
            });
            width = (width + 1).max(rounded(width as f64 * WIDTH_STEP));
        }
        let tests: usize = bands.iter().map(|band| count.div_ceil(band.step)).sum();
        let deviate = quantile::normal(FALSE_ALARMS * (1.0 - SHARE) / tests.max(1) as f64);
        for band in &mut bands {
            band.factor = quantile::f(deviate, band.width * block, band.reference * block);
        }
        Self {
            line_reference,
            line_factor,
            bands,
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a small positive number"
)]
fn rounded(value: f64) -> usize {
    value.round() as usize
}
