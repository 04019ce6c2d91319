//! The object store: where an object is, how it is read, and when claiming stops because the store is away.

pub mod breaker;
pub mod client;
mod credentials;
pub mod error;
pub mod location;
pub mod object;
pub mod response;
