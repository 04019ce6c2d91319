//! What every daemon does now and then: register, say that it lives, take over from those that do not, make
//! postponed rows ready, sweep.

pub mod heartbeat;
pub mod registration;
mod rescuer;
pub mod scheduler;
pub mod sweeper;
