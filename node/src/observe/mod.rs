//! What the operator sees: metrics, health, log lines.

pub mod health;
pub mod interactions;
pub mod logging;
mod memory;
pub mod metrics;
mod process;
pub mod routes;
pub mod steps;

pub use health::Readiness;
pub use interactions::{Interaction, Interactions, Wire};
