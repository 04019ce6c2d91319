//! The embedded default.

pub mod binaries;
pub mod cluster;
pub mod error;
pub mod folder;
pub mod objects;
pub mod scene;
pub mod signal;
pub mod store;

pub use error::{DemoError, Result};
