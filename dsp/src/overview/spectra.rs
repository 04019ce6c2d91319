use std::f64::consts::TAU;
use std::sync::Arc;

use rustfft::num_complex::Complex32;
use rustfft::{Fft, FftPlanner};

use super::waterfall::{MAX_COLUMNS, Rows, Waterfall};
use crate::decibel::decibels;
use crate::simd::narrow;

/// Largest number of samples in a spectrum: twice as many bins as the waterfall has columns.
const MAX_BINS: usize = 2 * MAX_COLUMNS;

/// Equivalent noise bandwidth of a periodic Hann window, in bins.
const HANN_BANDWIDTH: f64 = 1.5;

/// The power spectral density of a recording.
#[derive(Debug, Clone, PartialEq)]
pub struct Spectrum {
    /// Frequency of the first bin, Hz from the centre: minus half the sample rate.
    pub first_hz: f64,
    /// Distance from one bin to the next.
    pub bin_hz: f64,
    /// Equivalent noise bandwidth of the window.
    pub resolution_hz: f64,
    /// Mean density of each bin, dBFS/Hz, -300 for silence. Empty if all pieces between gaps are
    /// shorter than a spectrum.
    pub mean_db: Vec<f32>,
    /// Largest density of each bin in any single spectrum.
    pub highest_db: Vec<f32>,
}

/// Averages spectra by Welch's method (IEEE Trans. Audio Electroacoustics 15, 1967): periodic Hann
/// window, 50 % overlap.
pub(super) struct Spectra {
    fft: Arc<dyn Fft<f32>>,
    window: Vec<f32>,
    /// Factor that converts `|X|^2` to density.
    scale: f64,
    sample_rate_hz: f64,
    scratch: Vec<Complex32>,
    transform: Vec<Complex32>,
    /// Samples of the next spectrum, and the position of the first.
    pending: Vec<Complex32>,
    pending_at: u64,
    count: u64,
    /// Density of each bin of the last spectrum, the lowest frequency first.
    densities: Vec<f64>,
    sums: Vec<f64>,
    highest: Vec<f64>,
    rows: Rows,
}

impl Spectra {
    pub(super) fn new(sample_rate_hz: f64, chunk_samples: usize) -> Self {
        let bins = bins(chunk_samples);
        let fft = FftPlanner::new().plan_fft_forward(bins);
        let hann = |n: usize| 0.5 - 0.5 * (TAU * n as f64 / bins as f64).cos();
        // The sum of squares of a periodic Hann window of 4 samples or more.
        let window_power = 0.375 * bins as f64;
        Self {
            scratch: vec![Complex32::ZERO; fft.get_inplace_scratch_len()],
            fft,
            window: (0..bins).map(|n| narrow(hann(n))).collect(),
            scale: 1.0 / (window_power * sample_rate_hz),
            sample_rate_hz,
            transform: vec![Complex32::ZERO; bins],
            pending: Vec::with_capacity(bins),
            pending_at: 0,
            count: 0,
            densities: vec![0.0; bins],
            sums: vec![0.0; bins],
            highest: vec![0.0; bins],
            rows: Rows::new(bins.min(MAX_COLUMNS), bins as u64 / 2),
        }
    }

    /// Equivalent noise bandwidth of the window.
    pub(super) fn resolution_hz(&self) -> f64 {
        HANN_BANDWIDTH * self.sample_rate_hz / self.window.len() as f64
    }

    pub(super) fn add(&mut self, position: u64, mut samples: &[Complex32]) {
        if position != self.pending_at + self.pending.len() as u64 {
            self.pending.clear();
            self.pending_at = position;
        }
        let bins = self.window.len();
        while self.pending.len() + samples.len() >= bins {
            let (now, later) = samples.split_at(bins - self.pending.len());
            self.pending.extend_from_slice(now);
            samples = later;
            self.transform();
            self.pending.drain(..bins / 2);
            self.pending_at += bins as u64 / 2;
        }
        self.pending.extend_from_slice(samples);
    }

    fn transform(&mut self) {
        let bins = self.window.len();
        for ((out, sample), weight) in self.transform.iter_mut().zip(&self.pending).zip(&self.window) {
            *out = *sample * *weight;
        }
        self.fft.process_with_scratch(&mut self.transform, &mut self.scratch);
        // The second half of the transform has the negative frequencies. Squares of weak samples
        // need double precision.
        let (positive, negative) = self.transform.split_at(bins / 2);
        for (density, x) in self.densities.iter_mut().zip(negative.iter().chain(positive)) {
            *density = self.scale * (f64::from(x.re).powi(2) + f64::from(x.im).powi(2));
        }
        for ((sum, highest), density) in self.sums.iter_mut().zip(&mut self.highest).zip(&self.densities) {
            *sum += density;
            *highest = highest.max(*density);
        }
        let in_column = bins.div_ceil(MAX_COLUMNS);
        let columns = self.densities.chunks(in_column);
        let means = columns.map(|bins| bins.iter().sum::<f64>() / bins.len() as f64);
        // Half a step before the middle of the spectrum, so that the first spectrum is in the first
        // row.
        self.rows.add(self.pending_at + bins as u64 / 4, means);
        self.count += 1;
    }

    pub(super) fn finish(self) -> (Spectrum, Waterfall) {
        let bins = self.window.len();
        let bin_hz = self.sample_rate_hz / bins as f64;
        let first_hz = -0.5 * self.sample_rate_hz;
        let column_hz = bin_hz * bins.div_ceil(MAX_COLUMNS) as f64;
        let count = self.count as f64;
        let drawn = if self.count > 0 { bins } else { 0 };
        let spectrum = Spectrum {
            first_hz,
            bin_hz,
            resolution_hz: self.resolution_hz(),
            mean_db: self.sums[..drawn].iter().map(|sum| decibels(sum / count)).collect(),
            highest_db: self.highest[..drawn].iter().map(|density| decibels(*density)).collect(),
        };
        let waterfall = self.rows.finish(first_hz - 0.5 * bin_hz, column_hz, bins as u64 / 4);
        (spectrum, waterfall)
    }
}

/// Samples in a spectrum: about half a chunk, so that the shortest recording has three spectra.
fn bins(chunk_samples: usize) -> usize {
    let half = (chunk_samples / 2).max(4);
    (1 << half.ilog2()).min(MAX_BINS)
}
