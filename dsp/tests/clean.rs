//! Clean signals of every kind have no warnings and the right extended features.

#[path = "support/signals.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod signals;

use heimdall_dsp::SegmentFeatures;
use rustfft::num_complex::Complex32;
use signals::{Signals, add, amplitude, quantised, tone};

const RATE: usize = 200_000;

/// Noise of -40 dBFS, and a signal of power 1 scaled to `snr_db` above it.
fn over_noise(signals: &mut Signals, signal: &[Complex32], snr_db: f64) -> Vec<Complex32> {
    let mut samples = signals.noise(signal.len(), |_| 1e-4);
    add(&mut samples, signal, amplitude(snr_db - 40.0));
    samples
}

/// Measures a signal over noise.
fn measured(signals: &mut Signals, signal: &[Complex32], snr_db: f64) -> SegmentFeatures {
    let samples = over_noise(signals, signal, snr_db);
    signals.measure(&samples, RATE)
}

fn near(value: f64, expected: f64, tolerance: f64, what: &str) {
    assert!(
        (value - expected).abs() <= tolerance,
        "{what} is {value}, not {expected} +- {tolerance}"
    );
}

fn unflagged(segment: &SegmentFeatures, what: &str) {
    assert_eq!(segment.quality.warnings, [], "{what}: {:?}", segment.quality);
}

/// Lower and upper edge of the occupied band, and the carrier, in kHz.
fn placed(segment: &SegmentFeatures, edges: [f64; 2], carrier: f64, tolerance: f64, what: &str) {
    let set = &segment.extended.numbers;
    near(
        set.occupied_lower_edge_hz.expect("known").mean / 1e3,
        edges[0],
        tolerance,
        what,
    );
    near(
        set.occupied_upper_edge_hz.expect("known").mean / 1e3,
        edges[1],
        tolerance,
        what,
    );
    near(set.carrier_offset_hz.expect("known").mean / 1e3, carrier, 0.15, what);
    near(segment.extended.detection_rate, 1.0, 1e-9, what);
    unflagged(segment, what);
}

/// On and off at random, each half a millisecond long.
fn keyed(signals: &mut Signals, frequency: f64) -> Vec<Complex32> {
    let mut samples = tone(RATE, frequency);
    // Three symbols without a signal would be silence for more than a millisecond, which is a
    // dropout.
    let mut off = 0;
    for symbol in samples.chunks_mut(RATE / 2_000) {
        let is_off = off < 2 && signals.uniform() < 0.5;
        off = if is_off { off + 1 } else { 0 };
        if is_off {
            symbol.fill(Complex32::default());
        }
    }
    samples
}

fn two_signals(signals: &mut Signals) {
    // Two equally strong signals, then one 30 dB weaker, which has a thousandth of the power.
    let first = signals.band(RATE, -0.25, 0.0625);
    let second = signals.band(RATE, 0.25, 0.0625);
    for (weaker_db, upper_edge_hz) in [(0.0, 56_125.0), (-30.0, -43_813.0)] {
        let mut both = first.clone();
        add(&mut both, &second, amplitude(weaker_db));
        let segment = measured(signals, &both, 35.0);
        let edges = [
            (
                segment.extended.numbers.occupied_lower_edge_hz.expect("known").mean,
                -56_125.0,
                "two, lower edge",
            ),
            (
                segment.extended.numbers.occupied_upper_edge_hz.expect("known").mean,
                upper_edge_hz,
                "two, upper edge",
            ),
        ];
        for (edge, expected, what) in edges {
            near(edge, expected, 250.0, what);
        }
        unflagged(&segment, "two signals");
    }
}

#[test]
fn every_kind_of_modulation_has_its_place_and_no_warning() {
    let mut signals = Signals::new(31);
    let steady = tone(RATE, 0.100_003);
    let segment = measured(&mut Signals::new(1), &steady, 20.0);
    placed(&segment, [20.0, 20.0], 20.0, 0.02, "a tone");
    near(
        segment.extended.numbers.snr_unbiased_db.expect("known").mean,
        20.0,
        0.2,
        "a tone's SNR",
    );
    near(
        segment.extended.numbers.envelope_kurtosis.expect("known").mean,
        1.0,
        0.05,
        "a tone's kurtosis",
    );

    let speech = signals.speech_fm(RATE, -40_000.0, 1_500.0, RATE);
    let segment = measured(&mut signals, &speech, 20.0);
    near(
        segment.extended.numbers.carrier_offset_hz.expect("known").mean,
        -40_000.0,
        150.0,
        "FM's carrier",
    );
    let width = segment.extended.numbers.occupied_bandwidth_99_hz.expect("known");
    assert!(width.min > 6_000.0 && width.max < 12_500.0, "FM: {width:?}");
    near(
        segment.extended.numbers.snr_unbiased_db.expect("known").mean,
        20.0,
        0.2,
        "FM's SNR",
    );
    near(
        segment.extended.numbers.duty_cycle.expect("known").min,
        1.0,
        1e-9,
        "FM's duty cycle",
    );
    unflagged(&segment, "FM");

    // 50 % by 1 kHz: each sideband has 5.6 % of the power.
    let mut modulated = tone(RATE, 0.15);
    for (i, sample) in modulated.iter_mut().enumerate() {
        *sample *= 1.0 + 0.5 * tone_part(i, 0.005);
    }
    placed(
        &measured(&mut signals, &modulated, 20.0),
        [29.0, 31.0],
        30.0,
        0.05,
        "AM",
    );

    two_signals(&mut signals);

    // Wider than half the band: the detector need not find it, but its power must be right. In the
    // middle of the band it would look like a receiver's pass-band.
    let wide = signals.band(RATE, 0.05, 0.6);
    let segment = measured(&mut signals, &wide, 20.0);
    near(
        segment.extended.numbers.snr_unbiased_db.expect("known").mean,
        20.0 + 10.0 * 0.6_f64.log10(),
        0.3,
        "a wide signal's SNR",
    );
    unflagged(&segment, "a wide signal");
}

#[expect(clippy::cast_possible_truncation, reason = "samples are stored in single precision")]
fn tone_part(i: usize, frequency: f64) -> f32 {
    (std::f64::consts::TAU * frequency * i as f64).cos() as f32
}

#[test]
fn bursts_keying_and_quantisation_have_no_warning() {
    let mut signals = Signals::new(32);
    let key = keyed(&mut signals, 0.151);
    let segment = signals.measure(&key, RATE);
    unflagged(&segment, "keying between exact zeros");
    assert!(segment.quality.zero_fraction > 0.25);
    unflagged(&measured(&mut signals, &key, 30.0), "keying over noise");

    let mut burst = signals.noise(RATE, |_| 1e-4);
    let inside = signals.band(RATE / 10, 0.1, 0.05);
    add(&mut burst[RATE / 2..6 * RATE / 10], &inside, 0.5);
    unflagged(&signals.measure(&burst, RATE), "a burst");

    for rate in [12_000, 48_000, RATE] {
        let noise = signals.noise(rate, |_| 1.0);
        unflagged(&signals.measure(&quantised(&noise, 20.0), rate), "8-bit noise");
        // In floats, so no codes of an integer format. A third of the samples repeat the one
        // before.
        unflagged(
            &signals.measure(&quantised(&noise, 0.5), rate),
            "8-bit noise of half a step",
        );
        unflagged(&signals.measure(&tone(rate, 0.123_4), rate), "a tone without noise");
        // With noise of about one step. Without noise, the rounding of FM at 0 Hz differs between I
        // and Q.
        let speech = signals.speech_fm(rate, 0.0, 0.02 * rate as f64, rate);
        let received = over_noise(&mut signals, &speech, 37.0);
        unflagged(&signals.measure(&quantised(&received, 85.0), rate), "8-bit FM");
    }
}

/// The limits are for single chunks.
#[test]
fn a_12_5_khz_signal_at_20_db_is_within_the_documented_limits() {
    let width = 12_500.0 / RATE as f64;
    let mut signals = Signals::new(33);
    let (mut squares, mut chunks) = (0.0, 0.0);
    for _ in 0..12 {
        let centre = (signals.uniform() - 0.5) * (1.0 - width);
        let band = signals.band(RATE, centre, width);
        let mut samples = signals.noise(RATE, |_| 1e-4);
        // 20 dB over all the noise.
        add(&mut samples, &band, amplitude(-20.0) / width.sqrt());
        let segment = signals.measure(&samples, RATE);
        let set = &segment.extended.numbers;
        let expected = 0.99 * 12_500.0;
        for width_hz in [
            set.occupied_bandwidth_99_hz.expect("known").min,
            set.occupied_bandwidth_99_hz.expect("known").max,
        ] {
            near(width_hz, expected, 0.02 * expected, "occupied bandwidth of a chunk");
        }
        near(set.snr_unbiased_db.expect("known").mean, 20.0, 0.2, "SNR");
        let carrier = set.carrier_offset_hz.expect("known");
        // Mean square over a segment's chunks: bias squared plus variance.
        squares += 5.0 * ((carrier.mean - centre * RATE as f64).powi(2) + carrier.std.powi(2));
        chunks += 5.0;
    }
    let rms = f64::sqrt(squares / chunks);
    assert!(rms < 150.0, "the carrier of a chunk is {rms} Hz rms off");
}

#[test]
fn a_broadcast_that_fills_the_band_on_both_sides_of_0_hz_has_no_warning() {
    let mut signals = Signals::new(35);
    for (rate, width_hz) in [(8_000, 7_000.0), (12_000, 9_000.0), (12_000, 6_000.0)] {
        // The real part of noise is symmetrical about 0 Hz.
        let audio = signals.band(rate, 0.0, width_hz / rate as f64);
        let carrier: Vec<_> = audio
            .iter()
            .map(|part| Complex32::new(1.0 + 0.3 * part.re, 0.0))
            .collect();
        let turned: Vec<_> = carrier.iter().map(|x| x * Complex32::new(0.6, 0.8)).collect();
        for samples in [carrier, turned] {
            let samples = over_noise(&mut signals, &samples, 30.0);
            unflagged(&signals.measure(&samples, rate), "AM at 0 Hz");
        }
    }
}

#[test]
fn repeated_samples_are_a_dropout_in_coarse_steps_too() {
    let mut signals = Signals::new(34);
    for (rms, repeats) in [(20.0, 300), (0.5, 300)] {
        let noise = signals.noise(RATE, |_| 1.0);
        let mut samples = quantised(&noise, rms);
        let quality = signals.measure(&samples, RATE).quality;
        assert_eq!(quality.warnings, [], "{rms} steps: {quality:?}");
        samples[70_000..70_000 + repeats].fill(Complex32::default());
        let quality = signals.measure(&samples, RATE).quality;
        assert_eq!(
            quality.warnings,
            [heimdall_dsp::Warning::Dropout],
            "{rms} steps: {quality:?}"
        );
    }
    let stuck = vec![Complex32::new(0.25, 0.5); RATE];
    let warnings = signals.measure(&stuck, RATE).quality.warnings;
    assert!(warnings.contains(&heimdall_dsp::Warning::Dropout), "{warnings:?}");
}
