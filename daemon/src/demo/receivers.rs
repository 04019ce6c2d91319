//! The receivers of the demo's session: seven stations in the north of Italy that record one
//! transmission, and the result that each recording must have.

use super::signal::{Reception, SAMPLE_BYTES, SAMPLES, record};

/// Centre frequency of the made session, in the 2 m band.
pub const FREQUENCY_HZ: i64 = 145_000_000;
/// Seed of the transmission. Another seed gives other speech.
const SPEECH_SEED: u64 = 2_026;
/// Bias of the reference's SNR.
///
/// Its noise estimate is the median of the weakest 30 % of a periodogram's bins. In white noise
/// that is the 15 % quantile of an exponential distribution: ln(1/0.85) = 0.1625 of the mean, so
/// the SNR is 7.89 dB too high. A signal of 11 kHz in 200 kHz covers 6 % of the bins. Then the
/// quantile is 16 % and the bias 7.6 dB.
const REFERENCE_BIAS_DB: f64 = 7.75;
/// Half the difference between these two biases, and the estimate's own deviation.
const SNR_TOLERANCE_DB: f64 = 0.4;
/// Bytes missing from the truncated upload: less than a sample, so that the daemon must notice.
const MISSING_BYTES: usize = 3;

/// A receiver's place and its recording.
#[derive(Debug)]
pub struct Receiver {
    /// Unique name of the station.
    pub station: String,
    /// Degrees north and east.
    pub coordinates: (f64, f64),
    /// Centre frequency of the recording.
    pub frequency_hz: i64,
    /// Last element of the object's key. `{started}` is replaced by the time of the recording.
    pub object_name: String,
    /// The objects to store.
    pub uploads: Vec<Upload>,
    /// The result that the receiver's row must have.
    pub expected: Expected,
}

/// One object.
#[derive(Debug)]
pub struct Upload {
    /// Last element of its key.
    pub name: String,
    /// Its bytes.
    pub content: UploadContent,
}

/// The bytes of an object.
#[derive(Debug)]
pub enum UploadContent {
    /// Made for the demo.
    Bytes(Vec<u8>),
    /// A file of the user. It is read where it is.
    File(std::path::PathBuf),
}

/// The expected result of a recording.
#[derive(Debug, Clone, PartialEq)]
pub enum Expected {
    /// Features.
    Features {
        /// The SNR of the made signal as the reference measures it, with its bias.
        snr_db: f64,
        /// Allowed deviation.
        tolerance_db: f64,
        /// Whether most chunks must have a signal.
        signal: bool,
    },
    /// An error. `{key}` is replaced by the object's key.
    Failure {
        /// The exact message.
        message: String,
    },
    /// Any row: the recording is not from the demo.
    AnyRow,
}

/// The seven receivers of the made session.
#[must_use]
pub fn generated() -> Vec<Receiver> {
    let reception = |snr_db: f64, carrier_offset_hz, noise_seed| Reception {
        snr_db: Some(snr_db),
        carrier_offset_hz,
        noise_seed,
    };
    let noise_only = Reception {
        snr_db: None,
        carrier_offset_hz: 0.0,
        noise_seed: 5,
    };
    let mut receivers = vec![
        receiver("Torino", (45.0703, 7.6869), reception(24.0, 350.0, 1)),
        receiver("Montanaro", (45.2340, 7.8570), reception(15.0, -1_200.0, 2)),
        receiver("Milano Baggio", (45.4610, 9.0890), reception(6.0, 80.0, 3)),
        receiver("Passo dei Giovi", (44.5617, 8.9381), reception(-4.0, -420.0, 4)),
        receiver("Cuneo", (44.3845, 7.5426), noise_only),
        receiver("Genova", (44.4056, 8.9463), reception(3.0, 0.0, 6)),
        receiver("Alessandria", (44.9130, 8.6150), reception(10.0, 0.0, 7)),
    ];
    // Two uploads fail: one object is missing, one is truncated.
    receivers[5].uploads.clear();
    receivers[5].expected = Expected::Failure {
        message: "IQ file not found: {key}".to_owned(),
    };
    let whole_bytes = SAMPLES * SAMPLE_BYTES;
    if let Some(UploadContent::Bytes(bytes)) = receivers[6].uploads.first_mut().map(|upload| &mut upload.content) {
        bytes.truncate(whole_bytes - MISSING_BYTES);
    }
    receivers[6].expected = Expected::Failure {
        message: format!(
            "Invalid IQ data format: {} bytes left over at the end, cf32_le samples are {SAMPLE_BYTES} bytes each \
             ({} bytes of samples in all)",
            SAMPLE_BYTES - MISSING_BYTES,
            whole_bytes - MISSING_BYTES
        ),
    };
    receivers
}

fn receiver(station: &str, coordinates: (f64, f64), reception: Reception) -> Receiver {
    let signal_over_noise = reception.snr_db.map_or(0.0, |snr_db| 10.0_f64.powf(snr_db / 10.0));
    let object_name = "{started}.bin".to_owned();
    Receiver {
        station: station.to_owned(),
        coordinates,
        frequency_hz: FREQUENCY_HZ,
        uploads: vec![Upload {
            name: object_name.clone(),
            content: UploadContent::Bytes(record(SPEECH_SEED, reception)),
        }],
        object_name,
        expected: Expected::Features {
            // The reference divides the whole power, with the noise, by the noise.
            snr_db: 10.0 * (1.0 + signal_over_noise).log10() + REFERENCE_BIAS_DB,
            tolerance_db: SNR_TOLERANCE_DB,
            signal: reception.snr_db.is_some(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_seven_recordings_one_is_missing_and_one_is_truncated() {
        let receivers = generated();
        assert_eq!(receivers.len(), 7);
        let failures = receivers
            .iter()
            .filter(|receiver| matches!(receiver.expected, Expected::Failure { .. }));
        assert_eq!(failures.count(), 2);
        assert!(receivers[5].uploads.is_empty());
        let UploadContent::Bytes(truncated) = &receivers[6].uploads[0].content else {
            panic!("the recording is not in memory")
        };
        assert_eq!(truncated.len(), 1_599_997);
    }
}
