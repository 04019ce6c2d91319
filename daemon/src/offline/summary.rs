//! Prints how a file was interpreted, with warnings. Rows have the same in `extraction_metadata`.

use std::io::{self, Write};

use heimdall_dsp::Extraction;

use crate::sanitize::sanitize;

/// Writes one line with the interpretation, and one for each inconsistency, loss and anomaly.
pub(super) fn write(name: &str, extraction: &Extraction, err: &mut impl Write) -> io::Result<()> {
    let used = &extraction.interpretation;
    let compression = match (extraction.info.compression, extraction.info.decompressed_bytes) {
        (Some(name), Some(bytes)) => format!("{name} ({bytes} bytes come out), "),
        _ => String::new(),
    };
    let container = match used.container {
        "none" => String::new(),
        container => format!("{container}, "),
    };
    writeln!(
        err,
        "{name}: read as {compression}{container}{} ({}), scale {}, at {} Hz ({})",
        used.format, used.format_source, used.scale, used.sample_rate_hz, used.sample_rate_source
    )?;
    for inconsistency in &extraction.inconsistencies {
        writeln!(err, "{name}: warning: {}", sanitize(&inconsistency.text))?;
    }
    let gaps = extraction.info.num_gaps;
    if gaps > 0 {
        let lost = extraction.samples_lost;
        writeln!(
            err,
            "{name}: {gaps} gaps, {lost} samples lost: chunks with lost samples are not measured"
        )?;
    }
    for anomaly in &extraction.info.anomalies {
        writeln!(err, "{name}: {}", sanitize(&anomaly.to_string()))?;
    }
    Ok(())
}
