//! An offset that drifts, as a receiver's does while it warms up.

use heimdall_dsp::Warning;
use rustfft::num_complex::Complex64;

use crate::signals::{Signals, add, amplitude, single};
use crate::{assert_near, mean, measured};

#[test]
fn an_offset_that_drifts_is_named_and_is_no_signal() {
    for rate in [12_000, 48_000, 200_000] {
        for level_db in [-60.0, -50.0, -40.0, -30.0] {
            for (drift, turn) in [(0.1, 0.0), (-0.2, 0.0), (0.05, 0.05)] {
                let what = format!("{level_db} dBFS at {rate} Hz, {drift} and {turn} a second");
                let mut signals = Signals::new(17);
                let mut samples = signals.noise(rate, |_| 1e-6);
                let line = Complex64::from_polar(amplitude(level_db), 0.7);
                for (at, sample) in samples.iter_mut().enumerate() {
                    let seconds = at as f64 / rate as f64;
                    *sample += single(line * (Complex64::new(drift, turn) * seconds + 1.0));
                }
                let segment = measured(&samples, rate as f64);
                // 15 dB above all else it can be a carrier that is steadier than any.
                let is_strong = level_db > -45.0;
                let expected = if is_strong {
                    Warning::DcOrCarrier
                } else {
                    Warning::DcSpike
                };
                assert_eq!(segment.quality.warnings, [expected], "{what}");
                // What the noise hides of the drift may be found in a chunk.
                assert_near(segment.extended.detection_rate, 0.0, 0.25, &what);
                assert!(!segment.signal_present, "{what}");

                let width = 0.1 * rate as f64;
                let band = signals.band(rate, 0.2, 0.1);
                add(&mut samples, &band, amplitude(-40.0) / 0.1_f64.sqrt());
                let segment = measured(&samples, rate as f64);
                let is_named = |word| segment.quality.warnings.contains(word);
                assert!(
                    is_named(&Warning::DcSpike) || is_strong && is_named(&Warning::DcOrCarrier),
                    "{what}"
                );
                assert_near(mean(&segment, "snr_unbiased_db"), 20.0, 0.5, &what);
                assert_near(
                    mean(&segment, "occupied_bandwidth_99_hz"),
                    0.99 * width,
                    0.05 * width,
                    &what,
                );
                assert_near(
                    mean(&segment, "carrier_offset_hz"),
                    0.2 * rate as f64,
                    0.05 * width,
                    &what,
                );
            }
        }
    }
}

#[test]
fn a_carrier_at_0_hz_that_turns_or_fades_is_no_drifting_offset() {
    const RATE: usize = 48_000;
    for (name, gain) in [
        (
            "a turn in 5 s",
            (|s: f64| Complex64::from_polar(1.0, 1.26 * s)) as fn(f64) -> Complex64,
        ),
        ("a fade", |s| (1.0 + 0.4 * (9.0 * s).sin()).into()),
        ("keyed", |s| f64::from(u8::from(s > 0.5)).into()),
        ("an end", |s| (1.0 - 0.9 * s).into()),
    ] {
        let mut signals = Signals::new(18);
        let mut samples = signals.noise(RATE, |_| 1e-6);
        for (at, sample) in samples.iter_mut().enumerate() {
            *sample += single(gain(at as f64 / RATE as f64) * amplitude(-50.0));
        }
        let segment = measured(&samples, RATE as f64);
        assert_eq!(segment.quality.warnings, [], "{name}");
        assert!(segment.extended.detection_rate > 0.0, "{name}");
    }
}
