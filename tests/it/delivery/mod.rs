//! Is every recording of a completed session extracted exactly once, and without delay?

mod backlog;
mod crashes;
mod fault_points;
mod history;
mod leases;
mod notifications;
mod shutdown;
