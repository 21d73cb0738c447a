//! What a request compiles to.

use super::contained::Inside;
use super::expr::Expr;
use super::include::Include;
use super::scope::Scope;
use crate::relevance::Relevance;
use crate::sort::Sort;
use crate::start::Start;
use crate::tally::Tell;
use crate::work::{Looked, Work};
use fhir::definitions::{ParamId, ResourceType};
use proto::error::Issue;
use proto::id::{TenantId, TypeCode};
use std::sync::Arc;

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
    /// What is told of the number of matches.
    pub tell: Tell,
    /// Whether nothing behind the first page is wanted (`_maxresults`).
    pub is_cut: bool,
    /// What a page cursor is bound to: everything that decides which resources match.
    pub digest: u64,
    /// Parameters that were ignored under lenient handling, and why.
    pub issues: Vec<Issue>,
    /// Parameters that were used, for `Bundle.link.self`.
    pub used: Vec<(String, String)>,
    /// What whoever reads the matches shows beside them.
    pub includes: Vec<Include>,
    /// Where it looks inside others.
    pub inside: Option<Inside>,
    /// What tells how well a match fits, where `_score` asks for it.
    pub relevance: Option<Relevance>,
    /// The parameters it rests on that are not FHIR's own: what they mean may end.
    pub custom: Vec<ParamId>,
    pub(super) scope: Scope,
    /// Counts what is looked at, where `_explain` asks for it.
    pub work: Option<Arc<Work>>,
}

impl Query {
    /// One that asks for nothing yet.
    pub(super) fn of(tenant: TenantId, types: Vec<ResourceType>, count: usize) -> Query {
        Query {
            tenant,
            types,
            expr: Expr::And(Vec::new()),
            sort: Sort::default(),
            count,
            tell: Tell::Few,
            is_cut: false,
            digest: 0,
            issues: Vec::new(),
            used: Vec::new(),
            includes: Vec::new(),
            inside: None,
            relevance: None,
            custom: Vec::new(),
            scope: Scope::Population,
            work: None,
        }
    }

    /// Which part of the data can hold matches.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// How many hits make a page, and say whether there is another one.
    pub(crate) fn hits_wanted(&self) -> usize {
        if self.count == 0 { 0 } else { self.count + 1 }
    }

    /// What is told of the number of matches with the page at `start`.
    pub(crate) fn tells(&self, start: Option<&Start>) -> Tell {
        if self.tell == Tell::Few && start.is_some() { Tell::Nothing } else { self.tell }
    }

    /// The number of matches, where it is told and all were looked at.
    pub(crate) fn known(&self, matches: usize) -> Option<u64> {
        (self.tell != Tell::Nothing).then_some(matches as u64)
    }

    /// The number of matches to tell: those of the page, each once, where they are all there is; else as many as were counted.
    pub(crate) fn total_of(&self, counted: Option<u64>, is_all: bool, hits: usize) -> Option<u64> {
        if is_all { self.known(hits) } else { counted }
    }

    /// Counts, where that is asked for.
    pub(crate) fn looked(&self, looked: Looked) {
        if let Some(work) = &self.work {
            work.add(looked);
        }
    }

    /// Whether resources of that type can match.
    pub fn is_of_type(&self, type_code: TypeCode) -> bool {
        self.types.is_empty() || self.types.iter().any(|t| t.code() == type_code.0)
    }
}
