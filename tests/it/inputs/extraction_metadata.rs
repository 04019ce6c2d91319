//! The keys of `extraction_metadata` are those that the comment on the column lists.

use std::collections::BTreeSet;
use std::io::Write as _;

use crate::support::daemon::Daemon;
use crate::support::{Bench, recordings};

/// A chunk of a WAV file.
fn chunk(name: [u8; 4], body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).expect("a small chunk");
    [&name[..], &length.to_le_bytes(), body].concat()
}

/// A WAV file of 16-bit samples at 12 kHz with these chunks.
fn wav(chunks: &[Vec<u8>]) -> Vec<u8> {
    let [rate, bytes_per_second] = [12_000_u32, 48_000].map(u32::to_le_bytes);
    let format = [&[1, 0, 2, 0], &rate[..], &bytes_per_second, &[4, 0, 16, 0]].concat();
    let body = [b"WAVE".to_vec(), chunk(*b"fmt ", &format), chunks.concat()].concat();
    chunk(*b"RIFF", &body)
}

/// Arbitrary 16-bit samples.
fn samples(count: u16) -> Vec<u8> {
    (0..2 * count)
        .flat_map(|n| (n.wrapping_mul(40_503) / 4).to_le_bytes())
        .collect()
}

/// A WAV file with start, stop and 7.1 MHz in its `auxi` chunk. It is shorter than its header says.
fn recorded_at_a_known_time() -> Vec<u8> {
    let start = [2026_u16, 11, 3, 25, 10, 0, 0, 0].map(u16::to_le_bytes).concat();
    let stop = [2026_u16, 11, 3, 25, 10, 0, 1, 0].map(u16::to_le_bytes).concat();
    let mut file = wav(&[
        chunk(*b"auxi", &[start, stop, 7_100_000_u32.to_le_bytes().to_vec()].concat()),
        chunk(*b"data", &samples(12_000)),
    ]);
    file.truncate(file.len() - 4_000);
    file
}

/// A file as a `KiwiSDR` writes it, with a GPS stamp for each block of 512 samples. Ten blocks are
/// missing.
fn kiwi_with_a_gap() -> Vec<u8> {
    let blocks = (0..80_u64).filter(|block| !(30..40).contains(block));
    let stamped = blocks.map(|block| {
        let nanoseconds = block * 512 * 1_000_000_000 / 12_000;
        let second = u32::try_from(100_000 + nanoseconds / 1_000_000_000).expect("of the week");
        let nanosecond = u32::try_from(nanoseconds % 1_000_000_000).expect("of the second");
        let stamp = [&[1, 0], &second.to_le_bytes()[..], &nanosecond.to_le_bytes()].concat();
        [chunk(*b"kiwi", &stamp), chunk(*b"data", &samples(512))].concat()
    });
    wav(&stamped.collect::<Vec<_>>())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_comment_lists_exactly_the_keys_that_occur() {
    let bench = Bench::new().await;
    bench.put("auxi.wav", recorded_at_a_known_time());
    bench.put("kiwi.wav", kiwi_with_a_gap());
    bench.put("pair.sigmf-data", samples(12_000));
    bench.put(
        "pair.sigmf-meta",
        r#"{"global": {"core:datatype": "ci16_le", "core:sample_rate": 12000, "core:version": "1.2.0"},
            "captures": [{"core:sample_start": 0}], "annotations": []}"#,
    );
    bench.put("short.bin", &recordings::tone()[..800]);
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(&samples(12_000)).expect("a write to memory");
    bench.put("packed.C16.gz", encoder.finish().expect("a write to memory"));
    bench.put("packed.TXT", "sample_rate=12000");
    let locations = [
        "auxi.wav",
        "kiwi.wav",
        "pair.sigmf-data",
        "packed.C16.gz",
        "short.bin",
        "missing.bin",
    ];
    let session = bench.record(&locations).await;
    // The header of one file contradicts the column.
    bench
        .execute(
            "UPDATE heimdall.measurements SET iq_sample_rate = 48000;
             UPDATE heimdall.measurements SET iq_sample_rate = NULL WHERE iq_data_location ~ 'packed'",
        )
        .await;
    let daemon = Daemon::start(&bench).await;
    bench.complete(&session).await;
    let rows = bench.rows(&session).await;
    daemon.stop().await;
    let failed: Vec<bool> = rows.iter().map(|row| row.failed).collect();
    assert_eq!(failed, [false, false, false, false, true, true]);
    let found: BTreeSet<String> = rows
        .iter()
        .flat_map(|row| row.metadata.as_object().expect("an object").keys().cloned())
        .collect();

    let comment: String = bench
        .value(
            "SELECT col_description(attrelid, attnum) FROM pg_attribute
             WHERE attrelid = 'heimdall.measurement_features'::regclass AND attname = 'extraction_metadata'",
            &[],
        )
        .await;
    let listed: BTreeSet<String> = comment
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(": "))
        .flat_map(|(keys, _)| keys.split(", "))
        .map(str::to_owned)
        .collect();
    assert_eq!(found, listed);
}
