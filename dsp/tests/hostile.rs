//! For any samples, every number is finite, and the JSON has nothing that a database refuses.

#[path = "support/signals.rs"]
#[allow(dead_code, reason = "other tests use the other functions")]
mod signals;

use rustfft::num_complex::Complex32;
use serde_json::Value;
use signals::{Signals, tone};

/// Numbers whose entry in the dictionary says when they are null.
const NULLS: [&str; 3] = ["iq_gain_imbalance_db", "iq_phase_error_deg", "impulse_level_db"];

/// Checks all numbers of a JSON value. NaN and infinities are null in JSON.
fn check(value: &Value, path: &str) {
    match value {
        // Only what cannot be known is null, and beside it stands the reason.
        Value::Null => panic!("{path} is no number"),
        Value::Array(values) => values.iter().for_each(|value| check(value, path)),
        Value::Object(values) => values
            .iter()
            .filter(|(name, value)| {
                let reason = values.get("unknown").and_then(|unknown| unknown.get(name.as_str()));
                let may_be_null = reason.is_some_and(Value::is_string) || NULLS.contains(&name.as_str());
                !(value.is_null() && may_be_null)
            })
            .for_each(|(name, value)| check(value, &format!("{path}.{name}"))),
        Value::Number(number) => {
            let number = number.as_f64().expect("a number");
            assert!(number.abs() < 1e9, "{path} is {number}");
        }
        Value::Bool(_) | Value::String(_) => {}
    }
}

#[test]
fn every_number_is_finite_for_any_samples() {
    let mut signals = Signals::new(99);
    for rate in [1_000, 8_000, 8_005, 12_000, 50_000, 200_000] {
        let n = rate;
        let zero = Complex32::default();
        let spike = |at: usize, value: Complex32| {
            let mut samples = vec![zero; n];
            samples[at] = value;
            samples
        };
        let one = Complex32::new(1.0, 0.0);
        let square: Vec<_> = (0..n)
            .map(|i| {
                if i / 7 % 2 == 0 {
                    Complex32::new(1.0, 1.0)
                } else {
                    Complex32::new(-1.0, -1.0)
                }
            })
            .collect();
        let mut half_silent = signals.noise(n, |_| 1.0);
        half_silent[n / 3..].fill(zero);
        let real: Vec<_> = tone(n, 0.123).iter().map(|x| Complex32::new(x.re, 0.0)).collect();
        let scaled = |factor: f32| -> Vec<_> { tone(n, 0.21).iter().map(|x| x * factor).collect() };
        let alternating: Vec<_> = (0..n).map(|i| if i % 2 == 0 { one } else { -one }).collect();
        for (what, samples) in [
            ("a spike", spike(n / 2, one)),
            ("a spike at the start", spike(0, Complex32::new(0.0, -1e-19))),
            ("a constant", vec![Complex32::new(0.3, -0.2); n]),
            ("a faint constant", vec![Complex32::new(1e-18, 0.0); n]),
            ("a square wave", square),
            ("silence after a third", half_silent),
            ("real samples", real),
            ("the faintest tone", scaled(1e-18)),
            ("the strongest tone", scaled(9.9e5)),
            ("half the rate", alternating),
        ] {
            let segment = signals.measure(&samples, rate);
            check(&serde_json::to_value(&segment).unwrap(), &format!("{what}, {rate} Hz"));
        }
    }
}

#[test]
fn the_shortest_and_the_longest_chunks_are_measured() {
    // 200 samples at the lowest rate, 24,576,000 at the highest.
    let mut signals = Signals::new(5);
    for (rate, frequency) in [(1_000, 0.1), (122_880_000, -0.2)] {
        let n = rate / 5;
        let mut samples = tone(n, frequency);
        for sample in &mut samples {
            let noise = signals.uniform() - 0.5;
            sample.re += f32::from(i16::from(noise > 0.0)) * 0.01;
        }
        let segment = signals.measure(&samples, rate);
        check(&serde_json::to_value(&segment).unwrap(), &format!("{rate} Hz"));
        assert!((segment.extended.detection_rate - 1.0).abs() < 1e-9);
        let measured = segment.features.frequency_offset_hz.mean;
        assert!((measured - frequency * rate as f64).abs() < 5.0, "{measured}");
        let carrier = segment.extended.numbers.carrier_offset_hz.expect("known").mean;
        assert!(
            (carrier - frequency * rate as f64).abs() < 1e-3 * rate as f64,
            "{carrier}"
        );
    }
}
