//! The server: one service trait ([`service`]) under both wires, compartment actors, transactions, wiring.

pub mod config;
pub mod grpc;
pub mod observe;
pub mod rest;
pub mod server;
pub mod service;
