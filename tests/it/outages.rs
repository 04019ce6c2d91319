//! The outage class: a server is away, and no recording is to blame.

use crate::support::daemon::Daemon;
use crate::support::faults::{Door, Fault};
use crate::support::{Bench, iq};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_is_away_blames_no_recording_and_spends_no_attempt() {
    for fault in [
        Fault::Status(503, "SlowDown"),
        Fault::Status(403, "InvalidAccessKeyId"),
        Fault::Hang,
    ] {
        let bench = Bench::new().await;
        bench.put("a.bin", iq::tone());
        let session = bench.record(&["a.bin", "a.bin", "a.bin"]).await;
        let door = Door::open(bench.store.objects()).await;
        door.set("", fault);
        let endpoint = door.endpoint();
        let settings = [
            ("HEIMDALL_S3_ENDPOINT", endpoint.as_str()),
            ("HEIMDALL_S3_TIMEOUT", "300ms"),
        ];
        let daemon = Daemon::start_with(&bench, &settings).await;
        bench.complete(&session).await;
        daemon.wait_said("object store away").await;
        bench.wait_count("heimdall.pending_features WHERE attempt = 0", 3).await;
        assert_eq!(bench.count("heimdall.measurement_features").await, 0, "{fault:?}");

        door.mend();
        for row in bench.rows(&session).await {
            assert_eq!((row.failed, row.attempts), (false, 1), "{fault:?}");
        }
        daemon.wait_said("object store back").await;
        daemon.stop().await;
    }
}
