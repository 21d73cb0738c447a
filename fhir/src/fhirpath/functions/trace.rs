//! `trace(name, projection)` passes its items on. Nothing is printed: an expression may come from a client.

use super::{Function, Out, Run, Step, lambda};
use crate::fhirpath::eval::Scope;
use crate::fhirpath::op::Call;

pub(super) const FUNCTIONS: &[Function] = &[lambda("trace", (1, 2), Run::Items(trace))];

fn trace<'d>(call: &Call, scope: &Scope<'_, 'd>, out: &mut Out<'_, 'd>) -> Step {
    scope.run(&call.on, out)
}
