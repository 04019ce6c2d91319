//! The embedded default.

pub mod binaries;
pub mod cluster;
pub mod error;

pub use error::{DemoError, Result};
