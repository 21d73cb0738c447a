//! What tests and benchmarks need: a harness around the real `salamander` binary, scenario files that run over both wires, a
//! consistency checker that kills, a simulation of a whole server in one thread, and a search as one would carry it out by hand.

#[cfg(feature = "harness")]
pub mod chaos;
#[cfg(feature = "harness")]
pub mod differential;
#[cfg(feature = "harness")]
pub mod naive;
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
