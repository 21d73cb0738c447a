//! `htmlChecks()`: the rules of a narrative's XHTML (<https://hl7.org/fhir/R4/narrative.html>).

use super::{Function, Run, function};
use crate::fhirpath::eval::{Answer, Scope};
use crate::fhirpath::op::Call;
use crate::fhirpath::value::Value;
use crate::xhtml;

pub(super) const FUNCTIONS: &[Function] = &[function("htmlChecks", (0, 0), Run::Truth(html_checks))];

/// Whether the text is well-formed XHTML of the allowed elements, and says something.
fn html_checks(call: &Call, scope: &Scope<'_, '_>) -> Answer<Option<bool>> {
    let Some(item) = scope.single(&call.on, call.at, "htmlChecks()")? else { return Ok(None) };
    let Some(Value::String(text)) = item.value() else { return Ok(Some(false)) };
    scope.env.pay(text.len() as u64 / 4)?;
    Ok(Some(xhtml::check(&text) == Ok(true)))
}
