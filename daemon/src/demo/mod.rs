//! The embedded default.

pub mod binaries;
pub mod cluster;
pub mod error;
pub mod objects;
pub mod store;

pub use error::{DemoError, Result};
