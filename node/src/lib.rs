//! The server: one service trait ([`service`]) under both wires, compartment actors, transactions, wiring.

pub mod cli;
pub mod config;
pub mod grpc;
pub mod observe;
pub mod rest;
pub mod server;
pub mod service;

#[cfg(wip)]
mod answer;
#[cfg(wip)]
mod clock;
#[cfg(wip)]
pub mod compartment;
#[cfg(wip)]
mod draft;
#[cfg(wip)]
pub mod engine;
#[cfg(wip)]
mod error;
#[cfg(wip)]
mod interaction;
#[cfg(wip)]
mod place;
#[cfg(wip)]
mod transaction;
#[cfg(wip)]
mod writer;
