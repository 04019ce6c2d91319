//! The type of an array's elements, and the shapes in which it can be a recording.

use super::problem::{bad, shown};
use crate::error::Error;
use crate::format::SampleFormat;

/// The type of the elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Element {
    /// The format of a sample.
    pub format: SampleFormat,
    /// Elements in a sample: 1, or 2 if I and Q are elements of their own.
    per_sample: u64,
}

/// Names of the two numbers of a record, in lower case.
const NAMES: [(&str, &str); 4] = [("re", "im"), ("real", "imag"), ("i", "q"), ("r", "i")];

impl Element {
    /// Reads the value of `descr`.
    pub(super) fn parse(descr: &str) -> Result<Self, Error> {
        if let Some(record) = descr.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            return match Self::of_record(record) {
                Some(format) => Ok(Self { format, per_sample: 1 }),
                None => Err(bad(format!(
                    "type {}, only records of I and Q of the same type are IQ samples, I first",
                    shown(descr)
                ))),
            };
        }
        let name = descr.trim_matches(['\'', '"']);
        let per_sample = if name.contains('c') { 1 } else { 2 };
        let format = of_complex(name).or_else(|| of_numbers(name)).ok_or_else(|| {
            let is_incomplete = matches!(name, "c8" | "c16" | "=c8" | "=c16" | "|c8" | "|c16");
            bad(format!(
                "type {}{}, only complex64 '<c8', complex128 '<c16' and pairs of int8 to int32, uint8 to uint32, \
                 float32 or float64 are IQ samples",
                shown(descr),
                if is_incomplete { " (byte order unknown)" } else { "" }
            ))
        })?;
        Ok(Self { format, per_sample })
    }

    /// Reads a record of two numbers: `('re', '<i2'), ('im', '<i2')`.
    fn of_record(record: &str) -> Option<SampleFormat> {
        let parts = record
            .split(['(', ')', ',', ' ', '\'', '"'])
            .filter(|part| !part.is_empty());
        let parts: Vec<String> = parts.take(5).map(str::to_ascii_lowercase).collect();
        let [re, first, im, second] = &parts[..] else {
            return None;
        };
        let are_named = NAMES.contains(&(re.as_str(), im.as_str()));
        (are_named && first == second).then(|| of_numbers(first)).flatten()
    }

    /// The number of samples of an array with these sides.
    pub(super) fn samples(self, sides: &[u64], is_fortran: bool) -> Result<u64, &'static str> {
        let (first, last) = match sides {
            [side] => (*side, 1),
            [first, last] if is_fortran => (*last, *first),
            [first, last] => (*first, *last),
            _ => return Err("only arrays of one dimension, or of I and Q in two columns, are recordings"),
        };
        match (self.per_sample, first, last) {
            (1, samples, 1) | (1, 1, samples) | (2, samples, 2) => Ok(samples),
            (1, ..) => Err("only arrays of one dimension are recordings, one channel"),
            (_, _, 1) | (_, 1, _) => Err(
                "it does not say whether these are real samples or I and Q in turn: save complex64, or I and Q in \
                 two columns; real samples are read without a header, as rf32_le and others",
            ),
            (_, 2, _) => Err(
                "all I before all Q, which cannot be read as it arrives: save it in C order with shape (N, 2), as \
                 numpy.ascontiguousarray(x.T) does for x of shape (2, N)",
            ),
            _ => Err("only I and Q in two columns, shape (N, 2), are a recording"),
        }
    }
}

/// The format of these complex numbers.
fn of_complex(name: &str) -> Option<SampleFormat> {
    Some(match name {
        "<c8" => SampleFormat::Cf32Le,
        ">c8" => SampleFormat::Cf32Be,
        "<c16" => SampleFormat::Cf64Le,
        ">c16" => SampleFormat::Cf64Be,
        _ => return None,
    })
}

/// The format of pairs of these numbers.
fn of_numbers(name: &str) -> Option<SampleFormat> {
    Some(match name {
        "<f4" => SampleFormat::Cf32Le,
        ">f4" => SampleFormat::Cf32Be,
        "<f8" => SampleFormat::Cf64Le,
        ">f8" => SampleFormat::Cf64Be,
        "<i2" => SampleFormat::Ci16Le,
        ">i2" => SampleFormat::Ci16Be,
        "<i4" => SampleFormat::Ci32Le,
        ">i4" => SampleFormat::Ci32Be,
        "<u2" => SampleFormat::Cu16Le,
        ">u2" => SampleFormat::Cu16Be,
        "<u4" => SampleFormat::Cu32Le,
        ">u4" => SampleFormat::Cu32Be,
        "|i1" | "<i1" | ">i1" => SampleFormat::Ci8,
        "|u1" | "<u1" | ">u1" => SampleFormat::Cu8,
        _ => return None,
    })
}
