//! Numbers of many recordings of the same kind.

use std::collections::BTreeMap;
use std::ops::Range;

use heimdall_dsp::SegmentFeatures;

/// Names of numbers, and their right values.
pub(crate) type Truth = Vec<(&'static str, f64)>;

/// A number in one recording.
#[derive(Clone, Copy)]
struct Reading {
    mean: f64,
    standard_error: f64,
    truth: Option<f64>,
}

/// Readings of each number.
#[derive(Default)]
pub(crate) struct Readings {
    numbers: BTreeMap<&'static str, Vec<Reading>>,
}

impl Readings {
    pub(crate) fn add(&mut self, segment: &SegmentFeatures, truth: &Truth) {
        for (name, estimate) in segment.extended.numbers.iter() {
            let Some(estimate) = estimate else { continue };
            let truth = truth.iter().find(|(other, _)| other == &name).map(|(_, value)| *value);
            self.numbers.entry(name).or_default().push(Reading {
                mean: estimate.mean,
                standard_error: estimate.standard_error,
                truth,
            });
        }
    }

    /// Checks that the standard deviation of the errors over the stated standard error is within
    /// these limits.
    pub(crate) fn check(&self, names: &[&str], limits: Range<f64>) {
        for name in names {
            let [scatter, stated, ..] = self.figures(name);
            assert!(
                limits.contains(&(scatter / stated)),
                "{name} scatters by {scatter}, and says {stated}"
            );
        }
    }

    /// The same for every number.
    pub(crate) fn check_all(&self, limits: Range<f64>) {
        let names: Vec<_> = self.numbers.keys().copied().collect();
        self.check(&names, limits);
    }

    /// Checks that the right value is within two standard errors in at least this part of the
    /// recordings.
    pub(crate) fn check_covered(&self, names: &[&str], least: f64) {
        for name in names {
            let [.., bias, covered] = self.figures(name);
            assert!(
                covered >= least,
                "{name}: {covered} of the errors are within two standard errors, bias {bias}"
            );
        }
    }

    /// Scatter, stated standard error (root of the mean square), bias and coverage.
    fn figures(&self, name: &str) -> [f64; 4] {
        let readings = &self.numbers[name];
        let count = readings.len() as f64;
        let error = |reading: &Reading| reading.mean - reading.truth.unwrap_or(0.0);
        let bias = readings.iter().map(error).sum::<f64>() / count;
        let squares = readings.iter().map(|reading| (error(reading) - bias).powi(2));
        let stated = readings.iter().map(|reading| reading.standard_error.powi(2));
        let covered = readings
            .iter()
            .filter(|reading| error(reading).abs() <= 2.0 * reading.standard_error);
        [
            (squares.sum::<f64>() / (count - 1.0)).sqrt(),
            (stated.sum::<f64>() / count).sqrt(),
            bias,
            covered.count() as f64 / count,
        ]
    }

    pub(crate) fn print(&self, what: &str) {
        for (name, readings) in &self.numbers {
            let [scatter, stated, bias, covered] = self.figures(name);
            println!(
                "{what:<40} {name:<26} {:>4} {scatter:>11.5} {stated:>11.5} {:>6.2} {bias:>11.4} {:>5.0} %",
                readings.len(),
                scatter / stated,
                100.0 * covered
            );
        }
    }
}
