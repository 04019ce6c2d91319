//! What happens while the store, the database or a clock does not work, and afterwards?

mod attribution;
mod buckets;
mod clocks;
mod connections;
mod credentials;
mod database;
mod full_notification_queue;
mod held_snapshot;
mod idle_store;
mod pooler;
mod refused_rows;
mod set_aside;
mod store;
mod store_faults;
