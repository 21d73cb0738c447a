//! The server: one service trait ([`service`]) under both wires, compartment actors, transactions, wiring.

pub mod service;
