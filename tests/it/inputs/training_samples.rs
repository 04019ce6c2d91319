//! A trainer of the synthetic rows reads ours too, without a special case.

use serde_json::Value;

use crate::support::daemon::Daemon;
use crate::support::{Bench, recordings};

/// A value of a row as a number, as Python's `float()` reads it: a number, or a boolean. It refuses
/// all else, an object too.
fn float(value: &Value) -> f64 {
    match value {
        Value::Bool(flag) => f64::from(u8::from(*flag)),
        Value::Number(number) => number.as_f64().expect("a finite number"),
        other => panic!("float() argument must be a number, not {other}"),
    }
}

/// The six numbers of a receiver that the trainer takes: SNR, density of the peak, offset, place,
/// presence.
fn inputs(receiver: &Value) -> [f64; 6] {
    [
        float(&receiver["snr_db"]["mean"]),
        float(&receiver["psd_dbm_per_hz"]["mean"]),
        float(&receiver["frequency_offset_hz"]["mean"]),
        float(&receiver["rx_lat"]),
        float(&receiver["rx_lon"]),
        float(&receiver["signal_present"]),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trainer_of_synthetic_rows_reads_a_sample_of_a_real_session() {
    let bench = Bench::new().await;
    let noise = std::fs::read(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../dsp/tests/golden/noise_only_48k.cf32"
    ));
    bench.put("tone.bin", recordings::tone());
    bench.put("noise.bin", noise.expect("a recording"));
    bench.put("odd.bin", vec![1; 7]);
    let session = bench.record(&["tone.bin", "noise.bin", "odd.bin"]).await;
    bench
        .execute("UPDATE heimdall.measurements SET iq_sample_rate = 48000 WHERE iq_data_location = 'noise.bin'")
        .await;
    let daemon = Daemon::start(&bench).await;
    bench.complete(&session).await;
    let rows = bench.rows(&session).await;

    // The statement of the trainer, on a view that has the columns of the synthetic rows.
    let sample = "SELECT to_jsonb(receiver_features), tx_latitude, tx_longitude, receivers_missing
                  FROM heimdall.session_features WHERE recording_session_id = $1";
    let sample = bench.row_of(sample, &[&session.id]).await;
    let receivers: Vec<[f64; 6]> = sample
        .get::<_, Value>(0)
        .as_array()
        .expect("an array")
        .iter()
        .map(inputs)
        .collect();
    assert_eq!(receivers, [inputs(&rows[0].features[0]), inputs(&rows[1].features[0])]);
    assert_eq!(
        [receivers[0][5], receivers[1][5]].map(|present| present > 0.5),
        [true, false]
    );
    assert!((receivers[0][2] - 1_000.0).abs() < 1e-9);
    let position: [Option<f64>; 2] = [sample.get(1), sample.get(2)];
    assert_eq!(position, [None, None]);
    let missing: Vec<String> = sample.get(3);
    assert_eq!(missing.len(), 1, "{missing:?}");

    // The same from the flat view, and the receiver's name beside the objects.
    let flat = "SELECT array_agg(snr_db_mean ORDER BY rx_id), array_agg(signal_present ORDER BY rx_id)
                FROM heimdall.feature_samples WHERE recording_session_id = $1";
    let flat = bench.row_of(flat, &[&session.id]).await;
    assert_eq!(flat.get::<_, Vec<f64>>(0), [receivers[0][0], receivers[1][0]]);
    assert_eq!(flat.get::<_, Vec<bool>>(1), [true, false]);
    assert_eq!(
        bench
            .count("heimdall.measurement_features WHERE rx_id IS NOT NULL")
            .await,
        2
    );
    daemon.stop().await;
}
