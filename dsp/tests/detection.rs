//! False alarms and detections, over as many segments as a short test allows.
//! `examples/detector.rs` measures far more.

#[path = "support/signals.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod signals;

use rustfft::num_complex::Complex32;
use signals::{Signals, add, amplitude, one_pole, quantised, tone};

/// Segments of noise of each kind. One in 1000 may be a false alarm, so none of 60 is expected. The
/// seed is constant, so the result is too.
const SEGMENTS: usize = 60;

fn false_alarms(rate: usize, mut make: impl FnMut(&mut Signals) -> Vec<Complex32>) -> usize {
    let mut signals = Signals::new(rate as u64);
    (0..SEGMENTS)
        .filter(|_| {
            let samples = make(&mut signals);
            signals.measure(&samples, rate).extended.detection_rate > 0.0
        })
        .count()
}

#[test]
fn noise_of_any_colour_and_rate_is_no_signal() {
    // 12,005 and 20,250 Hz do not divide into equal blocks of bins.
    for rate in [8_000, 12_005, 20_250, 48_000, 200_000] {
        assert_eq!(
            false_alarms(rate, |signals| signals.noise(rate, |_| 1.0)),
            0,
            "white, {rate} Hz"
        );
    }
    // The weaker a colour, the more it looks like a wide band: with a pole at 0.06 every tenth
    // chunk was a false alarm. A pole at 0.6 makes a peak of 12 dB; more than that is a signal.
    for pole in [0.04, 0.06, 0.1, 0.3, 0.5, 0.6] {
        let make = |signals: &mut Signals| signals.noise(48_000, |frequency| one_pole(pole, frequency));
        assert_eq!(false_alarms(48_000, make), 0, "one pole at {pole}");
    }
    let two_peaks = |frequency| one_pole(0.7, frequency) * one_pole(-0.7, frequency);
    let make = |signals: &mut Signals| signals.noise(48_000, two_peaks);
    assert_eq!(false_alarms(48_000, make), 0, "two poles at 0.7 and -0.7");
    let slope = |frequency: f64| 10_f64.powf(0.1 * frequency);
    assert_eq!(
        false_alarms(48_000, |signals| signals.noise(48_000, slope)),
        0,
        "a slope of 1 dB"
    );
    let pass_band = |frequency: f64| if frequency.abs() < 0.4 { 1.0 } else { 1e-6 };
    for rate in [12_000, 48_000] {
        let make = |signals: &mut Signals| signals.noise(rate, pass_band);
        assert_eq!(false_alarms(rate, make), 0, "empty edges, {rate} Hz");
    }
    for rms in [0.3, 0.5, 20.0] {
        let make = |signals: &mut Signals| quantised(&signals.noise(48_000, |_| 1.0), rms);
        assert_eq!(false_alarms(48_000, make), 0, "int8, rms {rms} steps");
    }
}

#[test]
fn tones_18_db_above_the_noise_in_a_bin_are_found_at_any_frequency() {
    let mut signals = Signals::new(18);
    let (mut found, mut tried) = (0.0, 0.0);
    for (rate, segments) in [(8_000, 60), (48_000, 30), (200_000, 10)] {
        for _ in 0..segments {
            let mut samples = signals.noise(rate, |_| 1.0);
            let frequency = signals.uniform() - 0.5;
            add(
                &mut samples,
                &tone(rate, frequency),
                amplitude(18.0) / (rate as f64 / 5.0).sqrt(),
            );
            let segment = signals.measure(&samples, rate);
            found += 5.0 * segment.extended.detection_rate;
            tried += 5.0;
        }
    }
    assert!(found >= 0.99 * tried, "{found} of {tried}");
}

#[test]
fn bands_of_12_5_khz_are_found_6_db_below_the_noise_in_the_band() {
    for (rate, segments) in [(48_000, 40), (96_000, 30), (200_000, 20)] {
        let mut signals = Signals::new(6);
        let width = 12_500.0 / rate as f64;
        let mut found = 0.0;
        for _ in 0..segments {
            let mut samples = signals.noise(rate, |_| 1.0);
            let centre = (signals.uniform() - 0.5) * (1.0 - width);
            let band = signals.band(rate, centre, width);
            add(&mut samples, &band, amplitude(-6.0));
            found += 5.0 * signals.measure(&samples, rate).extended.detection_rate;
        }
        let tried = 5.0 * f64::from(segments);
        assert!(found >= 0.99 * tried, "{found} of {tried} at {rate} Hz");
    }
}

#[test]
fn a_burst_that_fills_one_chunk_is_found_in_that_chunk_only() {
    // At 48 kHz and 6 dB below the noise in its band, a burst is found in two of three recordings
    // of a single chunk. In comparison with other chunks it is always found.
    for (rate, snr_db) in [
        (48_000, -6.0),
        (48_000, 0.0),
        (48_000, 25.0),
        (96_000, -6.0),
        (200_000, -6.0),
        (200_000, 0.0),
        (200_000, 25.0),
    ] {
        let mut signals = Signals::new(1);
        for _ in 0..10 {
            let mut samples = signals.noise(rate, |_| 1.0);
            let chunk = rate / 5;
            let burst = signals.band(chunk, 0.2, 12_500.0 / rate as f64);
            add(&mut samples[3 * chunk..4 * chunk], &burst, amplitude(snr_db));
            let present = signals.measure(&samples, rate).extended.detection_rate;
            assert!((present - 0.2).abs() < 1e-9, "{present:?}, {snr_db} dB at {rate} Hz");
        }
    }
}
