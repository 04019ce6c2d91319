//! The result of a recording: the text of its report and the rows of its table, or an error.

use heimdall_dsp::{Error, Extraction, Inconsistency, Interpretation, RecordingInfo, SegmentFeatures, Warning};
use numpy::{PyArray1, PyArray2, PyArrayMethods};
use pyo3::prelude::*;
use serde::Serialize;

use crate::columns::{columns, push_row};

/// Why a recording has no features: the words of `error_kind` and `error_message` in a row.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub kind: &'static str,
    pub message: String,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self {
            kind: error.kind(),
            message: error.to_string(),
        }
    }
}

/// A warning about the recording as a whole.
#[derive(Serialize)]
struct Sentence<'a> {
    warning: Warning,
    text: &'a str,
}

impl<'a> Sentence<'a> {
    fn of(found: &'a Inconsistency) -> Self {
        Self {
            warning: found.warning,
            text: &found.text,
        }
    }
}

/// What the text of a result has.
#[derive(Serialize)]
struct Report<'a> {
    interpretation: &'a Interpretation,
    warnings: Vec<Sentence<'a>>,
    info: &'a RecordingInfo,
    duration_ms: f64,
    samples_used: u64,
    samples_left_over: u64,
    samples_lost: u64,
    overall_confidence: f64,
    mean_snr_db: f64,
    num_receivers_detected: u8,
    segments: &'a [SegmentFeatures],
}

/// A recording's features, without Python's objects: threads make it.
pub(crate) struct Features {
    report: String,
    rows: Vec<f64>,
    count: usize,
}

impl Features {
    pub(crate) fn of(extraction: &Extraction) -> Result<Self, Failure> {
        let report = Report {
            interpretation: &extraction.interpretation,
            warnings: extraction.inconsistencies.iter().map(Sentence::of).collect(),
            info: &extraction.info,
            duration_ms: extraction.duration_ms(),
            samples_used: extraction.samples_used,
            samples_left_over: extraction.samples_left_over,
            samples_lost: extraction.samples_lost,
            overall_confidence: extraction.totals.overall_confidence(),
            mean_snr_db: extraction.totals.mean_snr_db(),
            num_receivers_detected: extraction.totals.signal_detected().into(),
            segments: &extraction.segments,
        };
        let report = serde_json::to_string(&report).map_err(|error| Failure {
            kind: "internal",
            message: error.to_string(),
        })?;
        let mut rows = Vec::with_capacity(extraction.segments.len() * 200);
        for segment in &extraction.segments {
            push_row(segment, &mut rows);
        }
        Ok(Self {
            report,
            rows,
            count: extraction.segments.len(),
        })
    }
}

/// Report, rows, kind of the error, its message: the first two or the last two are `None`.
pub(crate) type Parts<'py> = (
    Option<String>,
    Option<Bound<'py, PyArray2<f64>>>,
    Option<&'static str>,
    Option<String>,
);

/// The result as Python's objects.
pub(crate) fn parts(py: Python<'_>, outcome: Result<Features, Failure>) -> PyResult<Parts<'_>> {
    Ok(match outcome {
        Ok(Features { report, rows, count }) => {
            let rows = PyArray1::from_vec(py, rows).reshape([count, columns().len()])?;
            (Some(report), Some(rows), None, None)
        }
        Err(Failure { kind, message }) => (None, None, Some(kind), Some(message)),
    })
}
