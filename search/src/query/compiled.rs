//! What a request compiles to.

use super::expr::Expr;
use super::include::Include;
use super::scope::Scope;
use crate::sort::Sort;
use fhir::definitions::ResourceType;
use proto::error::Issue;
use proto::id::{TenantId, TypeCode};

/// A compiled search.
#[derive(Clone, Debug)]
pub struct Query {
    /// Whose resources.
    pub tenant: TenantId,
    /// Empty: all types.
    pub types: Vec<ResourceType>,
    /// What they have to fulfil.
    pub expr: Expr,
    /// The order of what is found.
    pub sort: Sort,
    /// The page size; 0: count only.
    pub count: usize,
    /// Whether the exact number of matches is wanted.
    pub total: bool,
    /// What a page cursor is bound to: everything that decides which resources match.
    pub digest: u64,
    /// Parameters that were ignored under lenient handling, and why.
    pub issues: Vec<Issue>,
    /// Parameters that were used, for `Bundle.link.self`.
    pub used: Vec<(String, String)>,
    /// What whoever reads the matches shows beside them.
    pub includes: Vec<Include>,
    pub(super) scope: Scope,
}

impl Query {
    /// Which part of the data can hold matches.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Whether resources of that type can match.
    pub fn is_of_type(&self, type_code: TypeCode) -> bool {
        self.types.is_empty() || self.types.iter().any(|t| t.code() == type_code.0)
    }
}
