//! What the tests share: one throw-away cluster a run, one database and one store a test, the real
//! binary.

pub(crate) mod aws_services;
pub(crate) mod bench;
pub(crate) mod certificates;
pub(crate) mod cluster;
pub(crate) mod daemon;
pub(crate) mod doctor;
pub(crate) mod faketime;
pub(crate) mod notifications;
pub(crate) mod pgbouncer;
pub(crate) mod prometheus;
pub(crate) mod psql;
pub(crate) mod rds_proxy;
pub(crate) mod recordings;
pub(crate) mod s3_replies;
pub(crate) mod scripted_store;
pub(crate) mod store_proxy;
pub(crate) mod tcp_proxy;
pub(crate) mod webdriver;

use std::future::Future;
use std::time::{Duration, Instant};

pub(crate) use self::bench::{Bench, FeatureRow, Session, assert_extracted};
pub(crate) use self::cluster::{cluster, connect, empty_database};

/// The bucket that the daemons of the tests read.
pub(crate) const BUCKET: &str = "heimdall-raw-iq";
/// Long enough for a machine under load. A test that reaches it has failed.
pub(crate) const DEADLINE: Duration = Duration::from_mins(1);
/// Pause between two checks of a condition.
const CHECK_INTERVAL: Duration = Duration::from_millis(10);

/// Tries until `attempt` returns a value. Panics at the deadline, with `what` as the thing that did
/// not happen.
pub(crate) async fn wait_for<T, F: Future<Output = Option<T>>>(what: &str, mut attempt: impl FnMut() -> F) -> T {
    let begun = Instant::now();
    loop {
        if let Some(value) = attempt().await {
            return value;
        }
        assert!(begun.elapsed() < DEADLINE, "not after {DEADLINE:?}: {what}");
        tokio::time::sleep(CHECK_INTERVAL).await;
    }
}

/// Waits until `condition` is true. Panics at the deadline, with `what` as the thing that did not
/// happen.
pub(crate) async fn wait_until<F: Future<Output = bool>>(what: &str, mut condition: impl FnMut() -> F) {
    wait_for(what, || {
        let holds = condition();
        async { holds.await.then_some(()) }
    })
    .await;
}
