//! A number of a segment with its standard error.

use serde::{Serialize, Serializer};

use super::statistics::Statistics;
use crate::estimators::batch_means;

/// Statistics over the chunks of a segment, and the standard error of their mean.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Estimate {
    /// Arithmetic mean. For decibels the mean of the decibels.
    pub mean: f64,
    /// Population standard deviation (divided by the count, not by one less).
    pub std: f64,
    /// Smallest value.
    pub min: f64,
    /// Largest value.
    pub max: f64,
    /// Standard error of the mean, in its unit: from the averaging within the chunks, or from the
    /// scatter of the chunks if that is significantly larger (chi-square test, 5 %), and from the
    /// resolution. Written with two digits (JCGM 100:2008, 7.2.6).
    #[serde(serialize_with = "with_two_digits")]
    pub standard_error: f64,
}

/// A number in a chunk, and its variance as an estimate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Value {
    pub value: f64,
    pub variance: f64,
}

/// A mean and its standard error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mean {
    /// Arithmetic mean.
    pub mean: f64,
    /// Standard error, in the unit of the mean.
    pub standard_error: f64,
}

/// Sums over values, for their mean.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct MeanBuilder {
    pub(crate) count: usize,
    /// Differences from it lose no digits.
    first: f64,
    sum: f64,
    squares: f64,
    variances: f64,
}

impl MeanBuilder {
    pub(crate) fn add(&mut self, Value { value, variance }: Value) {
        if self.count == 0 {
            self.first = value;
        }
        self.count += 1;
        self.sum += value - self.first;
        self.squares += (value - self.first).powi(2);
        self.variances += variance;
    }

    pub(crate) fn mean(&self) -> f64 {
        self.first + self.sum / self.count.max(1) as f64
    }

    /// `None` without values. `resolution` is a standard error that no average makes smaller.
    pub(crate) fn finish(&self, resolution: f64) -> Option<Mean> {
        let count = self.count as f64;
        let averaged = self.variances / count.powi(2);
        let scattered = (self.squares / count - (self.sum / count).powi(2)).max(0.0) / (count - 1.0).max(1.0);
        let variance = if batch_means::exceeds(scattered, averaged, self.count) {
            scattered
        } else {
            averaged
        };
        (self.count > 0).then(|| Mean {
            mean: self.mean(),
            standard_error: variance.sqrt().hypot(resolution),
        })
    }
}

impl Estimate {
    /// The standard error as it is written: with two significant digits.
    #[must_use]
    pub fn written_standard_error(&self) -> f64 {
        two_digits(self.standard_error)
    }

    /// Over the known values. `None` if none is known. `resolution` is a standard error that no
    /// average makes smaller.
    pub(super) fn of_known(values: impl Iterator<Item = Option<Value>> + Clone, resolution: f64) -> Option<Self> {
        let mut builder = MeanBuilder::default();
        values.clone().flatten().for_each(|value| builder.add(value));
        let standard_error = builder.finish(resolution)?.standard_error;
        let Statistics { mean, std, min, max } = Statistics::of(values.flatten().map(|value| value.value));
        Some(Self {
            mean,
            std,
            min,
            max,
            standard_error,
        })
    }
}

/// The value with two significant digits.
fn two_digits(value: f64) -> f64 {
    format!("{value:.1e}").parse().unwrap_or(value)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn with_two_digits<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(two_digits(*value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[(f64, f64)], resolution: f64) -> Estimate {
        let known = values.iter().map(|(value, variance)| {
            Some(Value {
                value: *value,
                variance: *variance,
            })
        });
        Estimate::of_known(known, resolution).expect("a known value")
    }

    #[test]
    fn the_variances_of_the_chunks_are_averaged() {
        let estimate = of(&[(1.0, 0.04), (1.1, 0.04), (0.9, 0.04), (1.0, 0.04)], 0.0);
        assert!((estimate.standard_error - 0.1).abs() < 1e-12);
        assert!((of(&[(1.0, 0.04)], 0.0).standard_error - 0.2).abs() < 1e-12);
    }

    #[test]
    fn chunks_that_scatter_more_than_they_should_give_their_own_standard_error() {
        let estimate = of(&[(1.0, 0.01), (3.0, 0.01)], 0.0);
        assert_eq!(estimate.standard_error, 1.0);
    }

    #[test]
    fn no_average_is_better_than_the_resolution() {
        assert_eq!(of(&[(1.0, 0.0); 5], 0.5).standard_error, 0.5);
        assert_eq!(of(&[(1.0, 9.0)], 4.0).standard_error, 5.0);
    }

    #[test]
    fn two_digits_are_written() {
        let estimate = Estimate {
            standard_error: 0.012_345,
            ..of(&[(1.0, 0.0)], 0.0)
        };
        let text = serde_json::to_string(&estimate).expect("JSON");
        assert!(text.ends_with("\"standard_error\":0.012}"), "{text}");
    }
}
