//! <https://hl7.org/fhirpath/N1/#existence>

use super::{Function, Run, function, lambda};
use crate::fhirpath::Error;
use crate::fhirpath::eval::{Answer, Distinct, Scope, Stop, items_equal};
use crate::fhirpath::item::Item;
use crate::fhirpath::op::{Call, Op};
use crate::fhirpath::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    function("empty", (0, 0), Run::Truth(empty)),
    lambda("exists", (0, 1), Run::Truth(exists)),
    lambda("all", (1, 1), Run::Truth(all)),
    function("not", (0, 0), Run::Truth(not)),
    function("allTrue", (0, 0), Run::Truth(all_true)),
    function("anyTrue", (0, 0), Run::Truth(any_true)),
    function("allFalse", (0, 0), Run::Truth(all_false)),
    function("anyFalse", (0, 0), Run::Truth(any_false)),
    function("subsetOf", (1, 1), Run::Truth(subset_of)),
    function("supersetOf", (1, 1), Run::Truth(superset_of)),
    function("isDistinct", (0, 0), Run::Truth(is_distinct)),
    function("count", (0, 0), Run::Value(count)),
    function("distinct", (0, 0), Run::Items(distinct)),
];

fn any<'d>(scope: &Scope<'_, 'd>, op: &Op) -> Answer<bool> {
    let mut found = false;
    scope.run_some(op, &mut |_| {
        found = true;
        Err(Stop::Enough)
    })?;
    Ok(found)
}

fn empty(call: &Call, scope: &Scope<'_, '_>) -> Answer<Option<bool>> {
    Ok(Some(!any(scope, &call.on)?))
}

fn exists(call: &Call, scope: &Scope<'_, '_>) -> Answer<Option<bool>> {
    let Some(criterion) = call.arguments.first() else { return Ok(Some(any(scope, &call.on)?)) };
    let (mut found, mut index) = (false, 0);
    scope.run_some(&call.on, &mut |item| {
        found = scope.with(&item, index).truth(criterion)? == Some(true);
        index += 1;
        if found { Err(Stop::Enough) } else { Ok(()) }
    })?;
    Ok(Some(found))
}

fn all(call: &Call, scope: &Scope<'_, '_>) -> Answer<Option<bool>> {
    let (mut all, mut index) = (true, 0);
    scope.run_some(&call.on, &mut |item| {
        all = scope.with(&item, index).truth(&call.arguments[0])? == Some(true);
        index += 1;
        if all { Ok(()) } else { Err(Stop::Enough) }
    })?;
    Ok(Some(all))
}

fn not(call: &Call, scope: &Scope<'_, '_>) -> Answer<Option<bool>> {
    Ok(scope.truth(&call.on)?.map(|truth| !truth))
}

/// Whether a boolean equal to `wanted` is among the items, all of which must be booleans.
fn has(call: &Call, scope: &Scope<'_, '_>, wanted: bool) -> Answer<bool> {
    let mut found = false;
    scope.run(&call.on, &mut |item| match item.value() {
        Some(Value::Boolean(value)) => {
            found |= value == wanted;
            Ok(())
        }
        _ => {
            let found = item.type_info().name;
            Err(Error::wrong_type(call.at, call.function.name, "booleans", found).into())
        }
    })?;
    Ok(found)
}

fn all_true(call: &Call, scope: &Scope<'_, '_>) -> Answer<Option<bool>> {
    Ok(Some(!has(call, scope, false)?))
}

fn any_true(call: &Call, scope: &Scope<'_, '_>) -> Answer<Option<bool>> {
    Ok(Some(has(call, scope, true)?))
}

fn all_false(call: &Call, scope: &Scope<'_, '_>) -> Answer<Option<bool>> {
    Ok(Some(!has(call, scope, true)?))
}

fn any_false(call: &Call, scope: &Scope<'_, '_>) -> Answer<Option<bool>> {
    Ok(Some(has(call, scope, false)?))
}

/// Whether every item of `inner` is among those of `outer`.
fn within(scope: &Scope<'_, '_>, inner: &Op, outer: &Op) -> Answer<Option<bool>> {
    let outer = scope.collect(outer)?;
    let mut all = true;
    scope.run_some(inner, &mut |item| {
        all = contains(scope, &outer, &item)?;
        if all { Ok(()) } else { Err(Stop::Enough) }
    })?;
    Ok(Some(all))
}

fn contains(scope: &Scope<'_, '_>, items: &[Item<'_>], wanted: &Item<'_>) -> Answer<bool> {
    for item in items {
        if items_equal(item, wanted, scope.env)? == Some(true) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn subset_of(call: &Call, scope: &Scope<'_, '_>) -> Answer<Option<bool>> {
    within(scope, &call.on, &call.arguments[0])
}

fn superset_of(call: &Call, scope: &Scope<'_, '_>) -> Answer<Option<bool>> {
    within(scope, &call.arguments[0], &call.on)
}

fn is_distinct(call: &Call, scope: &Scope<'_, '_>) -> Answer<Option<bool>> {
    let (mut seen, mut all_new) = (Distinct::default(), true);
    scope.run_some(&call.on, &mut |item| {
        all_new = seen.insert(&item, scope.env)?;
        if all_new { Ok(()) } else { Err(Stop::Enough) }
    })?;
    Ok(Some(all_new))
}

fn count<'d>(call: &Call, scope: &Scope<'_, 'd>) -> Answer<Option<Value<'d>>> {
    let mut count = 0;
    scope.run(&call.on, &mut |_| {
        count += 1;
        Ok(())
    })?;
    Ok(Some(Value::Integer(count)))
}

fn distinct<'d>(call: &Call, scope: &Scope<'_, 'd>, out: &mut super::Out<'_, 'd>) -> super::Step {
    let mut seen = Distinct::default();
    scope.run(&call.on, &mut |item| match seen.insert(&item, scope.env)? {
        true => out(item),
        false => Ok(()),
    })
}
