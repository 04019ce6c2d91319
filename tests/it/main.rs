//! Tests against a real Postgres, a real S3 server and the real binary.

mod support;

mod backlog;
mod demo;
mod formats;
mod golden;
mod health;
mod history;
mod installing;
mod leases;
mod metrics;
mod model;
mod notifications;
mod origin;
mod outages;
mod reading;
mod real_recordings;
mod recording_errors;
mod settings;
mod sql_checks;
mod tls;
mod upgrades;
mod views;
