//! The settings of the daemon: flags, environment variables, defaults and limits; credentials and
//! TLS.

pub mod arguments;
pub mod aws;
pub mod connection_url;
pub mod credentials;
pub mod environment;
mod fields;
mod file;
mod foreign_parameters;
pub mod libpq;
pub mod log_filter;
pub mod page;
mod parts;
mod password_file;
pub mod plain_password;
pub mod proxy;
mod resolve;
mod resolve_store;
pub mod secret;
mod server_verifier;
pub mod settings;
pub mod tls;
mod tls_parameters;
pub mod trust_roots;
mod validation;
