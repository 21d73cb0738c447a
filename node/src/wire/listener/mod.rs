//! A listener's connections: how many, how slow, how they end.

mod connections;
mod peer;
mod places;

pub use connections::{Policy, grpc_builder, rest_builder, serve};
pub use places::describe;
