//! What is true of a recording, from its signal alone.

use std::f64::consts::TAU;

use rustfft::num_complex::Complex32;

use super::shaping::mean_power;
use crate::signals::{Signals, single};

/// Part of the power outside the occupied band, on either side.
const OUTSIDE: f64 = 0.005;

/// Power of a chunk, over that of the strongest one, below which it has no band of its own: the end
/// of a burst that began in the chunk before.
const WEAKEST: f64 = 0.01;

/// The band that contains 99 % of the power, in Hz from the signal's own centre.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Band {
    pub lower_hz: f64,
    pub upper_hz: f64,
}

impl Band {
    pub(crate) fn width_hz(self) -> f64 {
        self.upper_hz - self.lower_hz
    }
}

/// What is true of 200 ms. A chunk (almost) without a signal has no bands.
#[derive(Clone, Debug)]
pub(crate) struct ChunkTruth {
    /// Mean power over that of the whole recording.
    pub power: f64,
    /// From averages of short spectra: every moment counts the same.
    pub band: Option<Band>,
    /// From one spectrum under a Hann window of 200 ms, as the dictionary of numbers defines it.
    pub band_of_definition: Option<Band>,
}

/// What is true of a recording.
#[derive(Clone, Debug)]
pub(crate) struct Truth {
    /// Mean power of the signal over that of all the noise in the band.
    pub snr_db: f64,
    /// The signal's own centre.
    pub offset_hz: f64,
    /// Occupied band of the whole recording, from averages of short spectra. Edges beyond half of
    /// the rate continue at the other end.
    pub lower_hz: f64,
    pub upper_hz: f64,
    /// Part of the sample rate that is occupied.
    pub band_share: f64,
    pub chunks: Vec<ChunkTruth>,
}

impl Truth {
    /// The truth about `clean`, before it is moved to `offset_hz`, with `chunks` chunks.
    pub(crate) fn of(signals: &mut Signals, clean: &[Complex32], chunks: usize, rate: f64, offset_hz: f64) -> Self {
        let power = mean_power(clean);
        let length = clean.len() / chunks;
        let whole = averaged_band(signals, clean, length, rate);
        let powers = clean.chunks_exact(length).map(mean_power);
        let loudest = powers.fold(0.0, f64::max) / power;
        let chunks = clean.chunks_exact(length).map(|chunk| {
            let power = mean_power(chunk) / power;
            let is_on = power > WEAKEST * loudest;
            ChunkTruth {
                power,
                band: is_on.then(|| averaged_band(signals, chunk, length, rate)),
                band_of_definition: is_on.then(|| band(&spectrum(signals, chunk, length), rate)),
            }
        });
        Self {
            snr_db: f64::NAN,
            offset_hz,
            lower_hz: offset_hz + whole.lower_hz,
            upper_hz: offset_hz + whole.upper_hz,
            band_share: whole.width_hz() / rate,
            chunks: chunks.collect(),
        }
    }

    /// Mean over the chunks with a signal of the occupied bandwidth, by either definition of a
    /// chunk's band.
    pub(crate) fn mean_widths_hz(&self) -> [f64; 2] {
        let mean = |band: fn(&ChunkTruth) -> Option<Band>| {
            let widths = || self.chunks.iter().filter_map(band).map(Band::width_hz);
            widths().sum::<f64>() / widths().count() as f64
        };
        [mean(|chunk| chunk.band), mean(|chunk| chunk.band_of_definition)]
    }

    /// The SNR of each chunk in dB. A chunk without a signal has minus infinity.
    pub(crate) fn chunk_snrs_db(&self) -> impl Iterator<Item = f64> {
        self.chunks.iter().map(|chunk| self.snr_db + 10.0 * chunk.power.log10())
    }
}

/// Occupied band from the mean of spectra that are short, but fine enough for its width.
fn averaged_band(signals: &mut Signals, samples: &[Complex32], longest: usize, rate: f64) -> Band {
    let mut length = 4_096.min(longest);
    loop {
        let band = band(&spectrum(signals, samples, length), rate);
        // 800 bins in the band: the window widens it by less than half a percent.
        if length == longest || band.width_hz() * length as f64 > 800.0 * rate {
            return band;
        }
        length = (8 * length).min(longest);
    }
}

/// Mean of the power spectra of pieces of this length, half of each in the next one, under a Hann
/// window. Negative frequencies come first.
fn spectrum(signals: &mut Signals, samples: &[Complex32], length: usize) -> Vec<f64> {
    let window: Vec<f32> = (0..length)
        .map(|i| single((0.5 - 0.5 * (TAU * i as f64 / length as f64).cos()).into()).re)
        .collect();
    let mut sum = vec![0.0; length];
    let mut piece = Vec::with_capacity(length);
    for start in (0..=samples.len() - length).step_by((length / 2).max(1)) {
        let weighted = samples[start..start + length].iter().zip(&window);
        piece.clear();
        piece.extend(weighted.map(|(sample, weight)| sample * weight));
        signals.transform(&mut piece);
        for (sum, bin) in sum.iter_mut().zip(&piece) {
            *sum += f64::from(bin.norm_sqr());
        }
    }
    sum.rotate_right(length / 2);
    sum
}

/// The edges of the occupied band, between bins by interpolation.
fn band(spectrum: &[f64], rate: f64) -> Band {
    let total: f64 = spectrum.iter().sum();
    let n = spectrum.len();
    let bin_hz = rate / n as f64;
    // A bin extends from half a bin below its frequency to half a bin above.
    let lowest = -((n / 2) as f64) - 0.5;
    Band {
        lower_hz: bin_hz * (lowest + place(spectrum.iter(), OUTSIDE * total)),
        upper_hz: bin_hz * (lowest + n as f64 - place(spectrum.iter().rev(), OUTSIDE * total)),
    }
}

/// How many bins contain this power, with a part of the last one.
fn place<'a>(bins: impl Iterator<Item = &'a f64>, power: f64) -> f64 {
    let mut sum = 0.0;
    for (i, bin) in bins.enumerate() {
        if sum + bin > power {
            return i as f64 + (power - sum) / bin;
        }
        sum += bin;
    }
    0.0
}
