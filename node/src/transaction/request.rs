//! What an entry asks.

use bytes::Bytes;
use fhir::bundle::{Method, Target};
use proto::{Code, Error};

/// An entry's request with everything it needs, independent of the bundle's document.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: Method,
    pub url: String,
    pub if_match: String,
    pub if_none_match: String,
    pub if_none_exist: String,
    pub body: Bytes,
    pub idempotency_key: String,
}

/// What no entry can ask here, yet.
pub fn unsupported(method: Method, url: &str) -> Error {
    Error::new(Code::NotSupported, format!("{} {url} is not supported in a bundle", method.as_str()))
}

/// Type, and id or criteria, of what a write names.
///
/// # Errors
/// `NotSupported` for criteria over all types, and what is neither.
pub fn named(target: Target, method: Method, url: &str) -> Result<(String, String, String), Error> {
    match target {
        Target::Instance { resource_type, id } => Ok((resource_type, id, String::new())),
        Target::Search { resource_type: Some(resource_type), query } => {
            Ok((resource_type, String::new(), query))
        }
        _ => Err(unsupported(method, url)),
    }
}
