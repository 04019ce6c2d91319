//! Turns real samples into an analytic signal at half the rate.
//!
//! `y[n] = x[2n] + j H{x}[2n]`, where H is the Hilbert transform: a cosine of amplitude A becomes a
//! complex tone of amplitude A. A frequency below a quarter of the rate keeps its place, and one
//! above it reads as negative: f - rate / 2. A constant stays a constant.
//!
//! The transform is a filter of 127 taps of the ideal response 2 / (pi k), k odd, under a Kaiser
//! window. Every other tap is zero, so only samples at odd places count. Ripple in the pass-band
//! and the mirror image are at least 80 dB down from 4.5 % to 95.5 % of the band (0 to rate / 2),
//! which a test checks. Nearer to 0 Hz and to rate / 2 the image rises to -6 dB: those 9 % meet
//! around 0 Hz of the result.
//!
//! Before the first sample and after the last one the signal counts as zero: the imaginary parts of
//! the first and last 32 samples lack a part of their sum. Where an offset is far above everything
//! else, it continues there instead: its end would be a click. Samples on both sides of a gap are
//! filtered as neighbours, 32 samples from it.
//!
//! Source: A. V. Oppenheim, R. W. Schafer, Discrete-Time Signal Processing, chapter on discrete
//! Hilbert transforms; J. F. Kaiser's window there.

use crate::format::SampleFormat;

/// Different taps, those of the odd places after the middle.
const TAPS: usize = 32;

/// Least ratio of an offset's power to the rest from which on it continues beyond the ends: 12 dB.
const OFFSET: f32 = 16.0;

/// Shape of the Kaiser window: 90 dB.
const BETA: f64 = 0.1102 * (90.0 - 8.7);

/// Takes real samples in pieces of any size.
#[derive(Debug)]
pub(super) struct AnalyticSignal {
    taps: [f32; TAPS],
    /// Real samples of the piece.
    reals: Vec<f32>,
    /// A sample at an even place whose successor has not arrived.
    waiting: Option<f32>,
    /// Samples at even places whose result is not returned.
    even: Vec<f32>,
    /// Samples at odd places: those from [`TAPS`] places before the first of `even` on.
    odd: Vec<f32>,
    /// Whether it is known if an offset continues before the first sample.
    has_offset_before: bool,
    /// Real samples so far.
    pub(super) samples_read: u64,
}

impl AnalyticSignal {
    pub(super) fn new() -> Self {
        let mut taps = [0.0; TAPS];
        for (index, tap) in taps.iter_mut().enumerate() {
            let place = (2 * index + 1) as f64;
            let width = 2.0 * TAPS as f64;
            #[expect(clippy::cast_possible_truncation, reason = "rounding is intended")]
            let value = (2.0 / (std::f64::consts::PI * place) * kaiser(place / width)) as f32;
            *tap = value;
        }
        Self {
            taps,
            reals: Vec::new(),
            waiting: None,
            even: Vec::new(),
            odd: vec![0.0; TAPS],
            has_offset_before: false,
            samples_read: 0,
        }
    }

    /// Decodes bytes of whole real samples. They are in [`Self::reals`] until the next call.
    pub(super) fn read(&mut self, format: SampleFormat, bytes: &[u8]) -> &[f32] {
        self.reals.clear();
        format.decode_real(bytes, &mut self.reals);
        self.samples_read += self.reals.len() as u64;
        &self.reals
    }

    /// The complex samples that the real samples complete, as bytes of `cf32_le`.
    pub(super) fn transform(&mut self) -> Vec<u8> {
        let mut reals = self.reals.drain(..);
        if let Some(first) = self.waiting.take() {
            match reals.next() {
                Some(second) => {
                    self.even.push(first);
                    self.odd.push(second);
                }
                None => self.waiting = Some(first),
            }
        }
        let pairs = reals.as_slice().as_chunks::<2>();
        self.even.extend(pairs.0.iter().map(|[first, _]| first));
        self.odd.extend(pairs.0.iter().map(|[_, second]| second));
        if self.waiting.is_none() {
            self.waiting = pairs.1.first().copied();
        }
        drop(reals);
        self.take_complete()
    }

    /// The last complex samples. A single real sample without a successor is left out.
    pub(super) fn finish(&mut self) -> Vec<u8> {
        let last = self.odd.len().saturating_sub(TAPS);
        self.odd.extend([offset(&self.odd[last..]); TAPS]);
        let bytes = self.take_complete();
        self.odd.truncate(TAPS);
        bytes
    }

    /// Removes the samples whose result is complete.
    fn take_complete(&mut self) -> Vec<u8> {
        let count = (self.odd.len() + 1).saturating_sub(2 * TAPS).min(self.even.len());
        if count == 0 {
            return Vec::new();
        }
        if !self.has_offset_before {
            // As many samples as the result of the first one needs.
            self.has_offset_before = true;
            let before = offset(&self.odd[TAPS..2 * TAPS - 1]);
            self.odd[..TAPS].fill(before);
        }
        let mut imaginary = vec![0.0_f32; count];
        for (index, tap) in self.taps.iter().enumerate() {
            let before = &self.odd[TAPS - 1 - index..][..count];
            let after = &self.odd[TAPS + index..][..count];
            for ((sum, before), after) in imaginary.iter_mut().zip(before).zip(after) {
                *sum += tap * (before - after);
            }
        }
        let real = self.even.drain(..count);
        self.odd.drain(..count);
        let samples = real.zip(imaginary).map(|(re, im)| [re.to_le_bytes(), im.to_le_bytes()]);
        samples.flatten().flatten().collect()
    }
}

/// The mean of the samples if it is far above everything else in them, 0 otherwise.
fn offset(samples: &[f32]) -> f32 {
    let count = samples.len().max(1) as f32;
    let mean = samples.iter().sum::<f32>() / count;
    let variance = samples.iter().map(|sample| (sample - mean).powi(2)).sum::<f32>() / count;
    if mean * mean > OFFSET * variance { mean } else { 0.0 }
}

/// The Kaiser window at `place`, from -1 to 1.
fn kaiser(place: f64) -> f64 {
    bessel_i0(BETA * (1.0 - place * place).sqrt()) / bessel_i0(BETA)
}

/// The modified Bessel function of the first kind and order 0, by its power series.
fn bessel_i0(x: f64) -> f64 {
    let (mut term, mut sum, mut k) = (1.0, 1.0, 1.0);
    while term > 1e-12 * sum {
        term *= (x / (2.0 * k)).powi(2);
        sum += term;
        k += 1.0;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustfft::num_complex::{Complex32, Complex64};

    fn transformed(reals: &[f32], piece: usize) -> Vec<Complex32> {
        let mut signal = AnalyticSignal::new();
        let mut bytes = Vec::new();
        for piece in reals.chunks(piece) {
            let piece: Vec<u8> = piece.iter().flat_map(|x| x.to_le_bytes()).collect();
            signal.read(SampleFormat::Rf32Le, &piece);
            bytes.extend(signal.transform());
        }
        bytes.extend(signal.finish());
        let mut samples = Vec::new();
        SampleFormat::Cf32Le.decode(&bytes, &mut samples);
        samples
    }

    /// The amplitudes of a cosine of amplitude 1 at its own frequency, in cycles per real sample,
    /// and at the mirrored one.
    fn amplitudes(frequency: f64) -> (f64, f64) {
        let reals: Vec<f32> = (0..8192)
            .map(|m| (std::f64::consts::TAU * frequency * f64::from(m) + 0.3).cos() as f32)
            .collect();
        let samples = transformed(&reals, 1000);
        let at = |frequency: f64| {
            let sum: Complex64 = samples[100..3900]
                .iter()
                .zip(100..)
                .map(|(x, n)| {
                    let window = (std::f64::consts::PI * f64::from(n - 100) / 3800.0).sin().powi(4);
                    let turn = Complex64::cis(-std::f64::consts::TAU * 2.0 * frequency * f64::from(n));
                    Complex64::new(x.re.into(), x.im.into()) * turn * window
                })
                .sum();
            sum.norm() / (3800.0 * 0.375)
        };
        (at(frequency), at(-frequency))
    }

    #[test]
    fn images_and_ripple_are_80_db_down_over_91_percent_of_the_band() {
        for step in 0..=91_u32 {
            let frequency = 0.5 * (0.045 + 0.01 * f64::from(step));
            // At a quarter of the rate both are the same frequency.
            if step == 45 || step == 46 {
                continue;
            }
            let (wanted, image) = amplitudes(frequency);
            let (ripple_db, image_db) = (20.0 * (wanted - 1.0).abs().log10(), 20.0 * image.log10());
            assert!(ripple_db < -80.0, "{frequency}: ripple {ripple_db} dB");
            assert!(image_db < -80.0, "{frequency}: image {image_db} dB");
        }
    }

    #[test]
    fn a_constant_stays_a_constant() {
        let samples = transformed(&[0.25; 1000], 77);
        assert!(
            samples[40..460].iter().all(|x| (x.re, x.im) == (0.25, 0.0)),
            "{samples:?}"
        );
    }

    #[test]
    fn every_pair_gives_a_sample_however_the_bytes_are_divided() {
        let reals: Vec<f32> = (0..1001_u16).map(|m| (f32::from(m) * 0.37).sin()).collect();
        let whole = transformed(&reals, 1001);
        assert_eq!(whole.len(), 500);
        for piece in [1, 2, 3, 63, 64, 65, 500] {
            assert_eq!(transformed(&reals, piece), whole, "{piece}");
        }
        for few in 0..5 {
            assert_eq!(transformed(&reals[..few], 1).len(), few / 2);
        }
    }
}
