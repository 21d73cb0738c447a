//! <https://hl7.org/fhirpath/N1/#aggregates>

use super::{Function, Out, Run, Step, lambda};
use crate::fhirpath::eval::Scope;
use crate::fhirpath::op::Call;

pub(super) const FUNCTIONS: &[Function] = &[lambda("aggregate", (1, 2), Run::Items(aggregate))];

/// `$total` begins as the second argument and becomes what the first one gives for each item.
fn aggregate<'d>(call: &Call, scope: &Scope<'_, 'd>, out: &mut Out<'_, 'd>) -> Step {
    let mut total = match call.arguments.get(1) {
        Some(start) => scope.collect(start)?,
        None => Vec::new(),
    };
    let mut index = 0;
    scope.run(&call.on, &mut |item| {
        let inner = Scope { total: Some(&total), ..scope.with(&item, index) };
        index += 1;
        total = inner.collect(&call.arguments[0])?;
        Ok(())
    })?;
    total.into_iter().try_for_each(out)
}
