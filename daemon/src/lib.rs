//! `heimdalld`: a Postgres-native worker that turns completed recordings into rows of RF features.
//!
//! The rooms in the order of the data path. `daemon/README.md` has them in the order of their
//! imports.
//!
//! - [`listener`]: LISTENs for completed sessions.
//! - [`worker`]: claims rows of the queue and starts a task for each.
//! - [`queue`]: the queue in Postgres, one typed call for each statement, the leases that this
//!   process holds, and the signal that wakes the worker.
//! - [`job`]: a claimed recording, its features or error, and the retry policy.
//! - [`extraction`]: streams a recording from the store to the extractor threads.
//! - [`object_store`]: the S3 client, and a circuit breaker for each bucket.
//! - [`writer`]: writes outcomes, several in one transaction.
//! - [`maintenance`]: registration, heartbeat, rescue of expired rows, due retries, sweep.
//! - [`postgres`]: connections, statements, schema version, migration.
//! - [`sql`]: the files of `sql/`, compiled in.
//! - [`service`]: `heimdalld run`: starts the tasks and stops them in order.
//! - [`metrics`]: counters and histograms for Prometheus.
//! - [`status`]: what an operator asks about queue, daemons, sessions and measurements.
//! - [`http`]: the operator's page, `/healthz`, `/readyz` and `/metrics`.
//! - [`config`]: settings, credentials and TLS.
//! - [`cli`]: the command line and the log.
//! - [`offline`]: `heimdalld extract`, which needs no server.
//! - `plot`: images of recordings (feature `plot`).
//! - [`doctor`]: `heimdalld doctor`: finds faults and prints the command that fixes each.
//! - [`sanitize`]: makes untrusted text safe to print.
//! - [`backoff`]: delays between retries.
//! - `sandbox`: throw-away servers for tests and demo (feature `demo`).
//! - `demo`: `heimdalld demo` (feature `demo`).

pub mod backoff;
pub mod cli;
pub mod config;
#[cfg(feature = "demo")]
pub mod demo;
pub mod doctor;
pub mod extraction;
pub mod http;
pub mod job;
pub mod listener;
pub mod maintenance;
pub mod metrics;
pub mod object_store;
pub mod offline;
#[cfg(feature = "plot")]
pub mod plot;
pub mod postgres;
pub mod queue;
#[cfg(feature = "demo")]
pub mod sandbox;
pub mod sanitize;
pub mod service;
pub mod sql;
pub mod status;
pub mod worker;
pub mod writer;
