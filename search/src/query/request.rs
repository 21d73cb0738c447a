//! What is compiled.

use super::join::Joined;
use fhir::index::{Bases, custom::Set};

/// A search as it comes in.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// `None`: all types, or those that `_type` names.
    pub resource_type: Option<&'a str>,
    /// Decoded names (modifier included) and values, in order.
    pub parameters: &'a [(String, String)],
    /// Type and id of a compartment search: `("Patient", "x")` of `/Patient/x/Observation`.
    pub compartment: Option<(&'a str, &'a str)>,
    /// `Prefer: handling=strict`
    pub strict: bool,
    /// To know this server's own absolute references.
    pub bases: Bases<'a>,
    /// The base URL by which the request came: what a query names below it is this server's, too.
    pub came_by: Option<&'a str>,
    /// What the searches found that parameters of this one rest on ([`super::joins`]).
    pub joined: &'a [Joined],
    /// The tenant's search parameters beside FHIR's own.
    pub custom: Option<&'a Set>,
    /// The moment of the search, milliseconds since the epoch: the prefix `ap` of a date is about the distance from it.
    pub now_ms: u64,
}
