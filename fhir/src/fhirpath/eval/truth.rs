//! Operations as true, false or empty.

use super::{Answer, Scope};
use crate::fhirpath::ast::Operator;
use crate::fhirpath::item::Item;
use crate::fhirpath::op::{Binary, Op, Run};
use crate::fhirpath::value::Value;

impl<'s, 'd> Scope<'s, 'd> {
    /// The boolean an operation gives. A single item that is no boolean counts as true
    /// (<https://hl7.org/fhirpath/N1/#singleton-evaluation-of-collections>); several are an error.
    pub fn truth(&self, op: &Op) -> Answer<Option<bool>> {
        match op {
            Op::Constant(Value::Boolean(value)) => Ok(Some(*value)),
            Op::Logic(binary) => self.logic(binary),
            Op::Equality(binary) => self.equality(binary),
            Op::Order(binary) => self.order(binary),
            Op::Membership { sides, of_each } => self.membership(sides, *of_each),
            Op::Is { on, target, at } => self.is(on, *target, *at),
            Op::Call(call) => match call.function.run {
                Run::Truth(function) => function(call, self),
                Run::Items(_) | Run::Value(_) => self.singleton(op, call.at),
            },
            _ => self.singleton(op, 0),
        }
    }

    fn singleton(&self, op: &Op, at: u32) -> Answer<Option<bool>> {
        let item = self.single(op, at, "a condition")?;
        Ok(item.map(|item| as_truth(&item)))
    }

    fn logic(&self, binary: &Binary) -> Answer<Option<bool>> {
        let left = self.truth(&binary.left)?;
        // What the left side alone decides.
        match (binary.operator, left) {
            (Operator::And, Some(false)) => return Ok(Some(false)),
            (Operator::Or, Some(true)) | (Operator::Implies, Some(false)) => return Ok(Some(true)),
            (Operator::Xor, None) => return Ok(None),
            _ => {}
        }
        let right = self.truth(&binary.right)?;
        Ok(match binary.operator {
            Operator::And => match (left, right) {
                (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            },
            Operator::Or => match (left, right) {
                (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            },
            Operator::Xor => left.zip(right).map(|(left, right)| left != right),
            // Implies: the left side is true or empty.
            _ => match (left, right) {
                (_, Some(true)) => Some(true),
                (Some(_), right) => right,
                (None, _) => None,
            },
        })
    }
}

/// A boolean's value; anything else is there, which is true.
pub(super) fn as_truth(item: &Item<'_>) -> bool {
    match item.value() {
        Some(Value::Boolean(value)) => value,
        _ => true,
    }
}
