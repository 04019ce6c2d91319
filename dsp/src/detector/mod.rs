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
//!   brings the loss of a tone that fits no bin from 3.9 down to 1.25 dB. What passes must also exceed `a` times what the likeliest
//!   pole (see `pole`) makes of the larger mean at its own place: the peak of noise may be narrower than `R` bins. In white noise the pole
//!   is next to nothing, and no tone is lost. This too is a further condition.
//! - **Bands.** The mean of `M` bins against the larger of the means of `G` bins on either side, for widths from
//!   one block to half the band. The quotient of two such means has the F distribution with
//!   `2 M` and `2 G` degrees of freedom; its quantile is Wilson and Hilferty's cube-root approximation.
//!   The number of tests again divides the probability. What passes must also stand out of a smooth
//!   baseline (harmonics through the logarithms of the whole pass-band, see `baseline`), so that coloured noise,
//!   whose density rises and falls slowly, is no signal. Being a further condition, this can
//!   only lower the false alarms. It also sets what coloured noise is: what four harmonics of the band explain, or one pole with them.
//!   Any other hump much narrower than a quarter of the band cannot be told from a signal, and is called one.
//!
//! The baseline's tests and those of the bands divide their probability in the same way: with `T` tests of a chunk, a band has to
//! stand out by the standard deviations that a normal variable exceeds with the probability `5e-5 / T`, 5.5 at 48 kHz.
//!
//! A segment's chunks are then looked at together (see `series`): the bands in the mean of their logarithms, which scatters less
//! than half as much; and each chunk beside the others (see `changes`), where no shape of the noise is left to hide behind.
//!
//! # What no detector finds
//!
//! Noise may have any smooth shape, and a wide band is nearly one. Of two densities, the step of a band and all that a slope and
//! some harmonics can make of it, the likeliest test tells one from the other by a normal variable whose means are `d` standard
//! deviations apart, `d^2` being the squared difference of the logarithms times the looks (Neyman and Pearson; Kay, Detection Theory,
//! 4.3). At 2e-4 false alarms in a chunk, which are 1 in 1,000 segments, it finds `Phi(d - 3.54)`. For 12.5 kHz 6 dB below the
//! noise in one chunk of 200 ms alone, and noise that has one harmonic or more, of half a decibel to one:
//!
//! | rate | 1 harmonic | 2 | 3 | 4 |
//! | --- | ---: | ---: | ---: | ---: |
//! | 48 kHz | 6.4, 99.8 % | 4.1, 70 % | 3.5, 48 % | 3.5, 47 % |
//! | 50 kHz | 6.6, 99.9 % | 4.2, 75 % | 3.5, 48 % | 3.5, 48 % |
//! | 96 kHz | 8.8, 100 % | 7.2, 100 % | 5.7, 98.6 % | 4.6, 85 % |
//! | 200 kHz | 10.1, 100 % | 9.3, 100 % | 8.6, 100 % | 7.8, 100 % |
//!
//! So what is asked of five chunks cannot be had of one alone at 50 kHz: either a colour of two harmonics is called a signal, or
//! every fourth signal is missed, even by a test that knows where to look. Beside other chunks without it, it can.
//!
//! # Measured
//!
//! `examples/detector.rs`, 2026-11-25, seeds 0 and 12345: segments of five chunks of noise in which any chunk was called a signal; at most
//! 0.1 % is allowed. All 26 of 294,912 are at most 0.013 % with a confidence of 95 %; of one kind, 1 of 4,000 is at most 0.12 %, 2 are at most
//! 0.16 %, none at most 0.08 %; 2 of 960 at most 0.66 %.
//!
//! | noise | rates, kHz | segments of each seed | seed 0 | seed 12345 | worst kind |
//! | --- | --- | ---: | ---: | ---: | --- |
//! | white | 8, 12, 12.005, 20.25, 48, 200, 2000 | 21,056 | 3 | 1 | 1 of 4,000 |
//! | one pole at 0.03, 0.06, 0.1 | 8 to 200 | 21,920 | 3 | 2 | 1 of 4,000; 2 of 960 at 200 kHz |
//! | one pole at 0.3, -0.5 | 8, 48, 200 | 17,920 | 2 | 2 | 1 of 4,000; 1 of 960 at 200 kHz |
//! | one pole at 0.7 | 8, 48, 200 | 8,960 | 0 | 0 | |
//! | one pole at 0.9 | 8, 48, 200 | 8,960 | 2 | 0 | 1 of 4,000 |
//! | one pole at 0.97 | 8, 48, 200 | 8,960 | 0 | 0 | |
//! | two poles at 0.7 | 8, 48, 200 | 8,960 | 1 | 2 | 2 of 4,000 |
//! | slope of 1 dB, hump of 1 dB | 12 to 200 | 13,920 | 0 | 2 | 1 of 4,000; 1 of 960 at 200 kHz |
//! | pass-band of 80 % (steep), 60 % (soft) | 8 to 200 | 17,920 | 0 | 1 | 1 of 4,000 |
//! | int8, rms of 20, 0.5 and 0.3 steps | 12 to 200 | 18,880 | 3 | 2 | 1 of 4,000; 1 of 960 at 200 kHz |
//!
//! A pole at 0.97 makes the density change by 36 dB over the band, one at 0.7 by 15 dB. Two peaks are too many, as two poles at 0.7 and -0.7
//! make them, 9 dB high: called a signal in 103 of 4,000 segments at 8 kHz, 278 of 4,000 at 48 kHz, 25 of 960 at 200 kHz (seed 0).
//!
//! Chunks with a signal that were found, of 2,000 each (seed 77; 100 % are at least 99.86 % with a confidence of 95 %; with seed
//! 12345 those at -6 dB in five chunks are 100 % at all four rates, tones at 18 dB 99.8 to 100 %); of the bursts, 500
//! segments in which they were found and nothing else. From there up to 20 dB, and of a tone at 18 dB in one chunk, that is 99.6 to
//! 100 %: a band that is found anywhere shows in each of the other chunks too with a probability of 2.3e-4 (`series`).
//!
//! | signal | -9 dB | -8 | -7 | -6 | -5 |
//! | --- | ---: | ---: | ---: | ---: | ---: |
//! | 12.5 kHz wide, SNR in its band, five chunks, 48 kHz | 79 % | 95 % | 100 % | 100 % | 100 % |
//! | the same, 50 kHz | 80 % | 96 % | 99.75 % | 100 % | 100 % |
//! | the same, 96 kHz | 97.25 % | 99.8 % | 100 % | 100 % | 100 % |
//! | the same, 200 kHz | 98.55 % | 100 % | 100 % | 100 % | 100 % |
//! | in one chunk of five and no other, 48 kHz | | | 93 % | 99.6 % | 99.8 % |
//! | the same, 50 kHz | | | 94 % | 99.8 % | 100 % |
//! | the same, 96 kHz | | | 97 % | 100 % | 99.8 % |
//! | the same, 200 kHz | | | 98.2 % | 99.8 % | 99.6 % |
//! | a recording of one such chunk, 48 kHz | 1 % | 6 % | 28 % | 62 % | 86 % |
//! | the same, 50 kHz | 1 % | 7 % | 32 % | 65 % | 86 % |
//! | the same, 96 kHz | 7 % | 39 % | 81 % | 95 % | 99.25 % |
//! | the same, 200 kHz | 11 % | 52 % | 94 % | 100 % | 100 % |
//!
//! | signal | 12 dB | 14 | 16 | 18 |
//! | --- | ---: | ---: | ---: | ---: |
//! | tone anywhere, SNR in a bin, one chunk alone, 8 kHz | 12 % | 50 % | 94 % | 99.85 % |
//! | the same, 12 kHz | 12 % | 54 % | 96 % | 100 % |
//! | the same, 48 kHz | 14 % | 55 % | 96 % | 100 % |
//! | the same, 200 kHz | 10 % | 52 % | 95 % | 100 % |
//! | half-way between two bins, 200 kHz | | | | 100 % |
//!
//! The bin at 0 Hz is special: receivers leave their own offset there, 15 to 23 dB above the noise in the bin where
//! that was measured, and carriers tuned to exactly 0 Hz stood 49 dB and more above it. It counts above
//! [`ZERO_HZ_RATIO`] only.
//!
//! A weaker carrier may be told by its changes, but not always. Over the five chunks of a segment the bin of DCF77 on three receivers
//! varied by 2.7 to 12 % of its power, 17 to 106 times as much as the noise makes it; the offsets of two receivers by 0.04 and 0.25 %, less
//! than the noise does. In the second of each minute in which DCF77 is not keyed, it varied by 0.1 %: as constant as an offset,
//! of the same line width, and no farther off in phase. Two receivers are too few to know how offsets change while they
//! settle, so changes are not made use of; the side bands of keying are found as lines, in the chunks that have them.

mod ar1;
mod bands;
mod baseline;
mod basis;
mod chunk_contrast;
mod circular_sums;
mod log_densities;
mod reference_cells;
mod segment_detector;

use std::cell::OnceCell;
use std::rc::Rc;

use crate::estimators::spectrum::Block;
use ar1::Ar1;
use bands::Bands;
use circular_sums::CircularSums;
use log_densities::LogDensities;
use reference_cells::{FALSE_ALARMS, LOWEST_DENSITY, line_reference};
pub(crate) use segment_detector::SegmentDetector;

/// Half a chunk's false alarms for lines, half for bands.
const SHARE: f64 = 0.5;

/// Power at 0 Hz over the noise in a bin, from which on it is taken for a carrier: 35 dB.
pub(crate) const ZERO_HZ_RATIO: f64 = 3162.0;

/// Thresholds for one division of the band into blocks, and sums over the blocks.
#[derive(Debug, Default)]
pub(crate) struct Detector {
    sums: CircularSums,
    thresholds: Option<Thresholds>,
}

#[derive(Debug)]
struct Thresholds {
    /// Blocks on either side that a line is compared with.
    line_reference: usize,
    /// Factor over their mean.
    line_factor: f64,
    /// By this factor no pole's density changes over as many blocks.
    steepest: f64,
    /// Powers averaged in a block.
    looks: f64,
    bands: Bands,
}

impl Detector {
    /// Looks for a signal. `blocks` describe all bins but that at 0 Hz, whose power is `zero_hz`.
    pub(crate) fn signal_present(&mut self, blocks: &[Block], zero_hz: f32) -> bool {
        let densities = blocks.iter().map(|block| block.power / block.bins as f64);
        self.sums.fill(densities.clone());
        let mean = self.sums.mean();
        if mean <= 0.0 {
            return zero_hz > 0.0;
        }
        let lowest = LOWEST_DENSITY * mean;
        let thresholds = self.thresholds.get_or_insert_with(|| Thresholds::new(blocks));
        let (reference, factor) = (thresholds.line_reference, thresholds.line_factor);
        let (steepest, looks) = (thresholds.steepest, thresholds.looks);
        // Hardly ever needed in noise, and then by both tests.
        let known = OnceCell::new();
        let logarithms = || {
            let of = || Rc::new(LogDensities::of(&densities.clone().collect::<Vec<_>>(), looks));
            Rc::clone(known.get_or_init(of))
        };
        let whitened = OnceCell::new();
        let is_line = |(at, block): (usize, &Block)| {
            let line = f64::from(block.line);
            let noise = (self.sums.around(at, 1, reference) / reference as f64).max(lowest);
            let stands_out_of_pole = || {
                let whitened = whitened.get_or_init(|| Whitened::new(densities.clone(), logarithms().ar1()));
                line > factor * whitened.noise(at, reference)
            };
            // Most lines are too strong for any pole.
            (line > factor * noise && (line > steepest * factor * noise || stands_out_of_pole()))
                || (block.first == 0 && f64::from(zero_hz) > ZERO_HZ_RATIO * noise)
        };
        blocks.iter().enumerate().any(is_line) || thresholds.bands.find(&self.sums, logarithms, lowest).is_some()
    }
}

impl Thresholds {
    fn new(blocks: &[Block]) -> Self {
        let n: usize = blocks.iter().map(|block| block.bins).sum();
        let count = blocks.len();
        let looks = n as f64 / count as f64;
        let line_reference = line_reference(n, count);
        let cells = line_reference as f64 * looks;
        let probability = FALSE_ALARMS * SHARE / (2.0 * n as f64);
        Self {
            line_reference,
            line_factor: cells * (probability.powf(-1.0 / cells) - 1.0),
            steepest: Ar1::steepest(line_reference, count),
            looks,
            bands: Bands::new(count, looks, line_reference, FALSE_ALARMS * (1.0 - SHARE)),
        }
    }
}

/// Densities with the likeliest pole taken out.
#[derive(Debug)]
struct Whitened {
    /// The pole's density.
    pole: Vec<f64>,
    sums: CircularSums,
}

impl Whitened {
    fn new(densities: impl ExactSizeIterator<Item = f64> + Clone, pole: &Ar1) -> Self {
        let pole: Vec<f64> = pole.densities(densities.len()).collect();
        let mut sums = CircularSums::default();
        sums.fill(densities.zip(&pole).map(|(density, pole)| density / pole));
        Self { pole, sums }
    }

    /// What the noise is at a block by the larger of the means on either side, if it has the pole's shape.
    fn noise(&self, at: usize, reference: usize) -> f64 {
        self.pole[at] * self.sums.around(at, 1, reference) / reference as f64
    }
}
