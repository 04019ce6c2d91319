//! The commands that an operator types beside the daemon.

mod reports;
