//! What tests, samples and benchmarks need: a generator of synthetic hospitals, a harness around the real
//! `salamander` binary, and scenario files that run over both wires.

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
