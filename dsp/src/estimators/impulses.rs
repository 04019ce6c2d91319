//! Clicks: impulses as short as the receiver's filter allows, as an electric fence or a dimmer
//! makes them.
//!
//! A click has its power in a few samples, alone in its surroundings, far above the rest. A few of
//! them determine every mean of powers. Receivers have blankers against them, and ITU-R SM.1753
//! separates impulsive noise from white noise. Pulses of transmitters are longer, or come in
//! groups: a transponder's reply has several within 25 µs.

use std::ops::Range;

use rustfft::num_complex::Complex32;

use super::envelope::Envelope;

/// Exponent added to the logarithm of the number of samples: noise exceeds this multiple of its
/// mean power once in `e^12` chunks.
const RARE: f64 = 12.0;

/// Most samples above half of the peak's power.
const LONGEST: usize = 4;

/// Samples on either side of the peak that may have any power.
const RINGING: usize = 4;

/// Samples on either side that must be weak, and the same in seconds.
const ALONE: usize = 48;
const ALONE_S: f64 = 32e-6;

/// Least ratio of the peak to the strongest of them: 8 dB.
const PROMINENCE: f32 = 6.0;

/// Largest power of them above the noise, as a part of the click's. Beyond it, this many standard
/// deviations of the noise.
const AROUND: f64 = 0.5;
const DEVIATIONS: f64 = 3.0;

/// A click ends where this many samples do not exceed this multiple of the noise, at most so many
/// samples from its peak.
const QUIET: usize = 8;
const AUDIBLE: f64 = 5.0;
const LONGEST_RINGING: usize = 256;

/// Samples on each side from which the samples under a click are interpolated.
const NEIGHBOURS: usize = 40;

/// Largest part of a chunk that clicks fill. More is a signal.
const LARGEST_PART: f64 = 0.2;

/// Ratio of the powers with and without clicks up to which they stay: 1 dB. A gap in noise that a
/// filter shapes fills the filter's stop band.
const HARMLESS: f64 = 1.26;

/// Samples of which the median is taken.
const RANKED: usize = 4096;

/// The clicks of a chunk or of several.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
pub(crate) struct Impulses {
    pub count: usize,
    /// Sum of their levels in dB.
    levels_db: f64,
}

impl Impulses {
    /// Mean of the levels.
    pub(crate) fn level_db(self) -> Option<f64> {
        (self.count > 0).then(|| self.levels_db / self.count as f64)
    }

    /// Adds those of another chunk.
    pub(crate) fn add(&mut self, other: Self) {
        self.count += other.count;
        self.levels_db += other.levels_db;
    }
}

/// Removes clicks. Holds buffers.
#[derive(Debug, Default)]
pub(crate) struct Blanker {
    /// The samples without clicks, if those of the last chunk matter. Empty otherwise.
    pub cleaned: Vec<Complex32>,
    clicks: Vec<Range<usize>>,
    ranked: Vec<f32>,
}

impl Blanker {
    /// Finds clicks. If they matter, `cleaned` receives the samples without them. A chunk whose
    /// maximum is not far above its mean costs nothing.
    pub(crate) fn remove(&mut self, samples: &[Complex32], envelope: &Envelope, sample_rate_hz: f64) -> Impulses {
        self.cleaned.clear();
        let factor = (samples.len() as f64).ln() + RARE;
        if envelope.max_power < factor * envelope.mean * envelope.mean {
            return Impulses::default();
        }
        let noise = self.noise(samples);
        let impulses = self.find(samples, noise, factor, sample_rate_hz);
        let removed: usize = self.clicks.iter().map(Range::len).sum();
        if removed == 0 || removed as f64 > LARGEST_PART * samples.len() as f64 {
            return Impulses::default();
        }
        let inside = self.clicks.iter().flat_map(|click| &samples[click.clone()]);
        let inside: f64 = inside.map(|x| f64::from(x.norm_sqr())).sum();
        let all = envelope.mean_power * samples.len() as f64;
        if all > HARMLESS * (all - inside) {
            self.interpolate(samples, removed);
        }
        impulses
    }

    /// Mean power of noise with the median power of these samples.
    fn noise(&mut self, samples: &[Complex32]) -> f64 {
        self.ranked.clear();
        let step = samples.len().div_ceil(RANKED);
        self.ranked
            .extend(samples.iter().step_by(step).map(Complex32::norm_sqr));
        let middle = self.ranked.len() / 2;
        let median = *self.ranked.select_nth_unstable_by(middle, f32::total_cmp).1;
        f64::from(median) / std::f64::consts::LN_2
    }

    fn find(&mut self, samples: &[Complex32], noise: f64, factor: f64, sample_rate_hz: f64) -> Impulses {
        self.clicks.clear();
        let mut impulses = Impulses::default();
        // Half of the samples are zeros in a recording with a squelch.
        if noise <= 0.0 {
            return impulses;
        }
        #[expect(clippy::cast_possible_truncation, reason = "powers in single precision")]
        let threshold = (factor * noise) as f32;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "32 µs of the largest sample rate are a thousand samples"
        )]
        let alone = ALONE.max((ALONE_S * sample_rate_hz) as usize);
        let mut from = 0;
        while let Some(offset) = samples[from..].iter().position(|x| x.norm_sqr() > threshold) {
            let first = from + offset;
            let peak = climb(samples, first);
            from = peak + 1;
            if is_click(samples, peak, noise, alone) {
                let click = extent(samples, peak, noise);
                from = click.end.max(from);
                impulses.count += 1;
                impulses.levels_db += 10.0 * (f64::from(samples[peak].norm_sqr()) / noise).log10();
                let start = self.clicks.last().map_or(0, |click| click.end).max(click.start);
                self.clicks.push(start..click.end);
            }
        }
        impulses
    }

    /// Copies the samples without clicks.
    fn interpolate(&mut self, samples: &[Complex32], removed: usize) {
        self.cleaned.extend_from_slice(samples);
        for click in &self.clicks {
            bridge(&mut self.cleaned, click);
        }
        // Little remains of noise under a click. The power of the rest makes up for it, so that
        // densities are right.
        let power = |samples: &[Complex32]| samples.iter().map(|x| f64::from(x.norm_sqr())).sum::<f64>();
        let all = power(&self.cleaned);
        let inside: f64 = self
            .clicks
            .iter()
            .map(|click| power(&self.cleaned[click.clone()]))
            .sum();
        let outside = (all - inside) / (samples.len() - removed) as f64 * samples.len() as f64;
        if all > 0.0 && outside > all {
            #[expect(clippy::cast_possible_truncation, reason = "a factor near 1")]
            let gain = (outside / all).sqrt() as f32;
            self.cleaned.iter_mut().for_each(|sample| *sample *= gain);
        }
    }
}

/// From one sample to the next higher maximum after it, across the ringing before it.
fn climb(samples: &[Complex32], first: usize) -> usize {
    let mut peak = first;
    loop {
        let near = peak + 1..samples.len().min(peak + 1 + RINGING);
        let higher = near.fold(peak, |best, at| {
            if samples[at].norm_sqr() > samples[best].norm_sqr() {
                at
            } else {
                best
            }
        });
        if higher == peak {
            return peak;
        }
        peak = higher;
    }
}

/// Whether a peak is short and alone.
fn is_click(samples: &[Complex32], peak: usize, noise: f64, alone: usize) -> bool {
    let highest = samples[peak].norm_sqr();
    let is_high = |x: &&Complex32| x.norm_sqr() > 0.5 * highest;
    let after = samples[peak..].iter().take(LONGEST + 1).take_while(is_high).count();
    let before = samples[..peak].iter().rev().take(LONGEST).take_while(is_high).count();
    if after + before > LONGEST {
        return false;
    }
    let (mut around, mut count) = (0.0, 0.0);
    for distance in RINGING + 1..=alone {
        let earlier = peak.checked_sub(distance).map(|at| &samples[at]);
        for sample in earlier.into_iter().chain(samples.get(peak + distance)) {
            let power = sample.norm_sqr();
            if PROMINENCE * power > highest {
                return false;
            }
            around += f64::from(power);
            count += 1.0;
        }
    }
    let inside = &samples[peak.saturating_sub(RINGING)..samples.len().min(peak + RINGING + 1)];
    let inside: f64 = inside.iter().map(|x| f64::from(x.norm_sqr())).sum();
    around - count * noise < AROUND * inside + DEVIATIONS * f64::sqrt(count) * noise
}

/// The samples of a click, with its ringing.
fn extent(samples: &[Complex32], peak: usize, noise: f64) -> Range<usize> {
    let is_audible = |x: &Complex32| f64::from(x.norm_sqr()) > AUDIBLE * noise;
    let reach = |side: &mut dyn Iterator<Item = &Complex32>| {
        let mut last = 1;
        for (at, sample) in side.take(LONGEST_RINGING).enumerate() {
            if is_audible(sample) {
                last = at + 2;
            } else if at + 1 > last + QUIET {
                break;
            }
        }
        last
    };
    let after = reach(&mut samples[peak + 1..].iter());
    let before = reach(&mut samples[..peak].iter().rev());
    peak.saturating_sub(before)..samples.len().min(peak + 1 + after)
}

/// Replaces the samples of a click by the likeliest ones, given those on either side of it. In a
/// process of which the correlation of adjacent samples is `r`, as in a first-order autoregression,
/// these are `(r^j (1 - |r|^(2 (m - j))) a + r*^(m - j) (1 - |r|^(2 j)) b) / (1 - |r|^(2 m))` at
/// distance
/// `j` from the sample `a` before and `m - j` from the sample `b` after: zeros for white noise, the
/// signal for a strong tone.
fn bridge(samples: &mut [Complex32], click: &Range<usize>) {
    let left = &samples[click.start.saturating_sub(NEIGHBOURS)..click.start];
    let right = &samples[click.end..samples.len().min(click.end + NEIGHBOURS)];
    let pairs = || left.windows(2).chain(right.windows(2));
    let product: Complex32 = pairs().map(|pair| pair[1] * pair[0].conj()).sum();
    let power: f32 = pairs()
        .map(|pair| 0.5 * (pair[0].norm_sqr() + pair[1].norm_sqr()))
        .sum();
    let correlation = product / power.max(f32::MIN_POSITIVE) * 0.9999;
    let before = left.last().copied().unwrap_or_default();
    let after = right.first().copied().unwrap_or_default();
    let square = correlation.norm_sqr();
    let steps = click.len() + 1;
    let power_of = |base: f32, exponent: usize| base.powf(exponent as f32);
    let whole = 1.0 - power_of(square, steps);
    let mut forwards = Complex32::from(1.0);
    for (at, step) in click.clone().zip(1..) {
        forwards *= correlation;
        let rest = steps - step;
        let backwards = correlation.conj().powu(u32::try_from(rest).unwrap_or(u32::MAX));
        samples[at] = (forwards * before * (1.0 - power_of(square, rest))
            + backwards * after * (1.0 - power_of(square, step)))
            / whole;
    }
}
