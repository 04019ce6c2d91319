//! The logarithms of a spectrum's densities, whose errors are independent and of equal variance,
//! and the AR models that fit them best.

use std::cell::OnceCell;

use super::ar1::Ar1;
use super::ar2::Ar2;

/// Blocks weaker than this part of the median block are outside the pass-band.
const PASS_BAND: f64 = 0.5;

/// Largest part of the band that a receiver's stop bands take, and largest difference of the two.
const WIDEST_STOP_BAND: f64 = 0.42;
const ASYMMETRY: f64 = 0.06;

/// Largest part of the band that notches take.
const WIDEST_NOTCH: f64 = 0.1;

/// Blocks next to the edges of the pass-band that do not count either: the filter's slope begins
/// there.
const SHOULDER: usize = 2;

/// Logarithms of the densities of blocks.
#[derive(Debug)]
pub(super) struct LogDensities {
    /// The logarithms in the pass-band, 0 outside.
    pub values: Vec<f64>,
    /// Whether each block is in the pass-band.
    pub inside: Vec<bool>,
    /// Powers averaged in each block (number of looks).
    pub looks: f64,
    /// Fitted when it is first needed, which is rare in noise.
    ar1: OnceCell<Ar1>,
    ar2: OnceCell<Ar2>,
}

impl LogDensities {
    /// The logarithms of densities that are the mean of `looks` powers each.
    pub(super) fn of(densities: &[f64], looks: f64) -> Self {
        let lowest = weakest_inside(densities);
        let strong = |at: usize| densities[at] > lowest;
        let count = densities.len();
        let inside: Vec<bool> = (0..count)
            .map(|at| (0..=2 * SHOULDER).all(|offset| strong((at + offset + count - SHOULDER % count) % count)))
            .collect();
        let values = densities
            .iter()
            .zip(&inside)
            .map(|(density, inside)| if *inside { density.ln() } else { 0.0 })
            .collect();
        Self {
            values,
            inside,
            looks,
            ar1: OnceCell::new(),
            ar2: OnceCell::new(),
        }
    }

    /// Variance of each logarithm.
    pub(super) fn variance(&self) -> f64 {
        1.0 / self.looks
    }

    /// The most likely AR(1) model.
    pub(super) fn ar1(&self) -> &Ar1 {
        (self.ar1).get_or_init(|| Ar1::likeliest(&self.values, &self.inside, self.variance()))
    }

    /// The most likely AR(2) model.
    pub(super) fn ar2(&self) -> &Ar2 {
        let pole = || self.ar1().pole;
        (self.ar2).get_or_init(|| Ar2::likeliest(&self.values, &self.inside, self.variance(), pole()))
    }

    /// The logarithms without the most likely AR(1) model.
    pub(super) fn without_ar1(&self) -> Self {
        self.without(self.ar1().densities(self.values.len()))
    }

    /// The logarithms without the most likely AR(2) model.
    pub(super) fn without_ar2(&self) -> Self {
        self.without(self.ar2().densities(self.values.len()))
    }

    fn without(&self, densities: impl Iterator<Item = f64>) -> Self {
        let rest = self.values.iter().zip(&self.inside).zip(densities);
        Self {
            values: rest
                .map(|((value, inside), density)| if *inside { value - density.ln() } else { *value })
                .collect(),
            inside: self.inside.clone(),
            looks: self.looks,
            ar1: OnceCell::new(),
            ar2: OnceCell::new(),
        }
    }
}

/// The density above which blocks are in the pass-band: half of the median. Where a signal fills
/// half of the band, that is more than the noise. Then the weak blocks are not where a receiver's
/// stop bands are, and their median counts.
fn weakest_inside(densities: &[f64]) -> f64 {
    let mut ranked = densities.to_vec();
    let median = |densities: &mut [f64]| {
        let middle = densities.len() / 2;
        *densities.select_nth_unstable_by(middle, f64::total_cmp).1
    };
    let lowest = (PASS_BAND * median(&mut ranked)).max(f64::MIN_POSITIVE);
    let count = densities.len() as f64;
    let is_weak = |density: &&f64| **density <= lowest;
    let lower = densities.iter().take_while(is_weak).count() as f64;
    let upper = densities.iter().rev().take_while(is_weak).count() as f64;
    let weak = densities.iter().filter(is_weak).count();
    let is_stop_band = lower + upper <= WIDEST_STOP_BAND * count
        && (lower - upper).abs() <= (ASYMMETRY * count).max(2.0)
        && weak as f64 - lower - upper <= WIDEST_NOTCH * count;
    if is_stop_band {
        return lowest;
    }
    // The weak blocks are before the median now.
    ranked.clear();
    ranked.extend(densities.iter().filter(is_weak));
    (PASS_BAND * median(&mut ranked)).max(f64::MIN_POSITIVE)
}
