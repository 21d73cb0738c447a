//! <https://hl7.org/fhirpath/N1/#subsetting>; `[index]` is an operation.

use super::{Function, Out, Run, Step, function};
use crate::fhirpath::eval::{Distinct, Scope, Stop};
use crate::fhirpath::op::Call;

pub(super) const FUNCTIONS: &[Function] = &[
    function("single", (0, 0), Run::Items(single)),
    function("first", (0, 0), Run::Items(first)),
    function("last", (0, 0), Run::Items(last)),
    function("tail", (0, 0), Run::Items(tail)),
    function("skip", (1, 1), Run::Items(skip)),
    function("take", (1, 1), Run::Items(take)),
    function("intersect", (1, 1), Run::Items(intersect)),
    function("exclude", (1, 1), Run::Items(exclude)),
];

fn single<'d>(call: &Call, scope: &Scope<'_, 'd>, out: &mut Out<'_, 'd>) -> Step {
    scope.single(&call.on, call.at, "single()")?.map_or(Ok(()), out)
}

fn first<'d>(call: &Call, scope: &Scope<'_, 'd>, out: &mut Out<'_, 'd>) -> Step {
    let mut first = None;
    scope.run_some(&call.on, &mut |item| {
        first = Some(item);
        Err(Stop::Enough)
    })?;
    first.map_or(Ok(()), out)
}

fn last<'d>(call: &Call, scope: &Scope<'_, 'd>, out: &mut Out<'_, 'd>) -> Step {
    let mut last = None;
    scope.run(&call.on, &mut |item| {
        last = Some(item);
        Ok(())
    })?;
    last.map_or(Ok(()), out)
}

fn tail<'d>(call: &Call, scope: &Scope<'_, 'd>, out: &mut Out<'_, 'd>) -> Step {
    let mut is_first = true;
    scope.run(&call.on, &mut |item| match std::mem::replace(&mut is_first, false) {
        true => Ok(()),
        false => out(item),
    })
}

fn skip<'d>(call: &Call, scope: &Scope<'_, 'd>, out: &mut Out<'_, 'd>) -> Step {
    let mut left = scope.integer(&call.arguments[0], call.at, "skip()")?.unwrap_or(0);
    scope.run(&call.on, &mut |item| {
        if left > 0 {
            left -= 1;
            return Ok(());
        }
        out(item)
    })
}

fn take<'d>(call: &Call, scope: &Scope<'_, 'd>, out: &mut Out<'_, 'd>) -> Step {
    let count = scope.integer(&call.arguments[0], call.at, "take()")?.unwrap_or(0);
    let mut taken = Vec::new();
    if count <= 0 {
        return Ok(());
    }
    scope.run_some(&call.on, &mut |item| {
        scope.env.push(&mut taken, item)?;
        if taken.len() as i64 >= count { Err(Stop::Enough) } else { Ok(()) }
    })?;
    taken.into_iter().try_for_each(out)
}

/// The items that are in both, each once.
fn intersect<'d>(call: &Call, scope: &Scope<'_, 'd>, out: &mut Out<'_, 'd>) -> Step {
    let (mut other, mut seen) = (Distinct::default(), Distinct::default());
    scope.run(&call.arguments[0], &mut |item| other.insert(&item, scope.env).map(|_| ()))?;
    scope.run(&call.on, &mut |item| match other.contains(&item, scope.env)?
        && seen.insert(&item, scope.env)?
    {
        true => out(item),
        false => Ok(()),
    })
}

/// The items that are not in the other, repetitions kept.
fn exclude<'d>(call: &Call, scope: &Scope<'_, 'd>, out: &mut Out<'_, 'd>) -> Step {
    let mut other = Distinct::default();
    scope.run(&call.arguments[0], &mut |item| other.insert(&item, scope.env).map(|_| ()))?;
    scope.run(&call.on, &mut |item| match other.contains(&item, scope.env)? {
        true => Ok(()),
        false => out(item),
    })
}
