//! `memberOf`, `subsumes`, `subsumedBy`: the host's terminology decides.

use super::{Function, Run, function};
use crate::fhirpath::Error;
use crate::fhirpath::eval::{Answer, Scope};
use crate::fhirpath::item::Item;
use crate::fhirpath::op::Call;

pub(super) const FUNCTIONS: &[Function] = &[
    function("memberOf", (1, 1), Run::Truth(member_of)),
    function("subsumes", (1, 1), Run::Truth(subsumes)),
    function("subsumedBy", (1, 1), Run::Truth(subsumed_by)),
];

fn undecided(call: &Call, why: String) -> Error {
    Error::Undecided { at: call.at, what: call.function.name, why }
}

/// An error when the value set is not known.
fn member_of(call: &Call, scope: &Scope<'_, '_>) -> Answer<Option<bool>> {
    let Some(coded) = scope.single(&call.on, call.at, "memberOf()")? else { return Ok(None) };
    let Some(value_set) = scope.text(&call.arguments[0], call.at, "memberOf()")? else { return Ok(None) };
    match scope.env.input.host.member_of(&value_set, &coded) {
        Some(is_member) => Ok(Some(is_member)),
        None => Err(undecided(call, format!("the value set '{}' is not known", &*value_set)).into()),
    }
}

fn subsumes(call: &Call, scope: &Scope<'_, '_>) -> Answer<Option<bool>> {
    ask(call, scope, |one, other| scope.env.input.host.subsumes(one, other))
}

fn subsumed_by(call: &Call, scope: &Scope<'_, '_>) -> Answer<Option<bool>> {
    ask(call, scope, |one, other| scope.env.input.host.subsumes(other, one))
}

fn ask(
    call: &Call,
    scope: &Scope<'_, '_>,
    decide: impl Fn(&Item<'_>, &Item<'_>) -> Option<bool>,
) -> Answer<Option<bool>> {
    let one = scope.single(&call.on, call.at, call.function.name)?;
    let other = scope.single(&call.arguments[0], call.at, call.function.name)?;
    let Some((one, other)) = one.zip(other) else { return Ok(None) };
    match decide(&one, &other) {
        Some(answer) => Ok(Some(answer)),
        None => Err(undecided(call, "the code system is not known".into()).into()),
    }
}
