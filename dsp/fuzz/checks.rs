//! The promises that every target checks.

use heimdall_dsp::{Error, Extraction, Hints, Recording, Workspace};

/// Extracts the object in one piece and in many, and checks the result.
pub(crate) fn check(hints: &Hints, object: &[u8], piece: usize) {
    let whole = extract(hints, [object]);
    let divided = extract(hints, object.chunks(piece));
    assert_eq!(whole, divided, "in pieces of {piece}");
    match whole {
        Ok(extraction) => check_numbers(&extraction, object.len() as u64),
        Err(error) => check_error(&error),
    }
}

pub(crate) fn check_error(error: &Error) {
    let text = error.to_string();
    assert!(!error.kind().is_empty() && text.len() < 1000, "{text}");
}

pub(crate) fn check_numbers(extraction: &Extraction, object_bytes: u64) {
    let sample_bytes = extraction.interpretation.format.sample_bytes() as u64;
    let samples = extraction.samples_used + extraction.samples_left_over;
    assert!(samples * sample_bytes <= object_bytes, "more samples than bytes");
    let chunk_samples = extraction.interpretation.chunk_samples() as u64;
    assert_eq!(extraction.samples_used, chunk_samples * extraction.totals.num_chunks);
    let mut next = 0;
    for segment in &extraction.segments {
        assert!(segment.segment_index >= next && segment.segment_index < 1 << 31);
        next = segment.segment_index + 1;
        for (name, statistics) in segment.features.iter() {
            let all = [statistics.mean, statistics.std, statistics.min, statistics.max];
            assert!(all.iter().all(|number| number.is_finite()), "{name}: {statistics:?}");
        }
        for (name, estimate) in segment.extended.numbers.iter() {
            let Some(estimate) = estimate else { continue };
            let all = [estimate.mean, estimate.std, estimate.min, estimate.max];
            assert!(all.iter().all(|number| number.is_finite()), "{name}: {estimate:?}");
            let error = estimate.standard_error;
            assert!(error.is_finite() && error >= 0.0, "{name}: {estimate:?}");
        }
        let quality = &segment.quality;
        let fractions = [quality.clipped_fraction, quality.zero_fraction];
        assert!(fractions.iter().all(|part| (0.0..=1.0).contains(part)), "{quality:?}");
        let numbers = [
            quality.dc_offset_dbfs,
            quality.dc_spike_db,
            quality.iq_gain_imbalance_db.unwrap_or(0.0),
            quality.iq_phase_error_deg.unwrap_or(0.0),
            quality.impulses_per_second,
            quality.impulse_level_db.unwrap_or(0.0),
            quality.longest_identical_run_ms,
        ];
        assert!(numbers.iter().all(|number| number.is_finite()), "{quality:?}");
    }
}

pub(crate) fn extract<'a>(hints: &Hints, pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<Extraction, Error> {
    feed(Recording::new(hints.clone()), pieces)
}

pub(crate) fn feed<'a>(
    mut recording: Recording,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Result<Extraction, Error> {
    thread_local! {
        // Plans are reused for the next input, as in the daemon.
        static WORKSPACE: std::cell::RefCell<Workspace> = std::cell::RefCell::default();
    }
    WORKSPACE.with_borrow_mut(|workspace| {
        for piece in pieces {
            recording.push(piece, workspace)?;
        }
        recording.finish(workspace)
    })
}
