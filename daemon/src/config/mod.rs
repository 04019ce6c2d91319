//! The settings of the daemon: flags, environment variables, defaults and limits; credentials and
//! TLS.

pub mod arguments;
pub mod connection_url;
pub mod credentials;
pub mod environment;
mod fields;
mod file;
mod foreign_parameters;
pub mod libpq;
mod parts;
mod password_file;
mod resolve;
pub mod secret;
pub mod settings;
pub mod tls;
mod tls_parameters;
mod validation;
