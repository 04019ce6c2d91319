//! Fault points: named places between the steps of one recording at which a test ends or stops the daemon.
//!
//! Without the feature `fault-points`, which no production build has, reaching a point does nothing and compiles to
//! nothing. With it, `HEIMDALL_FAULT=point:how[:turn[:location]]` chooses one: `how` is `kill` (SIGKILL), `abort`,
//! `stop` (SIGSTOP) or `panic`, `turn` says at which arrival (1 is the first), and only arrivals with a recording whose
//! `iq_data_location` contains `location` count.

use super::claim::Claim;

macro_rules! points {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        /// A place between two steps.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum FailPoint {
            $($(#[$doc])* $name,)*
        }

        impl FailPoint {
            /// All of them, in the order in which a recording meets them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// As `HEIMDALL_FAULT` spells it.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

points! {
    /// Claimed in the database, not begun.
    AfterClaim = "after_claim";
    /// The location is understood, nothing is asked for.
    BeforeGet = "before_get";
    /// The answer's header has arrived, nothing of the body is read.
    AfterGet = "after_get";
    /// A block of the body has been worked in.
    MidBody = "mid_body";
    /// The body has been read, the features are not computed.
    AfterBody = "after_body";
    /// There is an outcome, the writer does not have it.
    AfterVerdict = "after_verdict";
    /// The writer has it and a connection, no transaction.
    BeforeTransaction = "before_transaction";
    /// The sessions are locked.
    AfterLock = "after_lock";
    /// The row is stored, its session not settled.
    AfterStore = "after_store";
    /// Its session is settled.
    AfterSettle = "after_settle";
    /// All is done but the COMMIT.
    BeforeCommit = "before_commit";
    /// COMMIT is on its way, not answered.
    CommitSent = "commit_sent";
    /// Committed, not told.
    AfterCommit = "after_commit";
    /// Told, still on the list of what is in hand.
    AfterReport = "after_report";
}

/// The daemon is at `point` with these recordings in hand.
#[cfg(not(feature = "fault-points"))]
#[inline]
pub fn hit<'a>(_: FailPoint, _: impl IntoIterator<Item = &'a Claim>) {}

/// The daemon is at `point` with these recordings in hand.
#[cfg(feature = "fault-points")]
pub fn hit<'a>(point: FailPoint, claims: impl IntoIterator<Item = &'a Claim>) {
    chosen::hit(point, claims);
}

#[cfg(feature = "fault-points")]
mod chosen {
    use std::process::{Command, abort, id};
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::{Duration, Instant};

    use super::{Claim, FailPoint};

    struct Fault {
        point: FailPoint,
        how: String,
        turn: u32,
        location: String,
        arrivals: AtomicU32,
    }

    static FAULT: LazyLock<Option<Fault>> = LazyLock::new(|| parse(&std::env::var("HEIMDALL_FAULT").ok()?));

    fn parse(text: &str) -> Option<Fault> {
        let mut parts = text.splitn(4, ':');
        let name = parts.next()?;
        let point = *FailPoint::ALL.iter().find(|point| point.name() == name)?;
        let how = parts.next()?.to_owned();
        let turn = parts.next().unwrap_or("1").parse().ok()?;
        let location = parts.next().unwrap_or_default().to_owned();
        let arrivals = AtomicU32::new(0);
        ["kill", "abort", "stop", "panic"].contains(&&*how).then_some(Fault {
            point,
            how,
            turn,
            location,
            arrivals,
        })
    }

    pub(super) fn hit<'a>(point: FailPoint, claims: impl IntoIterator<Item = &'a Claim>) {
        let Some(fault) = FAULT.as_ref().filter(|fault| fault.point == point) else {
            return;
        };
        let concerned = claims.into_iter().any(|claim| {
            let location = claim.iq_data_location.as_deref().unwrap_or_default();
            location.contains(&fault.location)
        });
        if !concerned || fault.arrivals.fetch_add(1, Ordering::SeqCst) + 1 != fault.turn {
            return;
        }
        tracing::warn!(point = point.name(), how = fault.how, "fault point");
        match &*fault.how {
            "abort" => abort(),
            "stop" => stand_still(),
            "panic" => panic!("fault point\n{}", point.name()),
            _ => loop {
                signal("KILL");
                std::thread::sleep(Duration::from_secs(1));
            },
        }
    }

    /// The signal reaches some thread of this process, and this one with it a moment later: it goes on when it finds that
    /// time has passed unnoticed.
    fn stand_still() {
        let (begun, look, unnoticed) = (Instant::now(), Duration::from_millis(5), Duration::from_millis(500));
        signal("STOP");
        while begun.elapsed() < Duration::from_secs(30) {
            let before = Instant::now();
            std::thread::sleep(look);
            if before.elapsed() > unnoticed {
                break;
            }
        }
    }

    /// std can signal children only, and `unsafe` is forbidden.
    fn signal(name: &str) {
        let sent = Command::new("kill").args(["-s", name, &id().to_string()]).status();
        assert!(sent.is_ok_and(|status| status.success()), "kill runs");
    }
}
