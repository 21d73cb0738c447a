//! What tests, samples and benchmarks need: a harness around the real
//! `salamander` binary, scenario files that run over both wires, and a consistency checker that kills.

#[cfg(feature = "harness")]
pub mod chaos;
#[cfg(feature = "harness")]
pub mod node;
pub mod outside;
#[cfg(feature = "harness")]
pub mod probe;
#[cfg(feature = "harness")]
pub mod scenario;
#[cfg(feature = "harness")]
pub mod shared;
#[cfg(feature = "harness")]
pub mod simulation;
pub mod timing;
