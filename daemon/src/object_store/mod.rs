//! The object store: locations, requests, objects that are read as a stream, and circuit breakers.

pub mod breaker;
pub mod client;
pub mod error;
pub mod location;
pub mod object;
mod pace;
mod probe;
pub mod response;
mod signing;
