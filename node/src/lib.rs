//! The server: one service trait ([`service`]) under both wires, compartment actors, transactions, wiring.

// A request's future holds those of all layers below it.
#![recursion_limit = "256"]

mod answer;
mod backup;
pub mod bounds;
pub mod budget;
mod capabilities;
pub mod cli;
pub mod clock;
pub mod compartment;
pub mod config;
pub mod conformance;
mod draft;
mod dropping;
pub mod engine;
mod error;
pub mod host;
mod indexing;
mod interaction;
mod link;
pub mod load;
pub mod observe;
pub mod open;
mod operation;
mod outcome;
mod pages;
mod partition;
pub mod peers;
mod query;
pub mod service;
pub mod session;
pub mod stop;
#[cfg(test)]
mod tests;
mod tls;
mod transaction;
pub mod wire;
mod writer;
