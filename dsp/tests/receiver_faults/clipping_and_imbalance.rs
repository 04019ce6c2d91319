//! Clipping and imbalance: what is a fault, and what only looks like one.

use heimdall_dsp::{SampleFormat, Warning};
use rustfft::num_complex::{Complex32, Complex64};

use crate::modulations::{named, place};
use crate::signals::{self, Signals, add, amplitude, single};
use crate::{assert_near, first, measured};

/// A second of frequency modulation at 200 kHz with a constant envelope, and noise.
fn constant_envelope(peak: f64, noise: f64) -> Vec<Complex32> {
    let mut signals = Signals::new(21);
    let mut samples = signals.speech_fm(200_000, 7_000.0, 3_000.0, 200_000);
    for sample in &mut samples {
        *sample = single(Complex64::new(sample.re.into(), sample.im.into()) * peak + signals.gaussian() * noise);
    }
    samples
}

#[test]
fn reaching_full_scale_is_not_clipping() {
    // Up to 127.4 of 127 codes: the last one is in use, and nothing is cut off.
    for (format, peaks) in [
        (SampleFormat::Ci8, [126.6, 127.0, 127.4]),
        (SampleFormat::Ci16Le, [127.99, 127.996, 127.998]),
    ] {
        for peak in peaks {
            let quality = first(&constant_envelope(peak / 128.0, 0.0), 200e3, format).quality;
            assert_eq!(quality.clipped_fraction, 0.0, "{peak} in {format}");
            assert!(!quality.warnings.contains(&Warning::Clipping), "{peak} in {format}");
        }
    }
}

#[test]
fn a_cut_off_at_any_rail_is_clipping() {
    let expected = |samples: &[Complex32], low: f32, high: f32| {
        let parts = samples.iter().flat_map(|x| [x.re, x.im]);
        parts.filter(|part| *part >= high || *part <= low).count() as f64 / (2.0 * samples.len() as f64)
    };
    let gaussian = |power: f64| constant_envelope(0.0, power.sqrt());
    let limited = |samples: Vec<Complex32>, low: f32, high: f32| -> Vec<Complex32> {
        let limit = |x: Complex32| Complex32::new(x.re.clamp(low, high), x.im.clamp(low, high));
        samples.into_iter().map(limit).collect()
    };
    let coarse = |samples: Vec<Complex32>| -> Vec<Complex32> {
        let code = |part: f32| (part * 2048.0).round().clamp(-2048.0, 2047.0) / 2048.0;
        samples
            .into_iter()
            .map(|x| Complex32::new(code(x.re), code(x.im)))
            .collect()
    };
    let ends = (-127.5 / 128.0, 126.5 / 128.0);
    for (samples, format, (low, high), what) in [
        (
            constant_envelope(1.1, 0.0),
            SampleFormat::Ci8,
            ends,
            "8-bit FM, 10 % too strong",
        ),
        (
            constant_envelope(1.1, 0.03),
            SampleFormat::Ci16Le,
            (-1.0, 0.999_96),
            "16-bit FM, 10 % too strong",
        ),
        (
            coarse(gaussian(0.2)),
            SampleFormat::Ci16Le,
            (-1.0, 0.999_5),
            "12-bit converter in 16 bits",
        ),
        (
            limited(gaussian(0.1), -2.0, 0.5),
            SampleFormat::Ci16Le,
            (-9.0, 0.499_9),
            "one rail in 16 bits",
        ),
        (
            limited(gaussian(0.1), -0.5, 2.0),
            SampleFormat::Cf32Le,
            (-0.5, 9.0),
            "one rail in floats",
        ),
        (
            gaussian(0.145),
            SampleFormat::Ci8,
            ends,
            "noise of which 0.02 % is clipped",
        ),
    ] {
        let quality = first(&samples, 200e3, format).quality;
        let expected = expected(&samples, low, high);
        assert_near(quality.clipped_fraction, expected, 0.02 * expected, what);
        assert!(quality.warnings.contains(&Warning::Clipping), "{what}: {quality:?}");
    }
}

#[test]
fn an_imbalance_is_null_where_the_samples_do_not_show_it() {
    let (carrier, _) = place(named("AM tone 1 kHz"), (12e3, 5), 0.0, 40.0, 31);
    let (full, _) = place(named("FM broadcast stereo"), (300e3, 2), 0.0, 40.0, 32);
    let mut real = constant_envelope(0.3, 0.1);
    for sample in &mut real {
        sample.im = 0.0;
    }
    let mut same = constant_envelope(0.3, 0.1);
    for sample in &mut same {
        sample.im = sample.re;
    }
    let coarse = constant_envelope(0.0, 0.4 / 128.0);
    for (samples, rate, format, what) in [
        (carrier, 12e3, SampleFormat::Cf32Le, "a carrier at 0 Hz"),
        (full, 300e3, SampleFormat::Cf32Le, "a band that is full"),
        (real, 200e3, SampleFormat::Cf32Le, "I alone"),
        (same, 200e3, SampleFormat::Cf32Le, "the same component twice"),
        (coarse, 200e3, SampleFormat::Ci8, "rounding above the noise"),
        (
            constant_envelope(0.0, 0.1)[..800].to_vec(),
            4e3,
            SampleFormat::Cf32Le,
            "few samples",
        ),
    ] {
        let segment = first(&samples, rate, format);
        let quality = &segment.quality;
        assert_eq!(quality.iq_gain_imbalance_db, None, "{what}");
        assert_eq!(quality.iq_phase_error_deg, None, "{what}");
        assert!(!quality.warnings.contains(&Warning::IqImbalance), "{what}");
        let json = serde_json::to_value(quality).expect("numbers");
        assert!(json["iq_gain_imbalance_db"].is_null() && json.get("iq_gain_imbalance_db").is_some());
    }

    // 1.5 dB and 8 degrees, with a signal on one side.
    let mut samples = constant_envelope(0.0, 0.01);
    add(&mut samples, &signals::tone(200_000, 0.117), amplitude(-10.0));
    for sample in &mut samples {
        let (sin, cos) = 8_f32.to_radians().sin_cos();
        sample.im = (sample.re * sin + sample.im * cos) / 10_f32.powf(1.5 / 20.0);
    }
    let quality = measured(&samples, 200e3).quality;
    assert_near(quality.iq_gain_imbalance_db.expect("known"), 1.5, 0.3, "gain");
    assert_near(quality.iq_phase_error_deg.expect("known"), 8.0, 2.0, "phase");
    assert!(quality.warnings.contains(&Warning::IqImbalance));
}
