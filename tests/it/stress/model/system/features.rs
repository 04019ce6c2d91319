//! The features that a transition stores.

use std::sync::OnceLock;

use heimdall_daemon::job::claim::Receiver;
use heimdall_daemon::job::features::{FeatureRow, ReceiverFeatures};
use heimdall_daemon::job::segment_spool::SegmentSpool;
use heimdall_dsp::{Hints, Recording, SegmentFeatures, Workspace};

use crate::support::recordings;

/// The features of a real recording, extracted once.
pub(super) fn features() -> FeatureRow {
    static SEGMENT: OnceLock<SegmentFeatures> = OnceLock::new();
    let segment = SEGMENT.get_or_init(|| {
        let mut workspace = Workspace::default();
        let mut recording = Recording::new(Hints::default().with_sample_rate_hz(recordings::SAMPLE_RATE_HZ, "test"));
        recording.push(&recordings::tone(), &mut workspace).expect("samples");
        recording.finish(&mut workspace).expect("features").segments.remove(0)
    });
    let mut segments = SegmentSpool::new(usize::MAX);
    let receiver = Receiver {
        rx_id: "model".to_owned(),
        ..Receiver::default()
    };
    let features = ReceiverFeatures {
        receiver: &receiver,
        segment,
    };
    segments.push(&features, &[]).expect("memory");
    FeatureRow {
        segments,
        trailing_warnings: Vec::new(),
        extraction_metadata: serde_json::json!({}),
        overall_confidence: 0.5,
        mean_snr_db: 20.0,
        num_receivers_detected: 1,
    }
}
