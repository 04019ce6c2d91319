//! Can a person install, upgrade, configure, watch and understand the daemon?

mod commands;
mod demo;
mod deployment;
mod doctor;
mod doctor_connections;
mod documents;
mod health;
mod installing;
mod log_output;
mod metrics;
mod odd_databases;
mod other_applications;
mod page;
#[cfg(feature = "plot")]
mod plots;
mod secrets;
mod settings;
mod settings_from_files;
mod stalls;
mod store_settings;
mod systemd;
mod tls;
mod upgrades;
