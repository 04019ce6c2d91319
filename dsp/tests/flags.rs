//! Warnings for recordings of others, made over the air. `HEIMDALL_IQ_CORPUS` names the folder with
//! them; without it nothing is tested.

use std::path::PathBuf;

use heimdall_dsp::{Error, Extraction, Hints, Recording, SampleFormat, Warning, Workspace};

fn corpus() -> Option<PathBuf> {
    let folder = std::env::var_os("HEIMDALL_IQ_CORPUS").filter(|folder| !folder.is_empty());
    if folder.is_none() {
        println!("skipped: HEIMDALL_IQ_CORPUS is not set");
    }
    folder.map(PathBuf::from)
}

fn extract(bytes: &[u8], hints: Hints) -> Result<Extraction, Error> {
    let mut workspace = Workspace::new();
    let mut recording = Recording::new(hints);
    recording.push(bytes, &mut workspace)?;
    recording.finish(&mut workspace)
}

fn raw(format: SampleFormat, rate: f64) -> Hints {
    Hints::default()
        .with_format(format, "argument")
        .with_sample_rate_hz(rate, "argument")
}

#[test]
fn receivers_tuned_to_the_carrier_of_a_time_signal_have_no_warning() {
    let Some(corpus) = corpus() else { return };
    for receiver in ["DF0KL", "F1JEK", "HB9RYZ"] {
        let name = format!("20171127T104156Z_77500_{receiver}_iq.wav");
        let bytes = std::fs::read(corpus.join(name)).expect("a recording");
        let extraction = extract(&bytes, Hints::default()).expect(receiver);
        assert!(extraction.segments.len() >= 29);
        for segment in &extraction.segments {
            let quality = &segment.quality;
            // Interference fills what DF0KL's filter passes in the first six seconds. It may be noise.
            let is_full = receiver == "DF0KL" && segment.segment_index < 6;
            let warnings = quality.warnings.iter();
            let others = warnings.filter(|warning| !(is_full && **warning == Warning::PresenceUndecidable));
            assert_eq!(
                others.count(),
                0,
                "{receiver}, segment {}: {quality:?}",
                segment.segment_index
            );
            // The filter passes half of the band. Beside it is the rounding to 16 bits, which is no noise.
            let snr = segment.extended.numbers.snr_unbiased_db;
            assert!(snr.is_none_or(|snr| snr.mean < 60.0), "{receiver}: {snr:?}");
            // The interference is only 34 dB below the carrier in its bin. There a carrier cannot be
            // distinguished from a receiver's own offset.
            if !is_full {
                assert!((segment.extended.detection_rate - 1.0).abs() < 1e-9, "{receiver}");
                // 77.5 kHz is the centre of the band, and the carrier is the only signal.
                assert!(
                    segment.extended.numbers.carrier_offset_hz.expect("known").mean.abs() < 100.0,
                    "{receiver}"
                );
            }
        }
    }
}

#[test]
fn a_receiver_with_far_too_little_gain_uses_few_codes_and_has_a_dc_spike() {
    let Some(corpus) = corpus() else { return };
    let bytes = std::fs::read(corpus.join("f1860M_1920k_rtlsdr.cu8")).expect("a recording");
    let extraction = extract(&bytes, raw(SampleFormat::Cu8, 1_920_000.0)).expect("a second");
    for segment in &extraction.segments {
        let quality = &segment.quality;
        assert_eq!(
            quality.warnings,
            [Warning::UnderDriven, Warning::DcSpike],
            "{quality:?}"
        );
        assert_eq!(quality.codes_used, Some(11));
        assert!((15.0..25.0).contains(&quality.dc_spike_db), "{quality:?}");
    }
}

#[test]
fn an_overdriven_receiver_clips_and_one_with_silence_between_its_bursts_does_not() {
    let Some(corpus) = corpus() else { return };
    let bytes = std::fs::read(corpus.join("ism_ook_overshoot.cs8")).expect("a recording");
    let extraction = extract(&bytes, raw(SampleFormat::Ci8, 1e6)).expect("a chunk");
    for segment in &extraction.segments {
        let quality = &segment.quality;
        assert_eq!(
            quality.warnings,
            // A single chunk does not show whether the line at 0 Hz is an offset.
            [Warning::Clipping, Warning::HeavyClipping, Warning::DcOrCarrier],
            "{quality:?}"
        );
        assert!((0.2..0.3).contains(&quality.clipped_fraction), "{quality:?}");
    }
    let bytes = std::fs::read(corpus.join("ism_elektromaten.cs8")).expect("a recording");
    let extraction = extract(&bytes, raw(SampleFormat::Ci8, 1e6)).expect("a second");
    for segment in &extraction.segments {
        assert_eq!(segment.quality.warnings, [], "{:?}", segment.quality);
        assert!((segment.extended.detection_rate - 1.0).abs() < 1e-9);
    }
}

#[test]
fn recordings_shorter_than_a_chunk_are_rejected() {
    let Some(corpus) = corpus() else { return };
    for (name, format, rate) in [
        ("modes1_1090M_2000k.cu8", SampleFormat::Cu8, 2e6),
        ("ism_enocean.cf32", SampleFormat::Cf32Le, 1e6),
        ("f1890M_1920k_128-byte-header.cu8", SampleFormat::Cu8, 1.92e6),
    ] {
        let bytes = std::fs::read(corpus.join(name)).expect("a recording");
        let error = extract(&bytes, raw(format, rate)).expect_err(name);
        assert!(matches!(error, Error::TooShort { .. }), "{name}: {error}");
    }
}
