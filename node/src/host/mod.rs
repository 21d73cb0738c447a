//! What the node asks of the machine it runs on: file descriptors, files that are its user's alone, threads for
//! what takes long.

pub mod descriptors;
pub mod files;
mod threads;

pub use threads::{aside, elsewhere};
