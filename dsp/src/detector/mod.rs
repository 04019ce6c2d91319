//! Decides whether a chunk contains a signal: a test with a constant false-alarm rate (CFAR) on its
//! periodogram.
//!
//! For noise, the powers of the bins of a periodogram are independent and exponential, with the
//! noise's density as their mean (Brillinger, Time Series, theorem 5.2.6). This holds for any
//! distribution of the samples if the density changes little within the bins compared. A CFAR test
//! compares a cell under test with reference cells next to it. Two tests share the false-alarm
//! probability of a chunk, [`FALSE_ALARMS`]:
//!
//! - **Lines.** The cell under test is a bin, or the point half-way between two bins. The reference
//!   cells are `R` bins on its left and `R` on its right; the larger of the two means counts
//!   (greatest-of cell averaging, Hansen and Sawyers 1980), so that the edge of a pass-band is no
//!   signal. The probability that the cell exceeds `a` times one such mean is `(1 + a / R)^-R`
//!   (Finn and Johnson 1968), and less for the larger of two. There are `2 N` points, so `2 N (1 +
//!   a / R)^-R` is an upper limit of the false-alarm probability, which gives `a`. The points
//!   between the bins reduce the loss of a tone between two bins from 3.9 to 1.25 dB. A line must
//!   also exceed `a` times the larger mean after the most likely AR(1) model is taken into account
//!   (see `ar1`): the peak of coloured noise may be narrower than `R` bins. In white noise this
//!   model is nearly flat, so no tone is lost. A further condition can only lower the false-alarm
//!   rate.
//! - **Bands.** The cell under test is a run of `M` bins, from one block to half of the band. The
//!   reference cells are `G` bins on either side; the larger of the two means counts. The quotient
//!   of two such means has the F distribution with `2 M` and `2 G` degrees of freedom. Its quantile
//!   is Wilson and Hilferty's cube-root approximation. The probability is divided by the number of
//!   tests. A band must also exceed a smooth baseline (harmonics through the logarithms of the
//!   whole pass-band, see `baseline`), so that coloured noise, whose density changes slowly, is no
//!   signal. This too is a further condition. It also defines coloured noise: what four harmonics
//!   of the band, or they and a model with one pole or two, explain. Any other hump much narrower
//!   than a quarter of the band cannot be distinguished from a signal, and counts as one.
//!
//! The tests of the baseline divide their probability in the same way. With `T` tests of a chunk, a
//! band must exceed the baseline by the number of standard deviations that a normal variable
//! exceeds with the probability `5e-5 / T`: 5.5 at 48 kHz.
//!
//! At its end, the chunks of a segment are tested together (see `segment_detector`): bands in the
//! mean of their logarithms, which has less than half the scatter, and each chunk against the
//! others (see `chunk_contrast`), where the shape of the noise does not matter.
//!
//! # What no detector finds
//!
//! Noise may have any smooth shape, and a wide band is nearly such a shape. A slope and some
//! harmonics explain a part of the band's step. The most powerful test between the step and that
//! part is a normal variable with two means `d` standard deviations apart, where `d^2` is the
//! squared difference of the logarithms times the looks (Neyman and Pearson; Kay, Detection Theory,
//! 4.3). At 2e-4 false alarms per chunk, which is 1 in 1,000 segments, it finds the part `Phi(d -
//! 3.54)` of the signals. The table has `d` and this part for a band of 12.5 kHz 6 dB below the
//! noise in a single chunk of 200 ms, and noise with at least one harmonic of half a decibel to one
//! decibel:
//!
//! | rate | 1 harmonic | 2 | 3 | 4 |
//! | --- | ---: | ---: | ---: | ---: |
//! | 48 kHz | 6.4, 99.8 % | 4.1, 70 % | 3.5, 48 % | 3.5, 47 % |
//! | 50 kHz | 6.6, 99.9 % | 4.2, 75 % | 3.5, 48 % | 3.5, 48 % |
//! | 96 kHz | 8.8, 100 % | 7.2, 100 % | 5.7, 98.6 % | 4.6, 85 % |
//! | 200 kHz | 10.1, 100 % | 9.3, 100 % | 8.6, 100 % | 7.8, 100 % |
//!
//! So a single chunk at 50 kHz cannot reach the detection rate that is required for five: either
//! noise with two harmonics counts as a signal, or every fourth signal is missed, even by a test
//! that knows the band. In comparison with other chunks without the signal it can.
//!
//! # Measured
//!
//! `examples/detector.rs`, 2026-11-25, seeds 0 and 12345: segments of five chunks of noise with a
//! false alarm in any chunk. At most 0.1 % is allowed. In all, 26 of 294,912 segments have one: at
//! most 0.013 % with 95 % confidence. For one kind of noise, 0 of 4,000 is at most 0.08 %, 1 is at
//! most 0.12 %, 2 is at most 0.16 %; 2 of 960 is at most 0.66 %.
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
//! With a pole at 0.97 the density changes by 36 dB over the band, with one at 0.7 by 15 dB. These
//! figures are from before bands were also compared with an AR(2) model (see `ar2`), which covers
//! noise with two peaks: poles at 0.7 and -0.7 counted as a signal in 3 to 7 % of the segments.
//!
//! The next tables show which part of 2,000 chunks with a signal was found (seed 77). 100 % is at
//! least 99.86 % with 95 % confidence. With seed 12345, bands at -6 dB in five chunks are found in
//! 100 % at all four rates, tones at 18 dB in 99.8 to 100 %. For bursts in one chunk of five, the
//! part of 500 segments counts in which this chunk was found and no other. From -5 up to 20 dB, and
//! for a tone at 18 dB in one chunk, that is 99.6 to 100 %: a band that is found in the segment is
//! also present in each other chunk by chance with a probability of 2.3e-4 (`segment_detector`).
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
//! # The bin at 0 Hz
//!
//! Receivers add an offset of their own at 0 Hz: 15 to 23 dB above the noise in a bin where it was
//! measured, and much more in others. The detector leaves this bin out. `quality::offset` decides
//! at the end of the segment whether a line there is a carrier: one that changes and is 35 dB above
//! the noise in its bin, or one with coherent side bands.
//!
//! Over the five chunks of a segment, the bin of DCF77 on three receivers varied by 2.7 to 12 % of
//! its power, 17 to 106 times as much as from noise; the offsets of two receivers by 0.04 and 0.25
//! %, less than from noise. In the one second of each minute in which DCF77 is not keyed it varied
//! by 0.1 %: as constant as an offset, with the same line width, and with no larger deviation in
//! phase. Such a second counts as an offset.
//!
//! # Envelope and height
//!
//! Two more findings do not come from these tests. A chunk whose envelope varies far less than that
//! of Gaussian noise has a signal, and so have chunks whose envelopes together do
//! (`estimators::noise::kurtosis`), and so has one with a hump that
//! is stronger than 12 dB above the rest (`estimators::noise::band`): no receiver's noise has so
//! much colour. The figures above are of 2026-11-25, before these two, and show the tests alone.

mod ar1;
mod ar2;
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

/// Part of a chunk's false-alarm probability for lines. The rest is for bands.
const SHARE: f64 = 0.5;

/// Thresholds for chunks of one length, and sums over the blocks of the last one.
#[derive(Debug, Default)]
pub(crate) struct Detector {
    sums: CircularSums,
    thresholds: Option<Thresholds>,
}

#[derive(Debug)]
struct Thresholds {
    /// Reference cells of a line on either side, in blocks.
    line_reference: usize,
    /// Threshold of a line, as a factor over the mean of the reference cells.
    line_factor: f64,
    /// Upper limit of the change of an AR(1) model's density over these cells, as a factor.
    steepest: f64,
    /// Powers averaged in a block (number of looks).
    looks: f64,
    bands: Bands,
}

impl Detector {
    /// Whether the chunk contains a signal. `blocks` are without the bin at 0 Hz.
    pub(crate) fn signal_present(&mut self, blocks: &[Block]) -> bool {
        let densities = blocks.iter().map(|block| block.power / block.bins as f64);
        self.sums.fill(densities.clone());
        let mean = self.sums.mean();
        if mean <= 0.0 {
            return false;
        }
        let lowest = LOWEST_DENSITY * mean;
        let thresholds = self.thresholds.get_or_insert_with(|| Thresholds::new(blocks));
        let (reference, factor) = (thresholds.line_reference, thresholds.line_factor);
        let (steepest, looks) = (thresholds.steepest, thresholds.looks);
        // Rarely needed in noise. Both tests may need it, so it is computed once.
        let known = OnceCell::new();
        let logarithms = || {
            let of = || Rc::new(LogDensities::of(&densities.clone().collect::<Vec<_>>(), looks));
            Rc::clone(known.get_or_init(of))
        };
        let whitened = OnceCell::new();
        let is_line = |(at, block): (usize, &Block)| {
            let line = f64::from(block.line);
            let noise = (self.sums.around(at, 1, reference) / reference as f64).max(lowest);
            let exceeds_ar1 = || {
                let whitened = whitened.get_or_init(|| Whitened::new(densities.clone(), logarithms().ar1()));
                line > factor * whitened.noise(at, reference)
            };
            // Most lines are too strong for any AR(1) noise.
            line > factor * noise && (line > steepest * factor * noise || exceeds_ar1())
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

/// Densities divided by those of the most likely AR(1) model.
#[derive(Debug)]
struct Whitened {
    /// The model's densities.
    model: Vec<f64>,
    sums: CircularSums,
}

impl Whitened {
    fn new(densities: impl ExactSizeIterator<Item = f64> + Clone, ar1: &Ar1) -> Self {
        let model: Vec<f64> = ar1.densities(densities.len()).collect();
        let mut sums = CircularSums::default();
        sums.fill(densities.zip(&model).map(|(density, model)| density / model));
        Self { model, sums }
    }

    /// Noise at a block of this shape: the larger mean of the reference cells times the model's
    /// density.
    fn noise(&self, at: usize, reference: usize) -> f64 {
        self.model[at] * self.sums.around(at, 1, reference) / reference as f64
    }
}
