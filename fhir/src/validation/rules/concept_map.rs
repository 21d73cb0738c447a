//! ConceptMap: <https://hl7.org/fhir/R4/conceptmap.html>.

use super::{Rules, items, shown, text};
use crate::json::Node;
use crate::terminology::{Membership, ValueSet};
use crate::validation::Code;
use std::sync::Arc;

/// Codes that are mapped must be in the value sets that the map says it maps, as far as those are known.
pub(super) fn check(rules: &mut Rules<'_>, resource: Node<'_>) {
    let source = value_set(rules, resource, ["sourceCanonical", "sourceUri"]);
    let target = value_set(rules, resource, ["targetCanonical", "targetUri"]);
    for group in items(resource, "group") {
        let (source_system, target_system) = (text(group, "source"), text(group, "target"));
        for element in items(group, "element") {
            if let Some((node, text)) = outside(element, source_system.as_deref(), source.as_deref()) {
                rules.error(node, Code::CodeInvalid, text);
            }
            for mapped in items(element, "target") {
                if let Some((node, text)) = outside(mapped, target_system.as_deref(), target.as_deref()) {
                    // The target value set is context only: a map may lead out of it.
                    rules.issues.warning(node, Code::CodeInvalid, text);
                }
            }
        }
    }
}

fn value_set(rules: &Rules<'_>, resource: Node<'_>, names: [&str; 2]) -> Option<Arc<ValueSet>> {
    let canonical = names.iter().find_map(|name| text(resource, name))?;
    // A value set that is not known, or too large to be compiled, says nothing about its codes.
    rules.terminology.value_set(&canonical).ok()
}

/// The code of `element`, and what to say, if it is not in the value set.
fn outside<'d>(
    element: Node<'d>,
    system: Option<&str>,
    value_set: Option<&ValueSet>,
) -> Option<(Node<'d>, String)> {
    let (node, value_set) = (element.get("code")?, value_set?);
    let code = node.as_str()?;
    let outside = matches!(value_set.contains(system, None, &code), Membership::NotIn);
    outside.then(|| {
        (node, format!("the code '{}' is not in the value set '{}'", shown(&code), value_set.canonical()))
    })
}
