//! Tests against a real Postgres, a real S3 server and the real binary.

mod support;

mod backlog;
mod blame;
mod chaos;
mod clocks;
mod corpus;
mod crashes;
mod database_outages;
mod demo;
mod doctor;
mod fault_points;
mod formats;
mod full_notification_queue;
mod golden;
mod health;
mod held_snapshot;
mod history;
mod hostile;
mod installing;
mod large_objects;
mod leases;
mod metrics;
mod model;
mod notifications;
mod origin;
mod outages;
#[cfg(feature = "plot")]
mod pictures;
mod plans;
mod pooler;
mod reading;
mod real_recordings;
mod recording_errors;
mod refused_rows;
mod secrets;
mod settings;
mod shutdown;
mod sizes;
mod soak;
mod sql_checks;
mod terminal;
mod tls;
mod traces;
mod upgrades;
mod views;
