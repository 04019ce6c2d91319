//! `heimdalld`, a Postgres-native worker: recordings that complete become rows of RF features. One line for each
//! module, in the order of the data path; `README.md` beside this crate has them in the order of their imports.
//!
//! - [`listener`]: LISTENs for completed sessions.
//! - [`wake`]: wakes the worker, and says whether notifications arrive.
//! - [`worker`]: claims rows of the queue, and starts a task for each.
//! - [`queue`]: the queue in Postgres, one typed call for each file in `sql/queries`, and the leases held.
//! - [`job`]: a claimed recording, its features or error, and the retry policy.
//! - [`extraction`]: reads a recording from the store, block by block, and extracts it on threads of its own.
//! - [`object_store`]: the S3 client, and the circuit breakers for each bucket.
//! - [`writer`]: writes results, several in one transaction.
//! - [`maintenance`]: registration, heartbeat, take-over of expired rows, due retries, sweep.
//! - [`postgres`]: connections, statements, the schema's version, migration.
//! - [`sql`]: everything under `sql/`, compiled in.
//! - [`service`]: `heimdalld run`: starts the tasks, ends them in order.
//! - [`metrics`]: counters and histograms for Prometheus.
//! - [`http`]: `/healthz`, `/readyz` and `/metrics`.
//! - [`config`]: settings, credentials and TLS.
//! - [`cli`]: the command line and the log.
//! - [`offline`]: `heimdalld extract`, without any server.
//! - `plot`: pictures of recordings (feature `plot`).
//! - [`doctor`]: `heimdalld doctor`, what is wrong and what to type.
//! - [`sanitize`]: makes text from outside safe to print.
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
pub mod wake;
pub mod worker;
pub mod writer;
