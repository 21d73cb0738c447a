//! Where extensions may stand.

use super::value::{list, text};
use crate::fhirpath::Expression;
use crate::json::Node;
use std::sync::Arc;

/// <https://hl7.org/fhir/R4/defining-extensions.html#context>
#[derive(Clone, Debug)]
pub(in crate::validation) enum Context {
    /// An element, by path (`Patient.contact`, `HumanName`, `Element`).
    Element(Box<str>),
    /// An extension, by URL.
    Extension(Box<str>),
    /// Whatever the expression selects of the resource; `None` if it is none.
    Expression(Option<Arc<Expression>>),
}

/// Extensions of R4's own that R4's own definitions carry in other places than declared, and those places as the later
/// extension pack (`hl7.fhir.uv.extensions`) declares them.
const CORRECTED: [(&str, &[&str]); 6] = [
    ("structuredefinition-fhir-type", &["ElementDefinition.type"]),
    ("regex", &["ElementDefinition.type"]),
    ("structuredefinition-standards-status", &["DomainResource", "Element"]),
    ("structuredefinition-normative-version", &["DomainResource", "ElementDefinition"]),
    ("structuredefinition-fmm", &["DomainResource"]),
    ("structuredefinition-wg", &["DomainResource"]),
];

/// The contexts of the extension that `root`, a StructureDefinition of that URL, defines.
pub(super) fn contexts(root: Node<'_>, url: &str) -> Box<[Context]> {
    let mut contexts: Vec<_> = list(root, "context").filter_map(context).collect();
    let name = url.strip_prefix("http://hl7.org/fhir/StructureDefinition/");
    let corrected = CORRECTED.iter().find(|(own, _)| Some(*own) == name);
    let more = corrected.into_iter().flat_map(|(_, places)| places.iter());
    contexts.extend(more.map(|place| Context::Element((*place).into())));
    contexts.into()
}

fn context(node: Node<'_>) -> Option<Context> {
    let expression = text(node, "expression")?;
    match &*text(node, "type")? {
        "element" => Some(Context::Element(expression)),
        "extension" => Some(Context::Extension(expression)),
        _ => Some(Context::Expression(Expression::compile(&expression).ok().map(Arc::new))),
    }
}
