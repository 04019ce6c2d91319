//! Throw-away servers for the tests and the demo: a Postgres cluster in a folder of its own, and
//! an S3 server in this process. Never part of a production build.

mod account;
pub mod binaries;
mod lifecycle;
pub mod objects;
pub mod postgres;
pub mod s3;
pub mod standby;
mod watchdog;
