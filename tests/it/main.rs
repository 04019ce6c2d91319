//! Tests against a real Postgres, a real S3 server and the real binary.

mod support;

mod delivery;
mod inputs;
mod operations;
mod outages;
mod sql;
mod stress;
