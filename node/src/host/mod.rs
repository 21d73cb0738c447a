//! What the node asks of the machine it runs on: file descriptors, files that are its user's alone, threads for
//! what takes long.

pub mod descriptors;
pub mod files;

// A node has one rule for what may hold a worker up, its groups' disks and its own work alike.
pub use cluster::threads::{aside, elsewhere};
