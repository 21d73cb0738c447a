//! The one tree a search compiles to. Two back ends read it: the predicate over index values (`matcher`) and the
//! Tantivy query (`engine/index`). Chains, joins and sorts will be further variants here.

use super::comparison::Comparison;
use super::terminology::TokenSet;
use fhir::definitions::ParamId;
use proto::id::{ResourceId, TypeCode};

/// A condition on one resource.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Expr {
    /// All of them; everything where there are none.
    And(Vec<Expr>),
    /// One of them; nothing where there are none.
    Or(Vec<Expr>),
    /// Not that one.
    Not(Box<Expr>),
    /// One condition.
    Leaf(Leaf),
}

/// A condition on the values of one parameter: one of them fulfils it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Leaf {
    /// `_id`
    Id(ResourceId),
    /// `_lastUpdated`
    LastUpdated(Comparison),
    /// The parameter has any value.
    Present(ParamId),
    /// A code or identifier.
    Token(ParamId, TokenMatch),
    /// A text.
    String(ParamId, StringMatch),
    /// A reference to a resource.
    Reference(ParamId, ReferenceMatch),
    /// Exactly that URI.
    Uri(ParamId, String),
    /// A URI that starts so.
    UriBelow(ParamId, String),
    /// A point or period in time.
    Date(ParamId, Comparison),
    /// A decimal or integer.
    Number(ParamId, Comparison),
    /// A decimal and its unit.
    Quantity(ParamId, Comparison, UnitMatch),
}

/// https://hl7.org/fhir/R4/search.html#token
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TokenMatch {
    /// `code`: whatever the system.
    Code(String),
    /// `system|code`
    Full(String, String),
    /// `|code`: a code without system.
    NoSystem(String),
    /// `system|`: any code of the system.
    System(String),
    /// One of many codes.
    OneOf(TokenSet),
}

/// https://hl7.org/fhir/R4/search.html#string. All but `Exact` compare normalised text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum StringMatch {
    /// It starts so, which is what no modifier means.
    Prefix(String),
    /// `:contains`
    Contains(String),
    /// `:exact`, to the letter.
    Exact(String),
}

/// https://hl7.org/fhir/R4/search.html#reference
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ReferenceMatch {
    /// A resource of this server.
    Resource(TypeCode, ResourceId),
    /// An absolute URL elsewhere.
    Url(String),
}

/// The unit of a quantity: https://hl7.org/fhir/R4/search.html#quantity
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum UnitMatch {
    /// `5.4`
    Any,
    /// `5.4||mg`: the code or the printed unit.
    Unit(String),
    /// `5.4|http://unitsofmeasure.org|mg`
    Coded(String, String),
}

impl Expr {
    /// How many single conditions it stands for, each code of a list counted.
    pub(crate) fn conditions(&self) -> usize {
        match self {
            Expr::And(parts) | Expr::Or(parts) => parts.iter().map(Expr::conditions).sum(),
            Expr::Not(expr) => expr.conditions(),
            Expr::Leaf(Leaf::Token(_, TokenMatch::OneOf(codes))) => codes.tokens().len(),
            Expr::Leaf(_) => 1,
        }
    }

    /// Flattens: a list of one is its member.
    pub(crate) fn and(mut all: Vec<Expr>) -> Expr {
        if all.len() == 1 { all.remove(0) } else { Expr::And(all) }
    }

    /// Flattens: a list of one is its member.
    pub(crate) fn or(mut any: Vec<Expr>) -> Expr {
        if any.len() == 1 { any.remove(0) } else { Expr::Or(any) }
    }
}
