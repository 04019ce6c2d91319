//! The object store: locations, requests, objects that are read as a stream, and circuit breakers.

pub mod breaker;
pub mod client;
mod credentials;
pub mod error;
mod http_client;
pub mod location;
pub mod object;
mod pace;
mod probe;
pub mod response;
mod signer_keeper;
mod signing;
