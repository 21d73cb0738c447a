//! CodeSystem: <https://hl7.org/fhir/R4/codesystem.html>.

use super::{Rules, items, shown, text};
use crate::json::Node;
use crate::validation::Code;
use std::collections::BTreeMap;

/// What the URIs of well-known properties begin with, and the type of each:
/// <https://hl7.org/fhir/R4/codesystem-concept-properties.html>.
const KNOWN: &str = "http://hl7.org/fhir/concept-properties#";
const KNOWN_TYPES: [(&str, &str); 6] = [
    ("inactive", "boolean"),
    ("deprecated", "dateTime"),
    ("notSelectable", "boolean"),
    ("parent", "code"),
    ("child", "code"),
    ("deprecationDate", "dateTime"),
];
/// Hierarchies of concepts nest in the resource; the document's own limit bounds them, too.
const DEPTH_MAX: usize = 512;

/// Checks that properties are defined once and of the right type, and that concepts give them values of that type.
pub(super) fn check(rules: &mut Rules<'_>, resource: Node<'_>) {
    let types = definitions(rules, resource);
    for concept in items(resource, "concept") {
        values(rules, concept, &types, 0);
    }
}

/// The types of the properties by code.
fn definitions(rules: &mut Rules<'_>, resource: Node<'_>) -> BTreeMap<String, String> {
    let mut types = BTreeMap::new();
    let mut uris = BTreeMap::new();
    for property in items(resource, "property") {
        let (Some(code), Some(stated)) = (text(property, "code"), text(property, "type")) else { continue };
        if types.insert(code.to_string(), stated.to_string()).is_some() {
            let text =
                format!("the property '{}' is defined twice; give each a code of its own", shown(&code));
            rules.error(property, Code::BusinessRule, text);
        }
        let Some(uri) = text(property, "uri") else { continue };
        if uris.insert(uri.to_string(), ()).is_some() {
            let text = format!("two properties have the URI '{}'; a URI names one", shown(&uri));
            rules.error(property, Code::BusinessRule, text);
        }
        known_type(rules, property, &uri, &stated);
    }
    types
}

fn known_type(rules: &mut Rules<'_>, property: Node<'_>, uri: &str, stated: &str) {
    let Some(name) = uri.strip_prefix(KNOWN) else { return };
    let known = KNOWN_TYPES.iter().find(|(known, _)| *known == name);
    if let Some((_, known)) = known.filter(|(_, known)| *known != stated) {
        let text = format!("the property '{}' is of type {known}, not {}", shown(uri), shown(stated));
        rules.error(property, Code::Value, text);
    }
}

fn values(rules: &mut Rules<'_>, concept: Node<'_>, types: &BTreeMap<String, String>, depth: usize) {
    for property in items(concept, "property") {
        let Some(code) = text(property, "code") else { continue };
        let Some(stated) = types.get(&*code) else { continue };
        let value =
            property.members().find_map(|(key, _)| key.as_str().strip_prefix("value").map(str::to_owned));
        let matches = |value: &String| value.eq_ignore_ascii_case(stated);
        if let Some(value) = value.filter(|value| !matches(value)) {
            let text = format!(
                "the property '{}' is of type {}, but has a value{value}",
                shown(&code),
                shown(stated)
            );
            rules.error(property, Code::Value, text);
        }
    }
    if depth < DEPTH_MAX {
        items(concept, "concept").for_each(|child| values(rules, child, types, depth + 1));
    }
}
