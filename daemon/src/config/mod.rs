//! Settings: every flag, environment variable, default and limit of the daemon, and the credentials.

pub mod arguments;
pub mod connection_url;
pub mod credentials;
mod resolve;
pub mod secret;
pub mod settings;
pub mod tls;
mod tls_parameters;
mod validation;
