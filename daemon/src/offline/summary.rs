//! How a file was read, and what speaks against it: rows have it in `extraction_metadata`, people on the standard error.

use std::io::{self, Write};

use heimdall_dsp::Extraction;

use crate::sanitize::sanitize;

/// Writes a line on how the file was read, and one for each doubt, loss and oddity.
pub(super) fn tell(name: &str, extraction: &Extraction, err: &mut impl Write) -> io::Result<()> {
    let used = &extraction.interpretation;
    let container = match used.container {
        "none" => String::new(),
        container => format!("{container}, "),
    };
    writeln!(
        err,
        "{name}: read as {container}{} ({}), scale {}, at {} Hz ({})",
        used.format, used.format_source, used.scale, used.sample_rate_hz, used.sample_rate_source
    )?;
    for doubt in &extraction.inconsistencies {
        writeln!(err, "{name}: warning: {}", sanitize(&doubt.text))?;
    }
    let gaps = extraction.info.num_gaps;
    if gaps > 0 {
        let lost = extraction.samples_lost;
        writeln!(
            err,
            "{name}: {gaps} gaps, {lost} samples lost: the chunks that lack them are not measured"
        )?;
    }
    for anomaly in &extraction.info.anomalies {
        writeln!(err, "{name}: {}", sanitize(&anomaly.to_string()))?;
    }
    Ok(())
}
