//! Definitions that come with a request, as `tx-resource`: code systems, value sets, concept maps and what they are bound by. They are
//! found before those of the source, and are used for that request only.

use super::{Error, Request};
use crate::conformance::Resources;
use crate::terminology::Terminology;
use crate::terminology::error::within;

/// Definitions of one request.
const GIVEN_MAX: usize = 64;

/// An operation of this module.
pub type Operation = fn(&Terminology, &Request<'_>) -> Result<Vec<u8>, Error>;

/// Carries out an operation over what came with the request.
///
/// Errors: those of the operation; a `tx-resource` without a URL, or of a URL and version that another one has; more than 64.
pub fn answer(
    operation: Operation,
    terminology: &Terminology,
    request: &Request<'_>,
) -> Result<Vec<u8>, Error> {
    let resources = request.resources("tx-resource")?;
    if resources.is_empty() {
        return operation(terminology, request);
    }
    within("definitions that come with a request", resources.len(), GIVEN_MAX, "64 tx-resources")?;
    let mut given = Resources::default();
    for resource in resources {
        if !given.add(resource) {
            let problem = "a tx-resource has a url, which with its version no other one has".into();
            return Err(Error::Invalid { problem });
        }
    }
    operation(&terminology.over(given), request)
}
