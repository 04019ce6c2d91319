//! The logarithms of a spectrum's densities, whose errors are independent and of equal variance,
//! and the AR(1) model that fits them best.

use std::cell::OnceCell;

use super::ar1::Ar1;

/// Blocks weaker than this part of the median block are outside the pass-band.
const PASS_BAND: f64 = 0.5;

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
}

impl LogDensities {
    /// The logarithms of densities that are the mean of `looks` powers each.
    pub(super) fn of(densities: &[f64], looks: f64) -> Self {
        let mut ranked = densities.to_vec();
        let middle = ranked.len() / 2;
        let lowest = PASS_BAND * *ranked.select_nth_unstable_by(middle, f64::total_cmp).1;
        let strong = |at: usize| densities[at] > lowest.max(f64::MIN_POSITIVE);
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

    /// The logarithms without the most likely AR(1) model.
    pub(super) fn without_ar1(&self) -> Self {
        let densities = self.ar1().densities(self.values.len());
        let rest = self.values.iter().zip(&self.inside).zip(densities);
        Self {
            values: rest
                .map(|((value, inside), density)| if *inside { value - density.ln() } else { *value })
                .collect(),
            inside: self.inside.clone(),
            looks: self.looks,
            ar1: OnceCell::new(),
        }
    }
}
