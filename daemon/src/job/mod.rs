//! One claimed recording: the claim, its features or its error, and what happens next.

pub mod claim;
pub mod error;
pub mod failpoint;
pub mod features;
pub mod in_work;
pub mod outcome;
pub mod retry_policy;
pub mod segment_spool;
