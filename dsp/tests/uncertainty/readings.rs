//! Numbers of many recordings of the same kind.

use std::collections::BTreeMap;

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

    /// Standard deviation of the errors over the mean stated standard error. Where the right value
    /// differs from recording to recording, or the mean does.
    pub(crate) fn ratio(&self, name: &str) -> f64 {
        let [scatter, stated, ..] = self.figures(name);
        scatter / stated
    }

    /// Part of the recordings in which the right value is within two standard errors.
    pub(crate) fn coverage(&self, name: &str) -> f64 {
        self.figures(name)[3]
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
                "{what:<20} {name:<26} {:>4} {scatter:>11.5} {stated:>11.5} {:>6.2} {bias:>11.4} {:>5.0} %",
                readings.len(),
                scatter / stated,
                100.0 * covered
            );
        }
    }
}
