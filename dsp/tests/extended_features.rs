//! The extended features and the warnings for recordings with known content.

#![expect(
    clippy::cast_possible_truncation,
    clippy::float_cmp,
    reason = "tests make their own input, and counts over counts are exact"
)]

use std::f64::consts::{PI, TAU};

use heimdall_dsp::{Extraction, Hints, Recording, SampleFormat, SegmentFeatures, Warning, Workspace};

/// Samples per second.
const RATE: f64 = 200_000.0;

/// Uniform and Gaussian random numbers, the same for the same seed (xorshift64*).
struct Random(u64);

impl Random {
    fn uniform(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Complex Gaussian of power 1.
    fn noise(&mut self) -> [f64; 2] {
        let radius = (-self.uniform().max(1e-300).ln()).sqrt();
        let (sin, cos) = (TAU * self.uniform()).sin_cos();
        [radius * cos, radius * sin]
    }
}

type Samples = Vec<[f64; 2]>;

fn noise(n: usize, power: f64, random: &mut Random) -> Samples {
    let gain = power.sqrt();
    (0..n).map(|_| random.noise().map(|part| gain * part)).collect()
}

fn tone(n: usize, frequency_hz: f64, amplitude: f64) -> Samples {
    (0..n)
        .map(|i| {
            let (sin, cos) = (TAU * frequency_hz * i as f64 / RATE).sin_cos();
            [amplitude * cos, amplitude * sin]
        })
        .collect()
}

/// Gaussian noise of power 1, flat over 12.5 kHz around `centre_hz`: white noise through a
/// windowed-sinc low-pass (Blackman, 1,601 coefficients, so that the flanks are 0.7 kHz wide),
/// shifted in frequency.
fn band(n: usize, centre_hz: f64, random: &mut Random) -> Samples {
    const TAPS: usize = 1601;
    let taps: Vec<f64> = (0..TAPS)
        .map(|k| {
            let t = k as f64 - (TAPS / 2) as f64;
            let sinc = if t == 0.0 {
                1.0
            } else {
                (TAU * 6_250.0 / RATE * t).sin() / (TAU * 6_250.0 / RATE * t)
            };
            let x = TAU * (k as f64 + 0.5) / TAPS as f64;
            sinc * (0.42 - 0.5 * x.cos() + 0.08 * (2.0 * x).cos())
        })
        .collect();
    let gain = taps.iter().map(|tap| tap * tap).sum::<f64>().sqrt();
    // Only every 8th sample is not 0, which is enough for 25 kHz: the filter interpolates.
    let white: Samples = (0..n + TAPS)
        .map(|i| {
            if i % 8 == 0 {
                random.noise().map(|part| part * 8_f64.sqrt())
            } else {
                [0.0; 2]
            }
        })
        .collect();
    (0..n)
        .map(|i| {
            let mut sum = [0.0; 2];
            let start = (8 - i % 8) % 8;
            for k in (start..TAPS).step_by(8) {
                sum[0] += taps[k] * white[i + k][0];
                sum[1] += taps[k] * white[i + k][1];
            }
            let (sin, cos) = (TAU * centre_hz * i as f64 / RATE).sin_cos();
            [
                (sum[0] * cos - sum[1] * sin) / gain,
                (sum[0] * sin + sum[1] * cos) / gain,
            ]
        })
        .collect()
}

fn add(samples: &mut Samples, other: &Samples, gain: f64) {
    for (sample, other) in samples.iter_mut().zip(other) {
        sample[0] += gain * other[0];
        sample[1] += gain * other[1];
    }
}

fn extract_as(format: SampleFormat, bytes: &[u8]) -> Extraction {
    let mut workspace = Workspace::new();
    let hints = Hints::default().with_format(format, "argument");
    let mut recording = Recording::new(hints.with_sample_rate_hz(RATE, "argument"));
    recording.push(bytes, &mut workspace).expect("finite samples");
    recording.finish(&mut workspace).expect("at least one chunk")
}

fn extract(samples: &Samples) -> Extraction {
    let bytes: Vec<u8> = samples
        .iter()
        .flatten()
        .flat_map(|part| (*part as f32).to_le_bytes())
        .collect();
    extract_as(SampleFormat::Cf32Le, &bytes)
}

fn first(samples: &Samples) -> SegmentFeatures {
    extract(samples).segments.swap_remove(0)
}

/// The first segment of 8-bit codes, rounded and limited as by a converter.
fn as_ci8(samples: &Samples) -> SegmentFeatures {
    let code = |part: &f64| (part * 128.0).round().clamp(-128.0, 127.0) as i8;
    let bytes: Vec<u8> = samples
        .iter()
        .flatten()
        .map(|part| code(part).cast_unsigned())
        .collect();
    extract_as(SampleFormat::Ci8, &bytes).segments.swap_remove(0)
}

const SECOND: usize = 200_000;

fn near(value: f64, expected: f64, tolerance: f64, what: &str) {
    assert!(
        (value - expected).abs() <= tolerance,
        "{what} is {value}, not {expected} +- {tolerance}"
    );
}

#[test]
fn white_noise_has_its_density_no_emission_and_no_warning() {
    let mut random = Random(1);
    let segment = first(&noise(SECOND, 1e-4, &mut random));
    let set = &segment.extended;
    near(set.power_dbfs.mean, -40.0, 0.05, "power");
    near(
        set.noise_density_dbfs_hz.mean,
        -40.0 - 10.0 * RATE.log10(),
        0.05,
        "noise density",
    );
    assert!(set.snr_unbiased_db.max < -15.0, "{:?}", set.snr_unbiased_db);
    near(set.spectral_flatness.mean, 1.0, 0.01, "flatness");
    near(set.envelope_kurtosis.mean, 2.0, 0.05, "kurtosis");
    assert_eq!(
        (
            set.duty_cycle.max,
            set.occupied_bandwidth_99_hz.max,
            set.carrier_offset_hz.max
        ),
        (0.0, 0.0, 0.0)
    );
    assert_eq!(segment.quality.warnings, []);
    near(segment.quality.iq_gain_imbalance_db, 0.0, 0.3, "gain imbalance");
    near(segment.quality.iq_phase_error_deg, 0.0, 2.0, "phase error");
}

#[test]
fn width_power_and_place_of_a_12_5_khz_band_are_measured() {
    let mut random = Random(2);
    for (snr_db, centre_hz) in [
        (0.0, 31_000.0),
        (10.0, -61_000.0),
        (20.0, 3_000.0),
        (30.0, 40_000.0),
        (40.0, -9_000.0),
    ] {
        let mut samples = noise(SECOND, 1e-6, &mut random);
        add(
            &mut samples,
            &band(SECOND, centre_hz, &mut random),
            (1e-6 * 10_f64.powf(snr_db / 10.0)).sqrt(),
        );
        let segment = first(&samples);
        let set = &segment.extended;
        near(set.snr_unbiased_db.mean, snr_db, 0.2, "SNR");
        near(
            set.noise_density_dbfs_hz.mean,
            -60.0 - 10.0 * RATE.log10(),
            0.15,
            "noise density",
        );
        near(set.carrier_offset_hz.mean, centre_hz, 150.0, "carrier offset");
        assert_eq!(set.duty_cycle.mean > 0.9, snr_db >= 10.0, "{:?}", set.duty_cycle);
        if snr_db >= 10.0 {
            near(set.occupied_bandwidth_99_hz.mean, 12_375.0, 250.0, "occupied bandwidth");
            near(
                set.occupied_lower_edge_hz.mean,
                centre_hz - 6_187.0,
                200.0,
                "lower edge",
            );
            near(
                set.occupied_upper_edge_hz.mean,
                centre_hz + 6_187.0,
                200.0,
                "upper edge",
            );
        }
        assert_eq!(segment.quality.warnings, [], "{snr_db} dB");
    }
}

#[test]
fn emission_numbers_are_statistics_of_the_chunks_that_contain_it() {
    let mut random = Random(3);
    let mut samples = noise(SECOND, 1e-6, &mut random);
    let burst = band(SECOND / 5, 20_000.0, &mut random);
    for (sample, part) in samples[2 * SECOND / 5..].iter_mut().zip(&burst) {
        *sample = [sample[0] + 0.1 * part[0], sample[1] + 0.1 * part[1]];
    }
    let segment = first(&samples);
    assert_eq!(segment.signal_present.mean, 0.2);
    let set = &segment.extended;
    near(set.occupied_bandwidth_99_hz.min, 12_375.0, 500.0, "occupied bandwidth");
    near(set.carrier_offset_hz.min, 20_000.0, 300.0, "carrier offset");
    assert_eq!((set.duty_cycle.min, set.duty_cycle.max), (0.0, 1.0));
    assert!(set.snr_unbiased_db.min < -15.0 && set.snr_unbiased_db.max > 35.0);
}

#[test]
fn silence_is_finite() {
    let mut random = Random(4);
    let mut samples = noise(SECOND, 1e-2, &mut random);
    samples[..SECOND / 5].fill([0.0; 2]);
    let segment = first(&samples);
    assert!(
        segment
            .extended
            .iter()
            .all(|(_, value)| value.mean.is_finite() && value.std.is_finite())
    );
    assert_eq!(segment.extended.power_dbfs.min, -300.0);
    near(segment.quality.zero_fraction, 0.2, 1e-9, "zeros");
    near(segment.quality.longest_identical_run_ms, 200.0, 1e-9, "longest run");
    assert_eq!(segment.quality.warnings, [Warning::Dropout]);
}

#[test]
fn a_run_across_a_border_of_chunks_and_segments_is_one_run() {
    let mut random = Random(5);
    let mut samples = noise(2 * SECOND, 1e-2, &mut random);
    let repeated = samples[SECOND - 120];
    samples[SECOND - 120..SECOND + 180].fill(repeated);
    let quality: Vec<_> = extract(&samples)
        .segments
        .into_iter()
        .map(|segment| segment.quality)
        .collect();
    near(quality[0].longest_identical_run_ms, 0.6, 1e-9, "run up to the border");
    near(quality[1].longest_identical_run_ms, 1.5, 1e-9, "run over the border");
    assert_eq!(quality[0].warnings, []);
    assert_eq!(quality[1].warnings, [Warning::Dropout]);
}

#[test]
fn clipping_is_found_in_integers_and_floats_and_not_in_a_sine_wave() {
    let mut random = Random(6);
    let loud = noise(SECOND, 0.3, &mut random);
    let mut limited = loud.clone();
    for part in limited.iter_mut().flatten() {
        *part = part.clamp(-0.7, 0.7);
    }
    let expected = limited.iter().flatten().filter(|part| part.abs() == 0.7).count() as f64 / (2.0 * SECOND as f64);
    let both = [Warning::Clipping, Warning::HeavyClipping];
    for (quality, what) in [
        (first(&limited).quality, "floats"),
        (as_ci8(&limited).quality, "codes below the ends"),
    ] {
        near(quality.clipped_fraction, expected, 0.02 * expected, what);
        assert_eq!(quality.warnings, both, "{what}");
    }
    let quality = as_ci8(&loud.iter().map(|sample| sample.map(|part| part * 2.0)).collect()).quality;
    assert!(quality.clipped_fraction > 0.1, "{quality:?}");
    let mut soft = noise(SECOND, 0.09, &mut random);
    soft.iter_mut()
        .flatten()
        .for_each(|part| *part = part.clamp(-0.75, 0.75));
    let quality = first(&soft).quality;
    assert!((1e-4..1e-2).contains(&quality.clipped_fraction), "{quality:?}");
    assert_eq!(quality.warnings, [Warning::Clipping]);
    for unclipped in [tone(SECOND, 12_345.0, 0.9), noise(SECOND, 0.01, &mut random)] {
        assert_eq!(first(&unclipped).quality.clipped_fraction, 0.0);
    }
    assert_eq!(as_ci8(&tone(SECOND, 12_345.0, 0.9)).quality.clipped_fraction, 0.0);
}

#[test]
fn a_receiver_with_too_little_gain_uses_few_codes() {
    let mut random = Random(7);
    let quality = as_ci8(&noise(SECOND, 1e-4, &mut random)).quality;
    assert!(
        quality.codes_used.unwrap() < 16 && quality.warnings.contains(&Warning::UnderDriven),
        "{quality:?}"
    );
    let quality = as_ci8(&noise(SECOND, 1e-2, &mut random)).quality;
    assert!(
        quality.codes_used.unwrap() > 60 && quality.warnings.is_empty(),
        "{quality:?}"
    );
    assert_eq!(first(&noise(SECOND, 1e-2, &mut random)).quality.codes_used, None);
}

#[test]
fn an_offset_has_a_warning_and_a_carrier_at_0_hz_has_none() {
    let mut random = Random(8);
    let mut offset_alone = noise(SECOND, 1e-4, &mut random);
    for sample in &mut offset_alone {
        sample[0] += 5e-4;
    }
    let mut offset_with_signal = noise(SECOND, 1e-6, &mut random);
    add(&mut offset_with_signal, &band(SECOND, 40_000.0, &mut random), 0.1);
    for sample in &mut offset_with_signal {
        sample[1] += 0.02;
    }
    for samples in [&offset_alone, &offset_with_signal] {
        let segment = first(samples);
        assert_eq!(segment.quality.warnings, [Warning::DcSpike], "{:?}", segment.quality);
    }
    near(
        first(&offset_with_signal).quality.dc_offset_dbfs,
        -33.98,
        0.02,
        "offset",
    );
    near(
        first(&offset_with_signal).extended.occupied_lower_edge_hz.mean,
        33_812.0,
        200.0,
        "lower edge next to an offset",
    );

    let mut steady = noise(SECOND, 1e-4, &mut random);
    add(&mut steady, &tone(SECOND, 0.0, 1.0), 0.1);
    let mut modulated = noise(SECOND, 1e-6, &mut random);
    for (i, sample) in modulated.iter_mut().enumerate() {
        sample[0] += 0.1 * (1.0 + 0.5 * (TAU * 700.0 * i as f64 / RATE).cos());
    }
    let mut keyed = noise(SECOND, 1e-6, &mut random);
    for sample in &mut keyed[30_000..] {
        sample[0] += 0.01;
    }
    for samples in [&steady, &modulated, &keyed] {
        let segment = first(samples);
        assert_eq!(segment.quality.warnings, [], "{:?}", segment.quality);
        assert!(segment.signal_present.mean > 0.7);
    }
}

#[test]
fn gain_and_phase_errors_are_measured_with_any_signal() {
    let mut random = Random(9);
    for (gain_db, phase_deg) in [
        (0.0, 0.0),
        (0.5, 2.0),
        (2.0, 0.0),
        (-1.5, 3.0),
        (0.0, -8.0),
        (6.0, 20.0),
    ] {
        let gain = 10_f64.powf(gain_db / 20.0);
        let mut samples = noise(SECOND, 1e-4, &mut random);
        add(&mut samples, &tone(SECOND, 23_456.7, 0.3), 1.0);
        add(&mut samples, &band(SECOND, -50_000.0, &mut random), 0.1);
        for [i, q] in &mut samples {
            // The gain is the ratio of the amplitudes of I and Q, the correlation is sin(angle).
            let (sin, cos) = (phase_deg * PI / 180.0).sin_cos();
            *q = (*i * sin + *q * cos) / gain;
        }
        let quality = first(&samples).quality;
        near(
            quality.iq_gain_imbalance_db,
            gain_db,
            0.25 + 0.05 * gain_db.abs(),
            "gain imbalance",
        );
        near(quality.iq_phase_error_deg, phase_deg, 2.0, "phase error");
        let is_fault = gain_db.abs() > 1.3 || phase_deg.abs() > 7.0;
        assert_eq!(
            quality.warnings.contains(&Warning::IqImbalance),
            is_fault,
            "{quality:?}"
        );
    }
}

#[test]
fn samples_off_the_usual_scale_are_used_with_a_warning() {
    let mut random = Random(10);
    let segment = first(&noise(SECOND, 1e6, &mut random));
    assert_eq!(segment.quality.warnings, [Warning::Unscaled]);
    near(segment.extended.power_dbfs.mean, 60.0, 0.1, "power");
}
