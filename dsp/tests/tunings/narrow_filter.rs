//! A receiver's filter that passes less than half of the band.

use heimdall_dsp::{Hints, Recording, SampleFormat, SegmentFeatures, Warning, Workspace};

use crate::signals::{Signals, add, amplitude, tone};

/// A receiver's filter passes a part of the band; the rest is the rounding to 16 bits.
#[expect(
    clippy::cast_possible_truncation,
    reason = "amplitudes of samples, and steps of 16 bits"
)]
fn through_a_narrow_filter(noise_dbfs: f64, tone_dbfs: Option<f64>, part: f64, seed: u64) -> SegmentFeatures {
    let n = 12_000;
    let mut signals = Signals::new(seed);
    let mut samples = signals.band(n, 0.0, part);
    for sample in &mut samples {
        *sample *= (amplitude(noise_dbfs) / part.sqrt()) as f32;
    }
    if let Some(dbfs) = tone_dbfs {
        add(&mut samples, &tone(n, 0.05), amplitude(dbfs));
    }
    let bytes: Vec<u8> = samples
        .iter()
        .flat_map(|sample| [sample.re, sample.im])
        .flat_map(|part| ((part * 32_768.0).round() as i16).to_le_bytes())
        .collect();
    let hints = Hints::default()
        .with_format(SampleFormat::Ci16Le, "test")
        .with_sample_rate_hz(12_000.0, "test");
    let mut workspace = Workspace::new();
    let mut recording = Recording::new(hints);
    let mut rest = &bytes[..];
    while recording.push_part(&mut rest, &mut workspace).expect("samples") {}
    let extraction = recording.finish(&mut workspace).expect("features");
    extraction.segments.into_iter().next().expect("a segment")
}

#[test]
fn the_rounding_beside_a_narrow_filter_is_no_noise() {
    for (part, seed) in [(0.5, 1), (0.33, 2), (0.45, 3), (0.2, 4)] {
        let segment = through_a_narrow_filter(-50.0, None, part, seed);
        let extended = &segment.extended;
        assert!(extended.numbers.snr_unbiased_db.is_none(), "{part}: {extended:?}");
        assert!(!segment.signal_present, "{part}: {extended:?}");
        let warnings = &segment.quality.warnings;
        assert!(warnings.contains(&Warning::PresenceUndecidable), "{part}: {warnings:?}");
        let density = -50.0 - 10.0 * (part * 12e3).log10();
        let bounds = extended.bounds.expect("a bound");
        let most = bounds.noise_density_at_most_dbfs_hz;
        assert!((most - density).abs() < 1.0, "{part}: {most}, {density}");
        // A carrier in it: the noise is what the filter passes, or at most that.
        let segment = through_a_narrow_filter(-50.0, Some(-30.0), part, seed);
        let extended = &segment.extended;
        let snr_db = match (extended.numbers.snr_unbiased_db, extended.bounds) {
            (Some(snr), _) => snr.mean,
            (None, bounds) => bounds.and_then(|bounds| bounds.snr_at_least_db).expect("a bound"),
        };
        assert!((snr_db - 20.0).abs() < 1.0, "{part}: {extended:?}");
        assert!(segment.signal_present);
    }
}

#[test]
fn the_rounding_beside_a_narrow_filter_is_no_imbalance() {
    for (noise_dbfs, seed) in [-60.0, -50.0, -30.0]
        .into_iter()
        .flat_map(|level| (0..8).map(move |seed| (level, seed)))
    {
        for part in [0.1, 0.2, 0.3] {
            let quality = through_a_narrow_filter(noise_dbfs, None, part, 100 + seed).quality;
            let is_named = quality.warnings.contains(&Warning::IqImbalance);
            assert!(!is_named, "{noise_dbfs} dBFS in {part}, seed {seed}: {quality:?}");
        }
    }
}
