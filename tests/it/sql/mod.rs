//! Are the SQL objects correct, fast, documented and compatible with the earlier service?

mod administrator;
mod checks;
mod earlier_service;
mod plans;
mod races;
mod views;
