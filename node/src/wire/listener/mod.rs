//! A listener's connections: how many, how slow, how they end.

mod connections;
mod peer;

pub use connections::{Policy, describe, grpc_builder, rest_builder, serve};
