//! <https://hl7.org/fhirpath/N1/#tree-navigation>

use super::{Function, Out, Run, Step, function};
use crate::fhirpath::eval::{Scope, navigate};
use crate::fhirpath::op::Call;

pub(super) const FUNCTIONS: &[Function] = &[
    function("children", (0, 0), Run::Items(children)),
    function("descendants", (0, 0), Run::Items(descendants)),
];

fn children<'d>(call: &Call, scope: &Scope<'_, 'd>, out: &mut Out<'_, 'd>) -> Step {
    scope.run(&call.on, &mut |item| navigate::children(&item, scope.env, out))
}

/// Every element below, each before what it holds.
fn descendants<'d>(call: &Call, scope: &Scope<'_, 'd>, out: &mut Out<'_, 'd>) -> Step {
    scope.run(&call.on, &mut |item| {
        let mut open = vec![item];
        let mut is_root = true;
        while let Some(next) = open.pop() {
            let below = open.len();
            navigate::children(&next, scope.env, &mut |child| scope.env.push(&mut open, child))?;
            open[below..].reverse();
            if !std::mem::take(&mut is_root) {
                out(next)?;
            }
        }
        Ok(())
    })
}
