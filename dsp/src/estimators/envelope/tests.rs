use super::*;
use crate::simd::instruction_set::InstructionSet;

/// Number of samples whose `sign(re)` differs from that of the sample before.
fn sign_changes(samples: &[Complex32]) -> usize {
    samples
        .windows(2)
        .filter(|pair| sign(pair[0].re) != sign(pair[1].re))
        .count()
}

const NONE: ClippingLevels = ClippingLevels {
    low: f32::NEG_INFINITY,
    high: f32::INFINITY,
    at_ends: [false; 2],
};

fn measured(samples: &[Complex32]) -> Envelope {
    measure(samples, NONE, &mut Vec::new())
}

#[test]
fn clipping_repetitions_and_silence_are_counted_at_any_length() {
    let sizes = [1, 2, 15, 16, 17, 50, 51, 1023, 1024, 1025, 60_001];
    for (n, set) in sizes.iter().flat_map(|n| InstructionSet::ALL.map(|set| (*n, set))) {
        set.limit();
        let samples: Vec<_> = (0..n)
            .map(|i| match i % 4 {
                0 | 1 => Complex32::default(),
                2 => Complex32::new(1.0, -1.0),
                _ => Complex32::new(0.995, 0.0),
            })
            .collect();
        let clipping = ClippingLevels {
            low: -1.0,
            high: 1.0,
            at_ends: [true; 2],
        };
        let mut frames = Vec::new();
        let envelope = measure(&samples, clipping, &mut frames);
        let of = |rests: &[usize]| (0..n).filter(|i| rests.contains(&(i % 4))).count();
        assert_eq!(envelope.zeros, of(&[0, 1]), "{n}");
        assert_eq!(envelope.repeats, of(&[1]), "{n}");
        assert_eq!(envelope.at_clipping_levels, 2 * of(&[2]), "{n}");
        assert_eq!(envelope.sign_changes, sign_changes(&samples), "{n}");
        assert_eq!(frames.len(), n.min(FRAMES));
        let mean = frames.iter().sum::<f64>() / frames.len() as f64;
        assert!(n % 50 != 0 || (mean - envelope.mean_power).abs() < 1e-6, "{n}");
    }
}

#[test]
fn kurtosis_is_one_for_a_constant_envelope_and_two_for_gaussian_noise() {
    let mut random = crate::test_signals::Random(3);
    let noise: Vec<_> = (0..200_000)
        .map(|_| {
            let (re, im) = random.noise(1.0);
            Complex32::new(re as f32, im as f32)
        })
        .collect();
    assert!((measured(&[Complex32::new(0.6, 0.8); 100]).kurtosis - 1.0).abs() < 1e-6);
    assert!((measured(&noise).kurtosis - 2.0).abs() < 0.04);
    assert_eq!(measured(&[Complex32::default(); 100]).kurtosis, 0.0);
}

#[test]
fn zero_is_a_sign_of_its_own() {
    let repeated = |values: &[f32], times| {
        let samples: Vec<_> = values.iter().map(|re| Complex32::new(*re, 1.0)).collect();
        measured(&samples.repeat(times)).sign_changes
    };
    for (values, inside, between) in [
        (&[1.0, -1.0, -2.0, 3.0][..], 2, 0),
        (&[1.0, 0.0, -1.0], 2, 1),
        (&[0.0, -0.0, 0.0], 0, 0),
        (&[5.0], 0, 0),
    ] {
        assert_eq!(repeated(values, 1), inside);
        assert_eq!(repeated(values, 5_000), 5_000 * inside + 4_999 * between);
    }
}

#[test]
fn single_precision_is_not_sufficient_for_a_constant_envelope() {
    let steady = vec![Complex32::new(0.6, 0.8); 3000];
    let envelope = measured(&steady);
    assert!(!envelope.certain);
    assert!((envelope.mean_power - 1.0).abs() < 1e-6 && (envelope.mean - 1.0).abs() < 1e-6);
}

#[test]
fn single_precision_is_not_sufficient_for_a_square_wave_with_little_noise() {
    // Four magnitudes with different rounding errors: the deviation of 200 such samples was 1.9e-4
    // off.
    let strengths = [0.6, 0.600_03, 0.599_98, 0.600_01];
    let of = |scale: f32| (0..200).map(move |i| Complex32::new(0.0, 0.6 + scale * (strengths[i % 4] - 0.6)));
    assert!(!measured(&of(1.0).collect::<Vec<_>>()).certain);
    assert!(measured(&of(1e3).collect::<Vec<_>>()).certain);
}

#[test]
fn a_ramp_has_the_moments_of_a_ramp() {
    let ramp: Vec<_> = (0..2500).map(|i| Complex32::new(0.0, i as f32 / 2500.0)).collect();
    let envelope = measured(&ramp);
    assert!(envelope.certain);
    assert!((envelope.mean - 0.4998).abs() < 1e-6, "{envelope:?}");
    assert!((envelope.std - (1.0_f64 / 12.0).sqrt()).abs() < 1e-5, "{envelope:?}");
    assert!((envelope.mean_power - (2499.0 * 4999.0) / (6.0 * 2500.0 * 2500.0)).abs() < 1e-6);
    assert_eq!(envelope.sign_changes, 0);
}
