//! Signals that continue across plus and minus half of the sample rate.

use crate::assert_consistent;
use crate::placed;

#[test]
fn a_band_across_the_end_is_as_wide_as_elsewhere() {
    // Speech and keying have gaps in their spectrum, also where the band ends.
    for (name, rate, snr_db) in [
        ("NFM voice 2.5 kHz", 48e3, 10.0),
        ("NFM voice 5 kHz", 48e3, 30.0),
        ("NFM AFSK1200", 48e3, 10.0),
        ("POCSAG", 48e3, 10.0),
        ("SSB lower", 20_250.0, 30.0),
        ("2-FSK", 50e3, 10.0),
        ("GMSK BT 0.5", 50e3, 10.0),
        ("C4FM", 50e3, 20.0),
        ("APT", 250e3, 10.0),
        ("FM broadcast stereo", 500e3, 20.0),
        ("OFDM 30 %", 200e3, 20.0),
        ("LoRa SF9", 500e3, 20.0),
    ] {
        for share in [-0.3, 0.0, 0.2] {
            let width = crate::modulations::named(name).width_hz(rate);
            let (segment, truth) = placed(name, (rate, 5), 0.5 * rate + share * width, snr_db);
            let what = format!("{name}, {share} of it across the end");
            assert!((segment.extended.detection_rate - 1.0).abs() < 1e-9, "{what}");
            let numbers = &segment.extended.numbers;
            if let Some(snr) = numbers.snr_unbiased_db {
                let right = truth.chunk_snrs_db().sum::<f64>() / truth.chunks.len() as f64;
                assert!((snr.mean - right).abs() < 1.0, "{what}: {snr:?} for {right}");
            }
            if let Some(found) = numbers.occupied_bandwidth_99_hz {
                let right = truth.mean_widths_hz();
                let is_right = right.iter().any(|right| (found.mean / right - 1.0).abs() < 0.06);
                assert!(is_right, "{what}: {found:?} for {right:?}");
                let [lower, upper] = [numbers.occupied_lower_edge_hz, numbers.occupied_upper_edge_hz];
                let difference = upper.expect("an edge").mean - lower.expect("an edge").mean;
                assert!((difference - found.mean).abs() < 1e-6 * rate, "{what}: {difference}");
            }
            assert_consistent(&segment, &what);
        }
    }
}
