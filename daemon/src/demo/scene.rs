//! What the demo puts in: seven stations in the north of Italy, one transmission, and what each
//! station's recording has to come out as.

use super::signal::{Reception, SAMPLE_BYTES, SAMPLES, record};
use crate::sandbox::objects::Metadata;

/// Centre frequency of the made-up session: the 2 m band.
pub const FREQUENCY_HZ: i64 = 145_000_000;
/// The transmission; another number gives other speech.
const SPEECH_SEED: u64 = 2_026;
/// Under white noise the reference's noise estimate, the middle of the weakest 30 % of a
/// periodogram's bins, reads the 15 % quantile of an exponential distribution: ln(1/0.85) = 0.1625
/// of the mean, so its SNR is 7.89 dB too high; a signal of 11 kHz in 200 kHz takes 6 % of the bins
/// from the noise and the quantile becomes 16 %, 7.6 dB.
const REFERENCE_BIAS_DB: f64 = 7.75;
/// Half the difference between the two cases above, and the deviation of the estimate itself.
const SNR_TOLERANCE_DB: f64 = 0.4;
/// What the broken upload lacks: not a whole sample, so the damage cannot be overlooked.
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
    /// Last element of the object's key; `{started}` stands for the time of the recording.
    pub object_name: String,
    /// The objects that are put into the store, by the last element of their key.
    pub uploads: Vec<Upload>,
    /// What has to stand in the receiver's row.
    pub expected: Expected,
}

/// One object.
#[derive(Debug)]
pub struct Upload {
    /// Last element of its key.
    pub name: String,
    /// Its bytes.
    pub content: UploadContent,
    /// Its `x-amz-meta-*`.
    pub metadata: Metadata,
}

/// Where an object's bytes come from.
#[derive(Debug)]
pub enum UploadContent {
    /// Made for the demo.
    Bytes(Vec<u8>),
    /// A file of the user's, served from where it lies.
    File(std::path::PathBuf),
}

/// What a row has to say.
#[derive(Debug, Clone, PartialEq)]
pub enum Expected {
    /// Features with this SNR as the reference defines it, and whether a signal is found.
    Features {
        /// The generated SNR in the reference's measure, its bias included.
        snr_db: f64,
        /// Deviation that is still right.
        tolerance_db: f64,
        /// Whether most chunks have to have a signal.
        signal: bool,
    },
    /// An error row; `{key}` stands for the object's key.
    Failure {
        /// The exact message.
        message: String,
    },
    /// Somebody's own recording: a row, whatever it says.
    AnyRow,
}

/// The seven receivers of the made-up session.
#[must_use]
pub fn generated() -> Vec<Receiver> {
    let hears = |snr_db: f64, carrier_offset_hz, noise_seed| Reception {
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
        receiver("Torino", (45.0703, 7.6869), hears(24.0, 350.0, 1)),
        receiver("Montanaro", (45.2340, 7.8570), hears(15.0, -1_200.0, 2)),
        receiver("Milano Baggio", (45.4610, 9.0890), hears(6.0, 80.0, 3)),
        receiver("Passo dei Giovi", (44.5617, 8.9381), hears(-4.0, -420.0, 4)),
        receiver("Cuneo", (44.3845, 7.5426), noise_only),
        receiver("Genova", (44.4056, 8.9463), hears(3.0, 0.0, 6)),
        receiver("Alessandria", (44.9130, 8.6150), hears(10.0, 0.0, 7)),
    ];
    // The last two went wrong on their way: one upload never arrived, one broke off.
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
            metadata: Metadata::new(),
        }],
        object_name,
        expected: Expected::Features {
            // The reference puts all power, the noise's included, over the noise.
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
    fn a_session_has_seven_receivers_of_which_one_is_missing_and_one_is_broken() {
        let receivers = generated();
        assert_eq!(receivers.len(), 7);
        let failures = receivers
            .iter()
            .filter(|receiver| matches!(receiver.expected, Expected::Failure { .. }));
        assert_eq!(failures.count(), 2);
        assert!(receivers[5].uploads.is_empty());
        let UploadContent::Bytes(broken) = &receivers[6].uploads[0].content else {
            panic!("bytes are made")
        };
        assert_eq!(broken.len(), 1_599_997);
    }
}
