//! The load harness: one run on one machine gives the whole table of the README, floors included.
//!
//! Every loop is closed (a connection sends its next request when it has the answer to the one before), so the
//! figures say what N callers get, not what happens when requests arrive faster than they are answered; see
//! README.md on coordinated omission. Any error makes the row a failure, never a slower or faster number.
//!
//! - [`measure`]: warm-up, window, workers, CPU of both sides; [`latency`]: the histogram.
//! - [`wire`]: what the workers do over REST, gRPC unary and gRPC streams; [`observation`]: what they write.
//! - [`floor`]: one thread, one file, one `fdatasync` per batch; [`echo`]: servers that only answer.
//! - [`process`], [`node`], [`usage`], [`threads`]: child processes, ended by pid whatever happens, and what they cost.
//! - [`shape`]: the query shapes as data; [`pool`]: values for them, drawn from what is loaded.
//! - [`cluster`]: several nodes beside one: rates, and what goes between them for a write.
//! - [`large`]: a store that grows to millions, and whether the server stays as it is.
//! - [`table`]: the whole run; [`report`], [`markdown`]: what it found; [`machine`]: on what.

pub mod cluster;
pub mod echo;
pub mod floor;
pub mod large;
pub mod latency;
pub mod machine;
pub mod markdown;
pub mod measure;
pub mod node;
pub mod observation;
pub mod pool;
pub mod process;
pub mod report;
pub mod shape;
pub mod single;
mod stored;
pub mod table;
pub mod threads;
pub mod usage;
pub mod wire;
