//! `heimdalld`, a Postgres-native worker: recordings that complete become rows
//! of RF features. The modules in the order of the data path:
//!
//! - [`listener`] hears that a session has completed, and wakes the
//! - [`worker`], which claims rows of the queue, while the
//! - breakers are open and the schema fits, and hands each, one of those held, to
//! - [`extraction`]: past the breaker of its bucket, and announced, its location is read from the [`object_store`], block by
//!   block, with the hints on how to read it and the sidecar that some have;
//! - compute extracts on threads of its own, and the
//! - [`writer`] turns a verdict into a row; what went wrong is a failure.
//! - [`queue`] speaks to Postgres for all of them, in the words of [`sql`], over [`postgres`], with TLS where that is asked for.
//! - [`maintenance`] keeps the lease, takes over from the dead, promotes and sweeps.
//! - [`service`] starts and ends these parts.
//! - [`metrics`] counts what they do, [`http`] shows it and says whether all is well.
//!
//! Whatever any of them hears from [`sanitize`] is made printable before it is said again.
//!
//! Around it: [`cli`], [`doctor`], [`config`], [`offline`] the tests' fail points and,
//! behind a feature, the embedded `demo`.

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
