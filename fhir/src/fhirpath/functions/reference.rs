//! `resolve()`: within the resource, within its bundle, then wherever the host looks.

use super::{Function, Out, Run, Step, function};
use crate::fhirpath::eval::Scope;
use crate::fhirpath::eval::resolve::{RESOLVE, find, reference_of};
use crate::fhirpath::item::Item;
use crate::fhirpath::op::Call;

pub(super) const FUNCTIONS: &[Function] = &[function(RESOLVE, (0, 0), Run::Items(resolve))];

/// What cannot be found is left out.
fn resolve<'d>(call: &Call, scope: &Scope<'_, 'd>, out: &mut Out<'_, 'd>) -> Step {
    scope.run(&call.on, &mut |item| {
        let Some(reference) = reference_of(&item) else { return Ok(()) };
        match find(scope, &reference)? {
            Some(resource) => out(Item::Element(resource)),
            None => Ok(()),
        }
    })
}
