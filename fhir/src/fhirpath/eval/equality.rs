//! `=` and `~` between collections, items and elements.

use super::{Answer, Env, Scope, Step, Stop};
use crate::fhirpath::ast::Operator;
use crate::fhirpath::item::Item;
use crate::fhirpath::op::{Binary, Op};
use crate::fhirpath::value::{self, Value, parse_decimal};
use crate::json::{Kind, Node};

impl<'s, 'd> Scope<'s, 'd> {
    pub(super) fn equality(&self, binary: &Binary) -> Answer<Option<bool>> {
        let equal = match binary.operator {
            Operator::Equal | Operator::NotEqual => match &*binary.right {
                Op::Constant(constant) => self.equals_constant(&binary.left, constant)?,
                _ => self.equal_collections(binary)?,
            },
            _ => Some(self.equivalent_collections(binary)?),
        };
        let negated = matches!(binary.operator, Operator::NotEqual | Operator::NotEquivalent);
        Ok(equal.map(|equal| equal != negated))
    }

    /// `path = 'constant'`: no collection is made.
    fn equals_constant(&self, left: &Op, constant: &Value<'static>) -> Answer<Option<bool>> {
        let mut answer = None;
        let mut count = 0;
        self.run_some(left, &mut |item| {
            count += 1;
            if count > 1 {
                answer = Some(false);
                return Err(Stop::Enough);
            }
            self.env.step()?;
            answer = equals_value(&item, constant);
            Ok(())
        })?;
        Ok(answer)
    }

    fn equal_collections(&self, binary: &Binary) -> Answer<Option<bool>> {
        let (left, right) = (self.collect(&binary.left)?, self.collect(&binary.right)?);
        if left.is_empty() || right.is_empty() {
            return Ok(None);
        }
        if left.len() != right.len() {
            return Ok(Some(false));
        }
        let mut all = Some(true);
        for (one, other) in left.iter().zip(&right) {
            match items_equal(one, other, self.env)? {
                Some(false) => return Ok(Some(false)),
                None => all = None,
                Some(true) => {}
            }
        }
        Ok(all)
    }

    fn equivalent_collections(&self, binary: &Binary) -> Answer<bool> {
        let (left, mut right) = (self.collect(&binary.left)?, self.collect(&binary.right)?);
        if left.len() != right.len() {
            return Ok(false);
        }
        for one in &left {
            let mut found = None;
            for (at, other) in right.iter().enumerate() {
                if items_equivalent(one, other, self.env)? {
                    found = Some(at);
                    break;
                }
            }
            match found {
                Some(at) => right.swap_remove(at),
                None => return Ok(false),
            };
        }
        Ok(true)
    }
}

fn equals_value(item: &Item<'_>, constant: &Value<'_>) -> Option<bool> {
    match item.value() {
        Some(value) => value::equal(&value, constant),
        None => Some(false),
    }
}

/// Whether two items are equal; `None` if that cannot be decided (dates of different precision, unknown units).
pub(in crate::fhirpath) fn items_equal(
    one: &Item<'_>,
    other: &Item<'_>,
    env: &Env<'_, '_>,
) -> Answer<Option<bool>> {
    env.step()?;
    match (one.value(), other.value()) {
        (Some(one), Some(other)) => Ok(value::equal(&one, &other)),
        (None, None) => elements_alike(one, other, env, Depth::Equal).map(Some),
        _ => Ok(Some(false)),
    }
}

/// Whether two items are equivalent.
pub(in crate::fhirpath) fn items_equivalent(
    one: &Item<'_>,
    other: &Item<'_>,
    env: &Env<'_, '_>,
) -> Answer<bool> {
    env.step()?;
    match (one.value(), other.value()) {
        (Some(one), Some(other)) => Ok(value::equivalent(&one, &other)),
        (None, None) => elements_alike(one, other, env, Depth::Equivalent),
        _ => Ok(false),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Depth {
    Equal,
    Equivalent,
}

fn elements_alike(one: &Item<'_>, other: &Item<'_>, env: &Env<'_, '_>, depth: Depth) -> Answer<bool> {
    let object =
        |item: &Item<'_>| item.element().and_then(|element| element.object().map(|node| node.span()));
    let (Some(left), Some(right)) = (one.element(), other.element()) else { return Ok(false) };
    match (left.object(), right.object()) {
        (Some(a), Some(b)) if std::ptr::eq(a.document(), b.document()) && object(one) == object(other) => {
            Ok(true)
        }
        (Some(a), Some(b)) => alike(a, b, env, depth),
        _ => Ok(false),
    }
}

/// Compares two JSON values; their depth is bounded by the documents'.
fn alike(one: Node<'_>, other: Node<'_>, env: &Env<'_, '_>, depth: Depth) -> Answer<bool> {
    env.step()?;
    match (one.kind(), other.kind()) {
        (Kind::Object, Kind::Object) => {
            if one.members().count() != other.members().count() {
                return Ok(false);
            }
            for (key, value) in one.members() {
                let name = key.as_str();
                pay_for_members(other, env)?;
                match other.get(&name) {
                    Some(same) if alike(value, same, env, depth)? => {}
                    _ => return Ok(false),
                }
            }
            Ok(true)
        }
        (Kind::Array, Kind::Array) if depth == Depth::Equal => {
            let (mut left, mut right) = (one.items(), other.items());
            loop {
                match (left.next(), right.next()) {
                    (None, None) => return Ok(true),
                    (Some(a), Some(b)) if alike(a, b, env, depth)? => {}
                    _ => return Ok(false),
                }
            }
        }
        (Kind::Array, Kind::Array) => alike_in_any_order(one, other, env),
        (Kind::Number, Kind::Number) => Ok(match (number(one), number(other)) {
            (Some(a), Some(b)) if depth == Depth::Equal => a == b,
            (Some(a), Some(b)) => value::equivalent(&Value::Decimal(a), &Value::Decimal(b)),
            _ => one.raw() == other.raw(),
        }),
        (Kind::String, Kind::String) => Ok(match (one.as_str(), other.as_str()) {
            (Some(a), Some(b)) if depth == Depth::Equal => a == b,
            (Some(a), Some(b)) => value::equivalent(&Value::String(a.into()), &Value::String(b.into())),
            _ => false,
        }),
        (kind, same) => Ok(kind == same && one.raw() == other.raw()),
    }
}

fn pay_for_members(object: Node<'_>, env: &Env<'_, '_>) -> Step {
    env.pay(object.members().count() as u64 / 8)
}

fn alike_in_any_order(one: Node<'_>, other: Node<'_>, env: &Env<'_, '_>) -> Answer<bool> {
    let mut left: Vec<_> = other.items().collect();
    for item in one.items() {
        let mut found = None;
        for (at, candidate) in left.iter().enumerate() {
            if alike(item, *candidate, env, Depth::Equivalent)? {
                found = Some(at);
                break;
            }
        }
        match found {
            Some(at) => left.swap_remove(at),
            None => return Ok(false),
        };
    }
    Ok(left.is_empty())
}

fn number(node: Node<'_>) -> Option<rust_decimal::Decimal> {
    parse_decimal(node.number_text()?)
}
