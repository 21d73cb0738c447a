//! The FHIRPath of a StructureDefinition: constraints of its elements, where an extension may stand.

use super::element_type::type_at;
use super::expression::compiled;
use super::{Rules, items, shown, text};
use crate::definitions::TypeId;
use crate::json::Node;
use std::collections::BTreeSet;

/// Every constraint must be FHIRPath that fits the type of its element, where that is one type of R4. What the snapshot
/// repeats of the differential, or of one element for another, is looked at once.
pub(super) fn check(rules: &mut Rules<'_>, resource: Node<'_>, root: Option<TypeId>) {
    let mut seen = BTreeSet::new();
    for view in ["differential", "snapshot"].into_iter().filter_map(|name| resource.get(name)) {
        for element in items(view, "element") {
            let type_id = root.and_then(|root| type_at(root, &text(element, "path")?));
            for constraint in items(element, "constraint") {
                let Some(node) = constraint.get("expression") else { continue };
                if !seen.insert((node.as_str(), type_id.map(TypeId::number))) {
                    continue;
                }
                let what = format!("the constraint {}", shown(&text(constraint, "key").unwrap_or_default()));
                compiled(rules, node, &what, |expression| {
                    type_id.map_or(Ok(()), |type_id| expression.check(type_id))
                });
            }
        }
    }
    extension(rules, resource);
}

/// Where an extension may stand, and what it asks of what it stands on.
fn extension(rules: &mut Rules<'_>, resource: Node<'_>) {
    for context in items(resource, "context") {
        if let (Some("fhirpath"), Some(node)) = (text(context, "type").as_deref(), context.get("expression"))
        {
            compiled(rules, node, "the context", |_| Ok(()));
        }
    }
    for invariant in items(resource, "contextInvariant") {
        compiled(rules, invariant, "the context's invariant", |_| Ok(()));
    }
}
