//! One claimed recording: what is claimed, what is made of it, what can go wrong, and what follows from that.

pub mod claim;
pub mod error;
pub mod failpoint;
pub mod features;
pub mod outcome;
pub mod retry_policy;
pub mod segment_spool;
