//! https://hl7.org/fhir/R4/search.html#uri: exact and case-sensitive.

use super::super::expr::{Expr, Leaf};
use super::super::value::unescape;
use fhir::definitions::ParamId;

pub(super) fn compile(param: ParamId, part: &str) -> Expr {
    Expr::Leaf(Leaf::Uri(param, unescape(part)))
}
