//! The server: one service trait ([`service`]) under both wires, compartment actors, transactions, wiring.

// A request's future holds those of all layers below it.
#![recursion_limit = "256"]

mod answer;
pub mod bounds;
pub mod budget;
pub mod cli;
pub mod clock;
pub mod compartment;
pub mod config;
pub mod conformance;
mod draft;
pub mod engine;
mod error;
pub mod grpc;
pub mod host;
mod interaction;
mod link;
pub mod load;
pub mod observe;
mod operation;
mod outcome;
mod pages;
mod place;
mod query;
pub mod rest;
pub mod server;
pub mod service;
#[cfg(test)]
mod tests;
mod transaction;
mod validation;
mod writer;
