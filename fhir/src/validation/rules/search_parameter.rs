//! SearchParameter: <https://hl7.org/fhir/R4/searchparameter.html>.

use super::expression::compiled;
use super::{Rules, items, known_parameter, shown, text};
use crate::definitions::{ResourceType, TypeId, search_parameters};
use crate::json::Node;
use crate::validation::Code;

/// The expression must be FHIRPath, and a derived parameter must keep the type and the bases of the one it is derived from.
pub(super) fn check(rules: &mut Rules<'_>, resource: Node<'_>) {
    expression(rules, resource);
    let Some(derived_from) = text(resource, "derivedFrom") else { return };
    let Some(known) = known_parameter(&derived_from) else { return };
    if text(resource, "type").is_some_and(|stated| stated != known.kind.code()) {
        let text = format!(
            "'{}', which this is derived from, is of type {}",
            shown(&derived_from),
            known.kind.code()
        );
        rules.error(resource, Code::BusinessRule, text);
    }
    for base in items(resource, "base") {
        let Some(name) = base.as_str() else { continue };
        let Some(own) = ResourceType::from_name(&name) else { continue };
        if !search_parameters(own).any(|parameter| parameter.name == known.name) {
            let text =
                format!("'{}', which this is derived from, is no parameter of {name}", shown(&derived_from));
            rules.error(base, Code::BusinessRule, text);
        }
    }
}

/// The expression is FHIRPath and names elements of the bases; those of components are FHIRPath.
fn expression(rules: &mut Rules<'_>, resource: Node<'_>) {
    let bases = items(resource, "base").filter_map(|base| TypeId::from_path(&base.as_str()?));
    let bases: Vec<_> = bases.collect();
    if let Some(node) = resource.get("expression") {
        compiled(rules, node, "the expression", |expression| expression.check_any(&bases));
    }
    for component in items(resource, "component") {
        // What it is evaluated on is what the whole expression selects.
        if let Some(node) = component.get("expression") {
            compiled(rules, node, "the component's expression", |_| Ok(()));
        }
    }
}
