//! <https://hl7.org/fhirpath/N1/#filtering-and-projection>; `ofType` is compiled to an operation.

use super::{Function, Out, Run, Step, lambda};
use crate::fhirpath::eval::{Distinct, Scope};
use crate::fhirpath::op::Call;

pub(super) const FUNCTIONS: &[Function] = &[
    lambda("where", (1, 1), Run::Items(filter)),
    lambda("select", (1, 1), Run::Items(select)),
    lambda("repeat", (1, 1), Run::Items(repeat)),
];

fn filter<'d>(call: &Call, scope: &Scope<'_, 'd>, out: &mut Out<'_, 'd>) -> Step {
    let mut index = 0;
    scope.run(&call.on, &mut |item| {
        let keep = scope.with(&item, index).truth(&call.arguments[0])? == Some(true);
        index += 1;
        if keep { out(item) } else { Ok(()) }
    })
}

fn select<'d>(call: &Call, scope: &Scope<'_, 'd>, out: &mut Out<'_, 'd>) -> Step {
    let mut index = 0;
    scope.run(&call.on, &mut |item| {
        let selected = scope.with(&item, index).run(&call.arguments[0], out);
        index += 1;
        selected
    })
}

/// What the projection gives, of the items and then of what it gave, until nothing new comes.
fn repeat<'d>(call: &Call, scope: &Scope<'_, 'd>, out: &mut Out<'_, 'd>) -> Step {
    let mut seen = Distinct::default();
    let mut round = scope.collect(&call.on)?;
    while !round.is_empty() {
        let mut next = Vec::new();
        for (index, item) in round.iter().enumerate() {
            scope.with(item, index).run(&call.arguments[0], &mut |item| match seen
                .insert(&item, scope.env)?
            {
                true => scope.env.push(&mut next, item),
                false => Ok(()),
            })?;
        }
        next.iter().try_for_each(|item| out(item.clone()))?;
        round = next;
    }
    Ok(())
}
