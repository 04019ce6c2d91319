//! The lines on standard output: a JSON object for each file.

use std::io::{self, Write};

use heimdall_dsp::Extraction;
use serde::Serialize;

use super::error::OfflineError;
use crate::job::segment_spool::SegmentSpool;
use crate::sanitize::{escape_json, sanitize};

/// Why a file has no features.
#[derive(Serialize)]
struct Failed<'a> {
    file: &'a str,
    error: Reason,
}

#[derive(Serialize)]
struct Reason {
    kind: &'static str,
    message: String,
}

/// Writes `{"file": …, "interpretation": {…}, "warnings": […], "segments": […]}`. The segments are
/// not held in memory.
pub(super) fn write_segments(
    out: &mut impl Write,
    file: &str,
    extraction: &Extraction,
    segments: &SegmentSpool,
) -> io::Result<()> {
    let warnings: Vec<&str> = extraction.inconsistencies.iter().map(|found| &*found.text).collect();
    write!(
        out,
        "{{\"file\":{},\"interpretation\":{},\"warnings\":{},\"segments\":",
        escape_json(&serde_json::to_string(file)?),
        serde_json::to_string(&extraction.interpretation)?,
        escape_json(&serde_json::to_string(&warnings)?),
    )?;
    let mut separator = "[";
    for segment in segments.lines(&extraction.inconsistencies)? {
        out.write_all(separator.as_bytes())?;
        out.write_all(segment?.as_bytes())?;
        separator = ",";
    }
    out.write_all(if separator == "[" { b"[]}\n" } else { b"]}\n" })?;
    out.flush()
}

/// Writes `{"file": …, "error": {"kind": …, "message": …}}`.
pub(super) fn write_error(out: &mut impl Write, file: &str, error: &OfflineError) -> io::Result<()> {
    let failed = Failed {
        file,
        error: Reason {
            kind: error.kind(),
            message: sanitize(&error.to_string()),
        },
    };
    writeln!(out, "{}", escape_json(&serde_json::to_string(&failed)?))?;
    out.flush()
}
