//! `<`, `<=`, `>`, `>=`.

use super::operand::is_valueless_primitive;
use super::{Answer, Scope};
use crate::fhirpath::Error;
use crate::fhirpath::ast::Operator;
use crate::fhirpath::item::Item;
use crate::fhirpath::op::Binary;
use crate::fhirpath::value::{Relation, compare};
use std::cmp::Ordering;

impl Scope<'_, '_> {
    pub(super) fn order(&self, binary: &Binary) -> Answer<Option<bool>> {
        let what = binary.operator.symbol();
        let Some(left) = self.single(&binary.left, binary.at, what)? else { return Ok(None) };
        let Some(right) = self.single(&binary.right, binary.at, what)? else { return Ok(None) };
        let order = compare_items(&left, &right, binary.at, what)?;
        Ok(order.map(|order| match binary.operator {
            Operator::Less => order.is_lt(),
            Operator::LessOrEqual => order.is_le(),
            Operator::Greater => order.is_gt(),
            _ => order.is_ge(),
        }))
    }
}

/// The order of two items; `None` if it cannot be decided. Values without an order between them are an error.
pub(in crate::fhirpath) fn compare_items(
    left: &Item<'_>,
    right: &Item<'_>,
    at: u32,
    operator: &'static str,
) -> Answer<Option<Ordering>> {
    let relation = match (left.value(), right.value()) {
        (Some(left), Some(right)) => compare(&left, &right),
        _ if is_valueless_primitive(left) || is_valueless_primitive(right) => Relation::Unknown,
        _ => Relation::Incomparable,
    };
    match relation {
        Relation::Known(order) => Ok(Some(order)),
        Relation::Unknown => Ok(None),
        Relation::Incomparable => {
            let name = |item: &Item<'_>| item.type_info().name.to_owned();
            Err(Error::Operands { at, operator, left: name(left), right: name(right) }.into())
        }
    }
}
