//! A tone of known frequency and level.

/// Frequency in cycles per sample.
pub(crate) const FREQUENCY: f64 = 0.125;

/// Components of a tone of amplitude 0.1 (power -20 dBFS), I and Q in turn, with a little noise.
pub(crate) fn tone(samples: u32) -> impl Iterator<Item = f64> {
    (0..samples).flat_map(|n| {
        let (sin, cos) = (std::f64::consts::TAU * FREQUENCY * f64::from(n)).sin_cos();
        let noise = |n: u32| f64::from(n.wrapping_mul(2_654_435_761) >> 16) / 65_536.0 - 0.5;
        [0.1 * cos + 0.001 * noise(2 * n), 0.1 * sin + 0.001 * noise(2 * n + 1)]
    })
}

/// The tone as integers of 16 bits.
#[expect(clippy::cast_possible_truncation, reason = "the result has 16 bits")]
pub(crate) fn tone_ci16(samples: u32) -> Vec<u8> {
    tone(samples)
        .flat_map(|value| ((value * 32_768.0).round() as i16).to_le_bytes())
        .collect()
}

/// Checks frequency, level and number of samples.
pub(crate) fn assert_tone(extraction: &heimdall_dsp::Extraction, samples: u32, rate_hz: f64) {
    let interpretation = &extraction.interpretation;
    assert!(
        (interpretation.sample_rate_hz - rate_hz).abs() < 1e-9,
        "{interpretation:?}"
    );
    assert_eq!(
        extraction.samples_used + extraction.samples_left_over,
        u64::from(samples)
    );
    let segment = &extraction.segments[0];
    let (frequency_hz, power_dbfs) = (
        segment.extended.numbers.carrier_offset_hz.expect("a signal").mean,
        segment.extended.numbers.power_dbfs.expect("known").mean,
    );
    assert!((frequency_hz - FREQUENCY * rate_hz).abs() < 1.0, "{frequency_hz} Hz");
    assert!((power_dbfs + 20.0).abs() < 0.05, "{power_dbfs} dBFS");
    assert!(segment.extended.detection_rate > 0.99);
}
