//! `sort()`: by the items themselves, or by keys, of which one with a minus sign sorts downwards (standard for trial use).

use super::{Function, Out, Run, Step, lambda};
use crate::fhirpath::eval::{Answer, Scope, compare_items};
use crate::fhirpath::item::Item;
use crate::fhirpath::op::{Call, Op};
use std::cmp::Ordering;

/// Keys one call may have.
const KEYS_MAX: usize = 16;

pub(super) const FUNCTIONS: &[Function] = &[lambda("sort", (0, KEYS_MAX), Run::Items(sort))];

/// An item and its keys; one without a key comes first, whatever the direction.
type Row<'d> = (Item<'d>, Vec<Option<Item<'d>>>);

fn sort<'d>(call: &Call, scope: &Scope<'_, 'd>, out: &mut Out<'_, 'd>) -> Step {
    let mut rows = Vec::new();
    for (index, item) in scope.collect(&call.on)?.into_iter().enumerate() {
        let keys = keys(call, scope, &item, index)?;
        rows.push((item, keys));
    }
    let sorted = merge_sort(rows, &|one, other| {
        scope.env.step()?;
        order(call, one, other)
    })?;
    sorted.into_iter().try_for_each(|(item, _)| out(item))
}

fn keys<'d>(
    call: &Call,
    scope: &Scope<'_, 'd>,
    item: &Item<'d>,
    index: usize,
) -> Answer<Vec<Option<Item<'d>>>> {
    if call.arguments.is_empty() {
        return Ok(vec![Some(item.clone())]);
    }
    let inner = scope.with(item, index);
    call.arguments.iter().map(|key| inner.single(direction(key).0, call.at, "a key of sort()")).collect()
}

/// The key without its sign, and whether it had a minus.
fn direction(key: &Op) -> (&Op, bool) {
    match key {
        Op::Negate { operand, .. } => (operand, true),
        other => (other, false),
    }
}

fn order(call: &Call, one: &Row<'_>, other: &Row<'_>) -> Answer<Ordering> {
    for (at, (left, right)) in one.1.iter().zip(&other.1).enumerate() {
        let order = match (left, right) {
            (Some(left), Some(right)) => {
                let order = compare_items(left, right, call.at, "sort")?.unwrap_or(Ordering::Equal);
                let downwards = call.arguments.get(at).is_some_and(|key| direction(key).1);
                if downwards { order.reverse() } else { order }
            }
            (left, right) => left.is_some().cmp(&right.is_some()),
        };
        if order != Ordering::Equal {
            return Ok(order);
        }
    }
    Ok(Ordering::Equal)
}

/// Stable, and content with an order that contradicts itself (dates of different precision have no order), which the standard
/// library's sort may panic at.
fn merge_sort<'d>(
    mut rows: Vec<Row<'d>>,
    order: &dyn Fn(&Row<'d>, &Row<'d>) -> Answer<Ordering>,
) -> Answer<Vec<Row<'d>>> {
    if rows.len() < 2 {
        return Ok(rows);
    }
    let upper = merge_sort(rows.split_off(rows.len() / 2), order)?;
    let lower = merge_sort(rows, order)?;
    let mut merged = Vec::with_capacity(lower.len() + upper.len());
    let (mut lower, mut upper) = (lower.into_iter().peekable(), upper.into_iter().peekable());
    while let (Some(one), Some(other)) = (lower.peek(), upper.peek()) {
        let from_upper = order(one, other)? == Ordering::Greater;
        merged.extend(if from_upper { upper.next() } else { lower.next() });
    }
    merged.extend(lower);
    merged.extend(upper);
    Ok(merged)
}
