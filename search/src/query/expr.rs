//! The one tree a search compiles to. Two back ends read it: the predicate over index values (`matcher`) and the
//! Tantivy query (`engine/index`). What a parameter
//! that rests on other searches comes to is a list of their finds, or the set of them.

use crate::kind::among::Among;
use crate::kind::composite::CompositeMatch;
use crate::kind::condition::{Condition, Part};
use crate::kind::contained::ContainedMatch;
use crate::kind::date::DateMatch;
use crate::kind::except::ExceptMatch;
use crate::kind::near::NearMatch;
use crate::kind::number::NumberMatch;
use crate::kind::present::Present;
use crate::kind::quantity::QuantityMatch;
use crate::kind::reference::ReferenceMatch;
use crate::kind::string::StringMatch;
use crate::kind::token::TokenMatch;
use crate::kind::uri::UriMatch;
use crate::kind::words::WordsMatch;
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
    LastUpdated(DateMatch),
    /// Of this type, where the conditions of the searched types differ.
    Type(TypeCode),
    /// The parameter has any value.
    Present(ParamId),
    /// A code or identifier.
    Token(ParamId, TokenMatch),
    /// A text.
    String(ParamId, StringMatch),
    /// A reference to a resource.
    Reference(ParamId, ReferenceMatch),
    /// A URI.
    Uri(ParamId, UriMatch),
    /// A point or period in time.
    Date(ParamId, DateMatch),
    /// A decimal or integer.
    Number(ParamId, NumberMatch),
    /// A decimal and its unit.
    Quantity(ParamId, QuantityMatch),
    /// Values of one element, asked for by the parameters of the components.
    Composite(ParamId, CompositeMatch<Leaf>),
    /// A place on earth.
    Near(ParamId, NearMatch),
    /// Words of the resource.
    Words(ParamId, WordsMatch),
    /// A value that is another one.
    Except(ParamId, ExceptMatch<Leaf>),
    /// It is one of many that were found before.
    OneOf(Among),
    /// A reference to one of many that were found before.
    Refers(ParamId, Among),
    /// A resource that stands inside, and that the parameter refers to where one is named.
    Contained(Option<ParamId>, ContainedMatch<Expr>),
}

impl Leaf {
    /// The parameter, and what is asked of one of its values; `None` where no index value is asked.
    pub(crate) fn condition(&self) -> Option<(ParamId, &dyn Condition)> {
        Some(match self {
            Leaf::Id(_) | Leaf::LastUpdated(_) | Leaf::Type(_) | Leaf::OneOf(_) => return None,
            Leaf::Present(param) => (*param, &Present),
            Leaf::Token(param, token) => (*param, token),
            Leaf::String(param, string) => (*param, string),
            Leaf::Reference(param, reference) => (*param, reference),
            Leaf::Uri(param, uri) => (*param, uri),
            Leaf::Date(param, date) => (*param, date),
            Leaf::Number(param, number) => (*param, number),
            Leaf::Quantity(param, quantity) => (*param, quantity),
            Leaf::Composite(param, composite) => (*param, composite),
            Leaf::Near(param, near) => (*param, near),
            Leaf::Words(param, words) => (*param, words),
            Leaf::Except(param, except) => (*param, except),
            Leaf::Refers(param, among) => (*param, among),
            Leaf::Contained(_, contained) => (ParamId::CONTAINED, contained),
        })
    }
}

impl Part for Leaf {
    fn condition(&self) -> Option<&dyn Condition> {
        self.condition().map(|(_, condition)| condition)
    }
}

impl Expr {
    /// How many single conditions it stands for, each code of a list counted.
    pub fn conditions(&self) -> usize {
        match self {
            Expr::And(parts) | Expr::Or(parts) => parts.iter().map(Expr::conditions).sum(),
            Expr::Not(expr) => expr.conditions(),
            Expr::Leaf(leaf) => leaf.condition().map_or(1, |(_, condition)| condition.count()),
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
