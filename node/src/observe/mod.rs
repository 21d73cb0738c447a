//! What the operator sees: metrics, health, log lines, the access log, traces.

pub mod access;
pub mod health;
pub mod interactions;
pub mod lines;
pub mod logging;
mod memory;
pub mod metrics;
pub mod page;
mod process;
pub mod routes;
pub mod steps;
pub mod trace;

pub use health::Readiness;
pub use interactions::{Interactions, Wire};
pub use trace::Trace;
