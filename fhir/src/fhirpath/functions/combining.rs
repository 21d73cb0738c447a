//! <https://hl7.org/fhirpath/N1/#combining>

use super::{Function, Out, Run, Step, function};
use crate::fhirpath::eval::{Distinct, Scope};
use crate::fhirpath::op::Call;

pub(super) const FUNCTIONS: &[Function] =
    &[function("union", (1, 1), Run::Items(union)), function("combine", (1, 1), Run::Items(combine))];

fn union<'d>(call: &Call, scope: &Scope<'_, 'd>, out: &mut Out<'_, 'd>) -> Step {
    let mut seen = Distinct::default();
    for side in [&call.on, &call.arguments[0]] {
        scope.run(side, &mut |item| match seen.insert(&item, scope.env)? {
            true => out(item),
            false => Ok(()),
        })?;
    }
    Ok(())
}

fn combine<'d>(call: &Call, scope: &Scope<'_, 'd>, out: &mut Out<'_, 'd>) -> Step {
    scope.run(&call.on, out)?;
    scope.run(&call.arguments[0], out)
}
