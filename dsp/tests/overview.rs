//! The overview together with the numbers, and segments that are taken before the end.

#![expect(clippy::cast_possible_truncation, reason = "tests make their own input")]

use heimdall_dsp::{Hints, Recording, Workspace};

#[test]
fn an_overview_covers_the_whole_recording_and_changes_nothing_else() {
    // Three chunks and a part: 0.7 s at 12 kHz of a tone at -2 kHz.
    let samples: Vec<u8> = (0..8_400)
        .flat_map(|n| {
            let (sin, cos) = (-std::f64::consts::TAU * f64::from(n) / 6.0).sin_cos();
            [cos, sin].map(|part| (part as f32 * 0.5).to_le_bytes()).concat()
        })
        .collect();
    let hints = || Hints::default().with_sample_rate_hz(12_000.0, "test");
    let mut workspace = Workspace::new();
    let mut extract = |mut recording: Recording| {
        for piece in samples.chunks(777) {
            recording.push(piece, &mut workspace).expect("samples");
        }
        recording.finish(&mut workspace).expect("features")
    };
    let plain = extract(Recording::new(hints()));
    let mut with_overview = extract(Recording::new(hints()).with_overview());
    assert_eq!(plain.overview, None);
    let overview = with_overview.overview.take().expect("it was asked for");
    assert_eq!(plain, with_overview);
    assert_eq!(overview.samples, 8_400);
    assert_eq!(overview.chunk_samples, 2_400);
    assert_eq!((overview.annotations.segments, overview.annotations.chunks), (1, 3));
    let [emission] = overview.annotations.emissions[..] else {
        panic!("a tone is one signal: {:?}", overview.annotations.emissions)
    };
    assert_eq!(emission.chunks, 3);
    let carrier_hz = emission.carrier_hz.expect("it is there");
    assert!((carrier_hz + 2_000.0).abs() < 1.0, "{emission:?}");
    assert!(emission.lower_edge_hz < -2_000.0 && emission.upper_edge_hz > -2_000.0);
    let strongest = overview.spectrum.mean_db.iter().copied().fold(f32::MIN, f32::max);
    // A power of 0.25 in one bin of 11.7 Hz, or at least a third of it if the tone is between two
    // bins (scalloping of the window).
    assert!(
        (f64::from(strongest) + 6.02 + 10.0 * 11.72_f64.log10()).abs() < 3.5,
        "{strongest}"
    );
}

/// Samples of a tone as `cf32_le`.
fn tone(samples: u32) -> Vec<u8> {
    let sample = |n| {
        let (sin, cos) = (std::f64::consts::TAU * f64::from(n) / 6.0).sin_cos();
        [cos, sin].map(|part| (part as f32 * 0.5).to_le_bytes()).concat()
    };
    (0..samples).flat_map(sample).collect()
}

#[test]
fn what_is_read_of_a_recording_can_be_drawn_also_if_it_is_refused() {
    let mut workspace = Workspace::new();
    let start = || Recording::new(Hints::default().with_sample_rate_hz(12_000.0, "test")).with_overview();
    let whole = {
        let mut recording = start();
        recording.push(&tone(7_200), &mut workspace).expect("samples");
        recording
            .finish(&mut workspace)
            .expect("features")
            .overview
            .expect("it was asked for")
    };
    // Three bytes of the last sample are missing: the recording is refused at its end.
    let mut recording = start();
    let bytes = tone(7_201);
    recording
        .push(&bytes[..bytes.len() - 3], &mut workspace)
        .expect("samples");
    let fragment = recording.into_fragment(&mut workspace).expect("it has samples");
    assert_eq!(fragment.overview.spectrum, whole.spectrum);
    assert_eq!(fragment.overview.waterfall, whole.waterfall);
    assert_eq!(fragment.overview.samples, 7_200);
    assert_eq!(fragment.interpretation.sample_rate_hz.to_bits(), 12_000_f64.to_bits());

    // Not a number in the second chunk: the recording is refused there.
    let mut bytes = tone(7_200);
    bytes[8 * 3_000..][..4].copy_from_slice(&f32::NAN.to_le_bytes());
    let mut recording = start();
    recording.push(&bytes, &mut workspace).expect_err("it is refused");
    let fragment = recording.into_fragment(&mut workspace).expect("it has samples");
    assert!(fragment.overview.samples >= 2_400, "{}", fragment.overview.samples);

    // Shorter than a chunk, and without a sample.
    let mut recording = start();
    recording.push(&tone(300), &mut workspace).expect("samples");
    assert_eq!(
        recording
            .into_fragment(&mut workspace)
            .expect("it has samples")
            .overview
            .samples,
        300
    );
    let mut recording = start();
    recording.push(&[1, 2, 3], &mut workspace).expect("bytes");
    assert_eq!(recording.into_fragment(&mut workspace), None);
}

/// Annotations of a recording at 12 kHz. Each chunk has tones of amplitude 0.3 at these frequencies
/// over noise 55 dB below them.
fn annotations_of(chunks: &[&[f64]]) -> heimdall_dsp::overview::Annotations {
    let mut seed = 1_u64;
    let mut noise = || {
        // Knuth's generator; its upper bits are random enough for noise.
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((seed >> 40) as f64 / f64::from(1 << 24) - 0.5) * 1.3e-3
    };
    let mut bytes = Vec::new();
    for (index, tones) in chunks.iter().enumerate() {
        for n in 0..2_400 {
            let time_s = (index * 2_400 + n) as f64 / 12_000.0;
            let mut sample = [noise(), noise()];
            for hz in *tones {
                let (sin, cos) = (std::f64::consts::TAU * hz * time_s).sin_cos();
                sample[0] += 0.3 * cos;
                sample[1] += 0.3 * sin;
            }
            bytes.extend(sample.map(|part| (part as f32).to_le_bytes()).concat());
        }
    }
    let mut workspace = Workspace::new();
    let hints = Hints::default().with_sample_rate_hz(12_000.0, "test");
    let mut recording = Recording::new(hints).with_overview();
    recording.push(&bytes, &mut workspace).expect("samples");
    let extraction = recording.finish(&mut workspace).expect("features");
    extraction.overview.expect("it was asked for").annotations
}

#[test]
fn signals_that_alternate_are_marked_each_at_its_place() {
    // The mean over all chunks would be a carrier at 0.7 kHz, where there is no signal.
    let annotations = annotations_of(&[
        &[-3_000.0],
        &[],
        &[1_000.0],
        &[4_000.0],
        &[-3_000.0],
        &[1_000.0],
        &[-3_000.0],
    ]);
    let found: Vec<_> = annotations
        .emissions
        .iter()
        .map(|one| (one.chunks, one.carrier_hz))
        .collect();
    let expected = [(3, -3_000.0), (2, 1_000.0), (1, 4_000.0)];
    assert_eq!(found.len(), expected.len(), "{annotations:?}");
    for ((chunks, carrier_hz), expected) in found.into_iter().zip(expected) {
        assert_eq!(chunks, expected.0);
        assert!(
            (carrier_hz.expect("it is there") - expected.1).abs() < 1.0,
            "{carrier_hz:?}"
        );
    }
    assert_eq!((annotations.chunks, annotations.elsewhere), (7, 0));
    assert!(
        (annotations.signal_present - 6.0 / 7.0).abs() < 1e-12,
        "{}",
        annotations.signal_present
    );
}

#[test]
fn no_carrier_is_marked_between_two_simultaneous_signals() {
    let annotations = annotations_of(&[&[-4_000.0, 2_000.0][..]; 5]);
    let [emission] = annotations.emissions[..] else {
        panic!("one band for both: {annotations:?}")
    };
    assert_eq!((emission.chunks, emission.carrier_hz), (5, None));
    assert!((emission.lower_edge_hz + 4_000.0).abs() < 10.0 && (emission.upper_edge_hz - 2_000.0).abs() < 10.0);
}

#[test]
fn the_first_places_of_a_hopping_signal_are_marked_and_the_others_counted() {
    let places: Vec<[f64; 1]> = (0..20).map(|n| [f64::from(n) * 500.0 - 5_000.0]).collect();
    let chunks: Vec<&[f64]> = places.iter().map(|place| &place[..]).collect();
    let annotations = annotations_of(&chunks);
    assert_eq!((annotations.emissions.len(), annotations.elsewhere), (8, 12));
}

#[test]
fn segments_taken_early_are_the_same_and_keep_their_numbers() {
    let samples: Vec<u8> = (0..33_600_u32)
        .flat_map(|n| {
            [(f64::from(n * n % 977) / 977.0 - 0.5) as f32, 0.25]
                .map(f32::to_le_bytes)
                .concat()
        })
        .collect();
    let hints = Hints::default().with_sample_rate_hz(12_000.0, "test");
    let mut workspace = Workspace::new();
    let mut whole = Recording::new(hints.clone());
    whole.push(&samples, &mut workspace).expect("samples");
    let whole = whole.finish(&mut workspace).expect("features").segments;
    let mut recording = Recording::new(hints);
    let mut taken = Vec::new();
    for piece in samples.chunks(100_000) {
        recording.push(piece, &mut workspace).expect("samples");
        taken.extend(recording.take_segments());
    }
    assert_eq!(
        taken.len(),
        2,
        "the last one has four chunks and ends with the recording"
    );
    taken.extend(recording.finish(&mut workspace).expect("features").segments);
    assert_eq!(taken, whole);
}
