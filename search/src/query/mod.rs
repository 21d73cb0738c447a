//! The FHIR search language: https://hl7.org/fhir/R4/search.html. Parameters compile to one tree, once per search.

mod canonical;
mod compile;
mod compiled;
mod expr;
mod include;
mod join;
mod limits;
mod parameter;
mod request;
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
pub use crate::kind::text::escape;
pub use crate::kind::token::TokenMatch;
pub use crate::kind::uri::UriMatch;
pub use crate::kind::{lists_codes, names_value_sets, offered};
pub use compile::is_offered;
pub use compiled::Query;
pub use expr::{Expr, Leaf};
pub use include::{Include, is_followed};
pub use join::{By, Join, Joined, is_join, joins};
pub use limits::Limits;
pub use request::Request;
pub use scope::Scope;
