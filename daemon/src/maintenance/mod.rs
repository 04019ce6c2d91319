//! What every daemon does on a timer: registration, heartbeat, rescue of the rows of lost daemons,
//! expansion of notes, promotion of due rows, sweep, counts.

pub mod coverage_keeper;
pub mod expander;
pub mod heartbeat;
pub mod minutes;
pub mod registration;
mod rescuer;
pub mod scheduler;
pub mod summary;
pub mod sweeper;
