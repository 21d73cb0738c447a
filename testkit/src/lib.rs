//! What tests, samples and benchmarks need: a generator of synthetic hospitals, a harness around the real
//! `salamander` binary, scenario files that run over both wires, and a consistency checker that kills.

#[cfg(feature = "harness")]
pub mod chaos;
pub mod generate;
#[cfg(feature = "harness")]
pub mod node;
pub mod outside;
#[cfg(feature = "harness")]
pub mod probe;
#[cfg(feature = "harness")]
pub mod scenario;
#[cfg(feature = "harness")]
pub mod shared;
pub mod timing;
