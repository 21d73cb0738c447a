//! The FHIR search language: https://hl7.org/fhir/R4/search.html. Parameters compile to one tree, once per search.

mod canonical;
mod compile;
mod expr;
mod limits;
mod parameter;
mod result;
mod scope;

pub use crate::kind::comparison::{Comparison, Prefix};
pub use crate::kind::date::DateMatch;
pub use crate::kind::number::NumberMatch;
pub use crate::kind::offer::Offer;
pub use crate::kind::problem::Problem;
pub use crate::kind::quantity::{QuantityMatch, UnitMatch};
pub use crate::kind::reference::ReferenceMatch;
pub use crate::kind::string::StringMatch;
pub use crate::kind::terminology::{NoTerminology, Terminology, Token, TokenSet};
pub use crate::kind::token::TokenMatch;
pub use crate::kind::uri::UriMatch;
pub use crate::kind::{lists_codes, names_value_sets, offered};
pub use expr::{Expr, Leaf};
pub use limits::Limits;
pub use scope::Scope;

use fhir::definitions::{ResourceType, SearchParameter};
use proto::error::Issue;
use proto::id::{TenantId, TypeCode};

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
    /// This server's base URL without a slash at its end, to know its own absolute references.
    pub base: Option<&'a str>,
    /// The moment of the search, milliseconds since the epoch: the prefix `ap` of a date is about the distance from it.
    pub now_ms: u64,
}

/// Whether searches take the parameter: what a server may say of itself.
pub fn is_offered(parameter: &SearchParameter) -> bool {
    compile::is_offered(parameter)
}

/// A compiled search.
#[derive(Clone, Debug)]
pub struct Query {
    /// Whose resources.
    pub tenant: TenantId,
    /// Empty: all types.
    pub types: Vec<ResourceType>,
    /// What they have to fulfil.
    pub expr: Expr,
    /// The page size; 0: count only.
    pub count: usize,
    /// Whether the exact number of matches is wanted.
    pub total: bool,
    /// What a page cursor is bound to: everything that is used but the page size.
    pub digest: u64,
    /// Parameters that were ignored under lenient handling, and why.
    pub issues: Vec<Issue>,
    /// Parameters that were used, for `Bundle.link.self`.
    pub used: Vec<(String, String)>,
    scope: Scope,
}

impl Query {
    /// Compiles a request. `terminology` lists the codes of value sets that the request names; it may take milliseconds.
    ///
    /// # Errors
    /// `UnknownType`; `BadParameter` for an unusable value and for a modifier, a chain or another filter that is not
    /// supported, and under strict handling for an unknown parameter; `TooCostly` over a limit.
    pub fn compile(
        tenant: TenantId,
        request: &Request<'_>,
        limits: &Limits,
        terminology: &dyn Terminology,
    ) -> Result<Query, proto::Error> {
        compile::compile(tenant, request, limits, terminology)
    }

    /// Which part of the data can hold matches.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Whether resources of that type can match.
    pub fn is_of_type(&self, type_code: TypeCode) -> bool {
        self.types.is_empty() || self.types.iter().any(|t| t.code() == type_code.0)
    }
}
