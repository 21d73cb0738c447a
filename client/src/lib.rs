#![warn(missing_docs)]
//! The Rust client of Salamander's gRPC API: typed calls, safe retries, streams.
//!
//! Every write carries an idempotency key (random unless the caller gives one), and a call is sent again, with
//! the same key, only when the server says that may help or when the connection broke: a write is never applied
//! twice. Without a key, what may have been applied is not sent again. See [`Client`] for the calls, [`Writer`] for
//! bulk writes, [`Error`] and [`Code`] for what can go wrong.

mod admin;
mod attempt;
mod balance;
mod call;
mod carried;
mod client;
mod connect;
mod endpoint;
mod endpoints;
mod error;
mod hedge;
mod interceptor;
mod key;
mod learn;
mod map;
mod operation;
mod pages;
mod retry;
pub mod tls;
mod writer;

pub use admin::Admin;
pub use balance::Balance;
pub use client::Client;
pub use connect::Options;
pub use error::Error;
pub use interceptor::{Attempt, Interceptor};
pub use key::{content_key, idempotency_key};
pub use operation::{Parameters, Target};
pub use pages::EntryStream;
pub use proto::{Code, api::v1 as api};
pub use retry::Retry;
pub use tonic::metadata::MetadataMap;
pub use writer::{Answer, Write, Writer};

/// What every call answers.
pub type Result<T> = std::result::Result<T, Error>;
