//! Does everything hold when many things happen at once and for a long time?

mod chaos;
mod model;
mod soak;
