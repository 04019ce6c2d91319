//! Fail points: named places between the steps of a recording at which a test kills or stops the
//! daemon.
//!
//! Without the feature `fault-points`, which no production build has, [`hit`] compiles to nothing.
//! With it, `HEIMDALL_FAULT=point:action[:turn[:location]]` selects one fail point:
//!
//! - `action`: `kill` (SIGKILL), `abort`, `stop` (SIGSTOP) or `panic`.
//! - `turn`: at which arrival the action happens, from 1.
//! - `location`: only recordings whose `iq_data_location` contains this text count as arrivals.

use super::claim::Claim;

macro_rules! fail_points {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        /// A place between two steps of a recording.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum FailPoint {
            $($(#[$doc])* $name,)*
        }

        impl FailPoint {
            /// All fail points, in the order in which a recording reaches them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its name in `HEIMDALL_FAULT`.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

fail_points! {
    /// Claimed in the database, not started.
    AfterClaim = "after_claim";
    /// The location is parsed, nothing is requested.
    BeforeGet = "before_get";
    /// The header of the store's answer has arrived, nothing of the body is read.
    AfterGet = "after_get";
    /// A block of the body is extracted.
    MidBody = "mid_body";
    /// The body is read, the features are not complete.
    AfterBody = "after_body";
    /// The outcome is known, the writer does not have it.
    AfterOutcome = "after_outcome";
    /// The writer has the outcome and a connection, no transaction.
    BeforeTransaction = "before_transaction";
    /// The row is stored, its session neither locked nor settled.
    AfterStore = "after_store";
    /// The sessions are locked.
    AfterLock = "after_lock";
    /// The session is settled.
    AfterSettle = "after_settle";
    /// Everything is done except COMMIT.
    BeforeCommit = "before_commit";
    /// COMMIT is sent, not answered.
    CommitSent = "commit_sent";
    /// Committed, not logged.
    AfterCommit = "after_commit";
    /// Logged, the lease still in the list of held leases.
    AfterReport = "after_report";
}

/// Does nothing: this build has no fail points.
#[cfg(not(feature = "fault-points"))]
#[inline]
pub fn hit<'a>(_: FailPoint, _: impl IntoIterator<Item = &'a Claim>) {}

/// Called at `point` with the recordings that are in flight there.
#[cfg(feature = "fault-points")]
pub fn hit<'a>(point: FailPoint, claims: impl IntoIterator<Item = &'a Claim>) {
    selected::hit(point, claims);
}

#[cfg(feature = "fault-points")]
mod selected {
    use std::io::{self, Write as _};
    use std::process::{Command, abort, id};
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::{Duration, Instant};

    use super::{Claim, FailPoint};

    struct Fault {
        point: FailPoint,
        action: String,
        turn: u32,
        location: String,
        arrivals: AtomicU32,
    }

    static FAULT: LazyLock<Option<Fault>> = LazyLock::new(|| parse(&std::env::var("HEIMDALL_FAULT").ok()?));

    fn parse(text: &str) -> Option<Fault> {
        let mut parts = text.splitn(4, ':');
        let name = parts.next()?;
        let fault = Fault {
            point: *FailPoint::ALL.iter().find(|point| point.name() == name)?,
            action: parts.next()?.to_owned(),
            turn: parts.next().unwrap_or("1").parse().ok()?,
            location: parts.next().unwrap_or_default().to_owned(),
            arrivals: AtomicU32::new(0),
        };
        ["kill", "abort", "stop", "panic"]
            .contains(&&*fault.action)
            .then_some(fault)
    }

    pub(super) fn hit<'a>(point: FailPoint, claims: impl IntoIterator<Item = &'a Claim>) {
        let Some(fault) = FAULT.as_ref().filter(|fault| fault.point == point) else {
            return;
        };
        let counts = claims.into_iter().any(|claim| {
            let location = claim.iq_data_location.as_deref().unwrap_or_default();
            location.contains(&fault.location)
        });
        if !counts || fault.arrivals.fetch_add(1, Ordering::SeqCst) + 1 != fault.turn {
            return;
        }
        if fault.action == "panic" {
            tracing::warn!(point = point.name(), "fault point");
        } else {
            // Not through the log: the action ends its thread before the line is written.
            let _ = writeln!(io::stderr(), "fault point {} {}", point.name(), fault.action);
        }
        match &*fault.action {
            "abort" => abort(),
            "stop" => stop(),
            "panic" => panic!("fault point\n{}", point.name()),
            _ => loop {
                send_signal("KILL");
                std::thread::sleep(Duration::from_secs(1));
            },
        }
    }

    /// SIGSTOP stops this thread a moment after the signal is sent. A sleep of 5 ms that took more
    /// than 500 ms shows that the process was stopped and continued.
    fn stop() {
        let sent = Instant::now();
        send_signal("STOP");
        while sent.elapsed() < Duration::from_secs(30) {
            let before = Instant::now();
            std::thread::sleep(Duration::from_millis(5));
            if before.elapsed() > Duration::from_millis(500) {
                break;
            }
        }
    }

    /// Uses the program `kill`: std can only signal children, and `unsafe` is forbidden.
    fn send_signal(name: &str) {
        let sent = Command::new("kill").args(["-s", name, &id().to_string()]).status();
        assert!(sent.is_ok_and(|status| status.success()), "cannot run kill");
    }
}
