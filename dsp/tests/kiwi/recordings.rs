//! Tests with files that `KiwiSDR` receivers wrote, if `HEIMDALL_IQ_CORPUS` names a folder of them.

use std::path::PathBuf;

use heimdall_dsp::{Extraction, Hints, Recording, SampleFormat, Workspace};

/// Three receivers of the time signal DCF77 on 2017-11-27, a Monday: the rate according to the
/// stamps (samples over time from the first good stamp to the last), stale stamps, blocks of 512
/// samples.
const RECEIVERS: [(&str, f64, u64, u64); 3] = [
    ("DF0KL", 12_001.145, 1, 687),
    ("F1JEK", 12_001.202, 1, 680),
    ("HB9RYZ", 12_001.132, 1, 691),
];

/// The start of the recorder according to the file names, 10:41:56 UTC, as second of the GPS week.
/// The week begins on Sunday. GPS time has no leap seconds, of which there were 18.
const STARTED_S: f64 = 86_400.0 + 10.0 * 3600.0 + 41.0 * 60.0 + 56.0 + 18.0;

fn recordings() -> Option<Vec<PathBuf>> {
    let folder = std::env::var_os("HEIMDALL_IQ_CORPUS").filter(|folder| !folder.is_empty())?;
    let entries = std::fs::read_dir(folder).expect("the corpus is readable");
    Some(entries.flatten().map(|entry| entry.path()).collect())
}

fn extract(bytes: &[u8], piece: usize) -> Extraction {
    let mut workspace = Workspace::new();
    let mut recording = Recording::new(Hints::default());
    for piece in bytes.chunks(piece) {
        recording.push(piece, &mut workspace).expect("good samples");
    }
    recording.finish(&mut workspace).expect("features")
}

#[test]
fn rate_time_and_length_of_real_recordings_come_from_their_stamps() {
    let Some(files) = recordings() else {
        println!("not tried: HEIMDALL_IQ_CORPUS names no folder");
        return;
    };
    for (receiver, rate, stale, blocks) in RECEIVERS {
        let wanted = format!("_{receiver}_iq.wav");
        let file = files.iter().find(|file| file.to_string_lossy().ends_with(&wanted));
        let bytes = std::fs::read(file.expect("in the corpus")).expect("readable");
        let extraction = extract(&bytes, 65_536);
        assert_eq!(extraction.segments, extract(&bytes, 997).segments);

        let interpretation = extraction.interpretation;
        assert_eq!(interpretation.container, "kiwi wav");
        assert_eq!(interpretation.format, SampleFormat::Ci16Le);
        assert_eq!(interpretation.sample_rate_source, "kiwi stamps");
        // Single intervals scatter by 4 parts in a million: 0.05 Hz.
        assert!(
            (interpretation.sample_rate_hz - rate).abs() < 0.05,
            "{receiver}: {interpretation:?}"
        );
        let info = &extraction.info;
        let stamps = info.gps_stamps.expect("stamps");
        assert!(
            (stamps.measured_sample_rate_hz.expect("a rate") - rate).abs() < 0.001,
            "{receiver}: {stamps:?}"
        );
        assert_eq!((stamps.stamps, stamps.stale_stamps), (blocks, stale), "{receiver}");
        assert!(stamps.largest_deviation_samples < 0.01, "{receiver}: {stamps:?}");
        assert_eq!(stamps.oldest_solution_s, 5);
        // The recorders needed up to a second and a half to connect.
        let begun_s = stamps.first_sample_gps_week_s.expect("a time");
        assert!((-0.5..1.5).contains(&(begun_s - STARTED_S)), "{receiver}: {begun_s}");

        assert_eq!((info.num_gaps, extraction.samples_lost), (0, 0), "{receiver}");
        assert_eq!(info.anomalies, [], "{receiver}");
        assert_eq!(extraction.samples_used + extraction.samples_left_over, 512 * blocks);
        assert!(
            extraction.segments.len() >= 29 && extraction.totals.signal_detected(),
            "{receiver}"
        );
    }
}
