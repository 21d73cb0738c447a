//! The Rust client of Salamander's gRPC API: typed calls, safe retries, streams.
//!
//! Every write carries an idempotency key (random unless the caller gives one), and a call is sent again, with
//! the same key, only when the server says that may help or when the connection broke: a write is never applied
//! twice. See [`Client`] for the calls, [`Writer`] for bulk writes, [`Error`] for what can go wrong.

mod call;
mod connect;
mod error;
mod key;
mod operation;
mod pages;
mod retry;
mod writer;

pub use call::Client;
pub use connect::Options;
pub use error::Error;
pub use key::{content_key, idempotency_key};
pub use operation::{Parameters, Target};
pub use pages::EntryStream;
pub use proto::api::v1 as api;
pub use retry::Retry;
pub use writer::{Answer, Write, Writer};

/// What every call answers.
pub type Result<T> = std::result::Result<T, Error>;
