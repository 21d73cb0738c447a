//! What the node asks of the machine it runs on: file descriptors, and files that are its user's alone.

pub mod descriptors;
pub mod files;
