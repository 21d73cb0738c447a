//! `type()`; `is`, `as` and `ofType` are operations.

use super::{Function, Out, Run, Step, function};
use crate::fhirpath::eval::Scope;
use crate::fhirpath::item::Item;
use crate::fhirpath::op::Call;
use crate::fhirpath::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[function("type", (0, 0), Run::Items(type_of))];

/// Namespace and name of each item's type.
fn type_of<'d>(call: &Call, scope: &Scope<'_, 'd>, out: &mut Out<'_, 'd>) -> Step {
    scope.run(&call.on, &mut |item| out(Item::Value(Value::Type(item.type_info()))))
}
