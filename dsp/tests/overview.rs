//! The overview beside the numbers, and segments taken before the end.

#![expect(clippy::cast_possible_truncation, reason = "tests make their own input")]

use heimdall_dsp::{Hints, Recording, Workspace};

#[test]
fn an_overview_sees_the_whole_recording_and_changes_nothing_else() {
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
    let mut seen = extract(Recording::new(hints()).with_overview());
    assert_eq!(plain.overview, None);
    let overview = seen.overview.take().expect("it was asked for");
    assert_eq!(plain, seen);
    assert_eq!(overview.samples, 8_400);
    assert_eq!(overview.chunk_samples, 2_400);
    assert_eq!((overview.marks.segments, overview.marks.chunks), (1, 3));
    let emission = overview.marks.emission.expect("a tone is a signal");
    assert!((emission.carrier_hz + 2_000.0).abs() < 1.0, "{emission:?}");
    assert!(emission.lower_edge_hz < -2_000.0 && emission.upper_edge_hz > -2_000.0);
    let strongest = overview.spectrum.mean_db.iter().copied().fold(f32::MIN, f32::max);
    // 0.25 in one bin of 11.7 Hz, at least a third of it between two: the window's scallops.
    assert!(
        (f64::from(strongest) + 6.02 + 10.0 * 11.72_f64.log10()).abs() < 3.5,
        "{strongest}"
    );
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
    assert_eq!(taken.len(), 2, "the last one has four chunks, which only the end shows");
    taken.extend(recording.finish(&mut workspace).expect("features").segments);
    assert_eq!(taken, whole);
}
